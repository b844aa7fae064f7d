package business

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/waypost/waypost/internal/sim/rule"
)

// MaxUpload is the most bytes of a resumable upload.
const MaxUpload = 100 << 20

// upload is a resumable upload under way. The bytes are counted and thrown away: nobody can ask for them back.
type upload struct {
	token  string // only the token that began it may go on
	name   string
	typ    string
	length int64
	have   int64
}

// BeginUpload opens an upload and returns its id, which is also its path. Every error is a *rule.Error.
// https://developers.facebook.com/docs/graph-api/guides/upload (read 2026-09)
func (r *Records) BeginUpload(query url.Values, token string) (string, error) {
	types := []string{"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"}
	length, err := strconv.ParseInt(query.Get("file_length"), 10, 64)
	switch {
	case err != nil || length < 1 || length > MaxUpload:
		return "", rule.BadParameter("file_length must be the size of the file in bytes, 1 to %d", MaxUpload)
	case !slices.Contains(types, query.Get("file_type")):
		return "", rule.BadParameter("file_type must be one of %v", types)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := "upload:" + base64.RawURLEncoding.EncodeToString([]byte("attachment:"+r.newID()))
	r.uploads[id] = &upload{token: token, name: query.Get("file_name"), typ: query.Get("file_type"), length: length}
	// Meta's ids look like this; what follows the question mark comes back as a query.
	return id + "?sig=" + r.newID()[:16], nil
}

// Offset returns how many bytes of an upload are there.
func (r *Records) Offset(id, token string) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.uploads[id]
	if u == nil || u.token != token {
		return 0, rule.NoObject(http.MethodGet, id)
	}
	return u.have, nil
}

// Upload takes the bytes from the offset on, which must be where the upload stands. It returns the handle once all are there.
func (r *Records) Upload(id, token, offset string, body io.Reader) (string, error) {
	have, err := r.Offset(id, token)
	if err != nil {
		return "", rule.NoObject(http.MethodPost, id)
	}
	if offset != strconv.FormatInt(have, 10) {
		return "", rule.BadParameter("the header file_offset is %q, but the upload stands at %d", offset, have)
	}
	n, rerr := io.Copy(io.Discard, io.LimitReader(body, MaxUpload+1))
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.uploads[id]
	switch {
	case u == nil || u.have != have:
		return "", rule.BadParameter("another request has gone on with this upload")
	case have+n > u.length:
		return "", rule.BadParameter("the file has more than the %d bytes of file_length", u.length)
	}
	u.have += n
	if rerr != nil || u.have < u.length {
		return "", rule.BadParameter("%d of %d bytes are there: go on from there", u.have, u.length)
	}
	encode := base64.StdEncoding.EncodeToString
	handle := "4:" + encode([]byte(u.name)) + ":" + encode([]byte(u.typ)) + ":AR" + r.newID() + ":e:" + strconv.FormatInt(u.length, 10)
	r.handles[handle] = true
	return handle, nil
}

package cloudapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// UploadSample gives Meta the sample of a template's header and returns the
// handle for header_handle. The app is asked for first: the session for an
// upload belongs to it, and a token belongs to one app. An error is a
// [*wa.OutcomeError].
// https://developers.facebook.com/docs/graph-api/guides/upload (read 2026-09)
func (c *Client) UploadSample(ctx context.Context, n wa.Number, f wa.File) (string, error) {
	if f.Size <= 0 || f.Size > maxMedia {
		return "", badMedia(fmt.Errorf("a media has 1 to %d bytes", maxMedia))
	}
	app, err := c.one(ctx, n, http.MethodGet, c.endpoint("app")+"?fields=id")
	if err != nil {
		return "", err
	}
	if !validMetaID(app) {
		return "", managedLater("Meta does not say which app the token is of", "")
	}
	q := url.Values{"file_name": {f.Name}, "file_length": {strconv.FormatInt(f.Size, 10)}, "file_type": {f.MIMEType}}
	session, err := c.one(ctx, n, http.MethodPost, c.endpoint(app, "uploads")+"?"+q.Encode())
	if err != nil {
		return "", err
	}
	address, ok := c.session(session)
	if !ok {
		return "", managedLater("the answer to the upload has no session", "")
	}
	return c.sendSample(ctx, n, f, address)
}

// one makes a call whose answer is an id.
func (c *Client) one(ctx context.Context, n wa.Number, method, address string) (string, error) {
	body, err := c.manage(ctx, n, method, address, nil)
	if err != nil {
		return "", err
	}
	var got uploadAnswer
	node.Read(body, &got)
	return string(got.ID), nil
}

// session returns the address of an upload session: "upload:…", which may have a
// query of its own. Nothing in it may lead elsewhere.
func (c *Client) session(id string) (string, bool) {
	path, query, _ := strings.Cut(id, "?")
	if !strings.HasPrefix(path, "upload:") || len(id) > 4096 || strings.ContainsAny(path, `/\%`) {
		return "", false
	}
	address := c.base.JoinPath(c.version)
	address.Path += "/" + path
	address.RawQuery = query
	return address.String(), true
}

func (c *Client) sendSample(ctx context.Context, n wa.Number, f wa.File, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.transferTimeout(f.Size))
	defer cancel()
	file, err := f.Open()
	if err != nil {
		return "", managedLater("the media cannot be read", "")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, struct {
		io.Reader
		io.Closer
	}{&exactly{file, f.Size}, file})
	if err != nil {
		_ = file.Close()
		return "", managedLater("the request cannot be made", "")
	}
	req.ContentLength = f.Size
	authorize(req, n)
	// This call alone wants another word before the token.
	req.Header.Set("Authorization", "OAuth "+n.Token.Reveal())
	req.Header.Set("File_offset", "0")
	req.Header.Set("Content-Type", "application/octet-stream")
	body, err := c.managed(req, n)
	if err != nil {
		return "", err
	}
	var got struct {
		Handle node.Text `json:"h"`
	}
	node.Read(body, &got)
	if got.Handle == "" {
		return "", managedLater("the answer to the upload has no handle", "")
	}
	return string(got.Handle), nil
}

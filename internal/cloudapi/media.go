package cloudapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/encode"
	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// Meta's limits of media.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
// (read 2026-09)
const (
	maxMedia       = 100 << 20
	uploadLifetime = 30 * 24 * time.Hour
)

const (
	// slowestLine is the rate in bytes a second at which a media is still
	// waited for.
	slowestLine = 128 << 10
	// mediaWait is the wait before a media call is made again.
	mediaWait = 5 * time.Second
	// linkWait is the wait if Meta gives links that lead nowhere.
	linkWait = 30 * time.Second
)

// uploadAnswer is the answer of POST /{phone-number-id}/media.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
// (read 2026-09)
type uploadAnswer struct {
	ID node.Text `json:"id"`
}

// UploadMedia gives a media to Meta for one number. The bytes are streamed; an
// upload that is made twice does no harm. An error is a [*wa.OutcomeError] whose
// wait is the first one: a call knows of none before it.
func (c *Client) UploadMedia(ctx context.Context, n wa.Number, f wa.File) (wa.MetaUpload, error) {
	if o, bad := unusable(n); bad {
		return wa.MetaUpload{}, &wa.OutcomeError{Outcome: o}
	}
	u, err := newForm(f)
	if err != nil {
		return wa.MetaUpload{}, badMedia(err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.transferTimeout(f.Size))
	defer cancel()
	begun := time.Now()
	req, err := u.request(ctx, c.endpoint(n.ID, "media"))
	if err != nil {
		return wa.MetaUpload{}, mediaLater(mediaWait, "the media cannot be read", "")
	}
	authorize(req, n)
	resp, err := c.transport.RoundTrip(req)
	switch {
	case errors.Is(err, errFileSize):
		return wa.MetaUpload{}, badMedia(errFileSize)
	case errors.Is(err, errFileRead):
		return wa.MetaUpload{}, mediaLater(mediaWait, "the media cannot be read", "")
	case err != nil:
		return wa.MetaUpload{}, mediaLater(mediaWait, "the media could not be uploaded", cause(err))
	}
	a := readAnswer(resp)
	if !a.ok() {
		return wa.MetaUpload{}, mediaError(a, n)
	}
	var got uploadAnswer
	if a.whole && json.Valid(a.body) {
		node.Read(a.body, &got)
	}
	if !validMetaID(string(got.ID)) {
		return wa.MetaUpload{}, mediaLater(mediaWait, "the answer to the upload has no id", "")
	}
	return wa.MetaUpload{MetaID: string(got.ID), ExpiresAt: begun.Add(uploadLifetime)}, nil
}

func (c *Client) transferTimeout(size int64) time.Duration {
	return c.answerTimeout + time.Duration(size/slowestLine)*time.Second
}

// form is a multipart body of known length around a file.
type form struct {
	file        wa.File
	contentType string
	head, tail  []byte
}

func newForm(f wa.File) (form, error) {
	if f.Size <= 0 || f.Size > maxMedia {
		return form{}, fmt.Errorf("a media has 1 to %d bytes", maxMedia)
	}
	if _, _, err := mime.ParseMediaType(f.MIMEType); err != nil || strings.ContainsAny(f.MIMEType, "\r\n") {
		return form{}, errors.New("the media has no type")
	}
	name := f.Name
	if name == "" {
		name = "file"
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part := textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", name)},
		"Content-Type":        {f.MIMEType},
	}
	// A bytes.Buffer takes everything.
	_ = w.WriteField("messaging_product", encode.Product)
	_ = w.WriteField("type", f.MIMEType)
	_, _ = w.CreatePart(part)
	head := bytes.Clone(b.Bytes())
	b.Reset()
	_ = w.Close()
	return form{file: f, contentType: w.FormDataContentType(), head: head, tail: b.Bytes()}, nil
}

func (u form) request(ctx context.Context, address string) (*http.Request, error) {
	body, err := u.open()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	req.ContentLength = int64(len(u.head)) + u.file.Size + int64(len(u.tail))
	// A second upload does no harm, so net/http may use a fresh connection if
	// the first was already closed.
	req.GetBody = u.open
	req.Header.Set("Content-Type", u.contentType)
	return req, nil
}

func (u form) open() (io.ReadCloser, error) {
	f, err := u.file.Open()
	if err != nil {
		return nil, fmt.Errorf("open media: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(u.head), &exactly{f, u.file.Size}, bytes.NewReader(u.tail)), f}, nil
}

var (
	errFileSize = errors.New("the media is not of the size it should be")
	errFileRead = errors.New("read media")
)

// exactly reads left bytes and fails if there are fewer or more: Meta must not
// get half a file.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.left -= int64(n)
	switch {
	case e.left < 0, errors.Is(err, io.EOF) && e.left > 0:
		return 0, errFileSize
	case err != nil && !errors.Is(err, io.EOF):
		return n, fmt.Errorf("%w: %w", errFileRead, err)
	}
	return n, err
}

// mediaInfo is the answer of GET /{media-id}. The address is good for five
// minutes.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
// (read 2026-09)
type mediaInfo struct {
	URL      node.Text `json:"url"`
	MIMEType node.Text `json:"mime_type"`
	SHA256   node.Text `json:"sha256"`
	Size     node.Text `json:"file_size"`
}

// errLinkExpired says that a link was good for nothing any more.
var errLinkExpired = errors.New("link expired")

// FetchMedia fetches an inbound media: Meta is asked for a link, the link for
// the bytes. The token goes to hosts of the allow list only. An error is a
// [*wa.OutcomeError]; MediaGone is set if Meta does not have the media.
func (c *Client) FetchMedia(ctx context.Context, n wa.Number, metaID string) (wa.Download, error) {
	if o, bad := unusable(n); bad {
		return wa.Download{}, &wa.OutcomeError{Outcome: o}
	}
	if !validMetaID(metaID) {
		return wa.Download{}, badMedia(errors.New("this is no media id of Meta's"))
	}
	// A link that has expired is asked for once more, as Meta advises.
	for range 2 {
		info, err := c.mediaInfo(ctx, n, metaID)
		if err != nil {
			return wa.Download{}, err
		}
		d, err := c.download(ctx, n, info)
		if !errors.Is(err, errLinkExpired) {
			return d, err
		}
	}
	return wa.Download{}, mediaLater(linkWait, "Meta's link leads nowhere", "")
}

func (c *Client) mediaInfo(ctx context.Context, n wa.Number, metaID string) (mediaInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, c.answerTimeout)
	defer cancel()
	resp, err := c.get(ctx, n, c.endpoint(metaID))
	if err != nil {
		return mediaInfo{}, mediaLater(mediaWait, "Meta could not be asked for the media", cause(err))
	}
	a := readAnswer(resp)
	if !a.ok() {
		return mediaInfo{}, mediaError(a, n)
	}
	var info mediaInfo
	if a.whole && json.Valid(a.body) {
		node.Read(a.body, &info)
	}
	if info.URL == "" {
		return mediaInfo{}, mediaLater(mediaWait, "the answer about the media has no link", "")
	}
	return info, nil
}

func (c *Client) get(ctx context.Context, n wa.Number, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	authorize(req, n)
	return c.transport.RoundTrip(req)
}

func (c *Client) download(ctx context.Context, n wa.Number, info mediaInfo) (wa.Download, error) {
	if !c.mayFetch(string(info.URL)) {
		return wa.Download{}, &wa.OutcomeError{Outcome: fault.Misconfigured(
			fault.Ours("the media is on a host that is not allowed", "the token is not sent there; add the host if it is Meta's"))}
	}
	size, err := strconv.ParseInt(string(info.Size), 10, 64)
	if err != nil || size < 0 {
		size = -1
	}
	ctx, cancel := context.WithTimeout(ctx, c.transferTimeout(maxMedia))
	resp, err := c.get(ctx, n, string(info.URL))
	if err != nil {
		cancel()
		return wa.Download{}, mediaLater(mediaWait, "the media could not be fetched", cause(err))
	}
	if err := checkDownload(resp, string(info.MIMEType)); err != nil {
		cancel()
		_ = resp.Body.Close()
		return wa.Download{}, err
	}
	if size < 0 {
		size = resp.ContentLength
	}
	mimeType := string(info.MIMEType)
	if mimeType == "" {
		mimeType = resp.Header.Get("Content-Type")
	}
	return wa.Download{
		Body:     &downloadBody{ReadCloser: http.MaxBytesReader(nil, resp.Body, maxMedia), cancel: cancel},
		MIMEType: mimeType, SHA256: hexHash(string(info.SHA256)), Size: size,
	}, nil
}

// downloadBody ends the time limit of a download with it.
type downloadBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *downloadBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

func checkDownload(resp *http.Response, declared string) error {
	switch status := resp.StatusCode; {
	case status == http.StatusNotFound, status == http.StatusGone, status == http.StatusUnauthorized, status == http.StatusForbidden:
		return errLinkExpired
	case status/100 == 3:
		return &wa.OutcomeError{Outcome: fault.Misconfigured(fault.Ours("the media's link redirects", "the token is not sent along"))}
	case status != http.StatusOK:
		return mediaLater(mediaWait, "the media could not be fetched", http.StatusText(status))
	}
	got, want := baseType(resp.Header.Get("Content-Type")), baseType(declared)
	if got != want && slices.Contains([]string{"text/html", "application/json", "text/javascript"}, got) {
		return mediaLater(mediaWait, "the link gave a page instead of the media", "")
	}
	return nil
}

func baseType(contentType string) string {
	base, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(base))
}

// mayFetch reports whether the token may go to address.
func (c *Client) mayFetch(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Hostname() == "" {
		return false
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == c.base.Scheme && host == strings.ToLower(c.base.Host) {
		return true
	}
	if u.Scheme == "http" && loopback(u.Hostname()) {
		return slices.Contains(c.mediaHosts, host)
	}
	if u.Scheme != "https" {
		return false
	}
	if slices.Contains(c.mediaHosts, host) {
		return true
	}
	host, standardPort := strings.CutSuffix(host, ":443")
	return (standardPort || u.Port() == "") && slices.ContainsFunc(metaHosts(), func(domain string) bool {
		return strings.HasSuffix(host, domain)
	})
}

// metaHosts are the domains below which Meta keeps media.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
// (read 2026-09)
func metaHosts() []string {
	return []string{".fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net"}
}

// validMetaID keeps an id from being anything else in the path of a request.
func validMetaID(id string) bool {
	return id != "" && len(id) <= 256 && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-'
	})
}

// hexHash brings a SHA-256 into lower-case hex; Meta writes base64 or hex.
func hexHash(s string) string {
	if b, err := hex.DecodeString(s); err == nil && len(b) == 32 {
		return strings.ToLower(s)
	}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) == 32 {
		return hex.EncodeToString(b)
	}
	return ""
}

// mediaError says what a refusal of a media call means. A call that may be made
// twice is never unknown.
func mediaError(a answer, n wa.Number) error {
	e, isGraph := a.graphError()
	switch {
	case isGraph:
		return &wa.OutcomeError{Outcome: mediaOutcome(e.Without(n.Token), a.status, n)}
	case a.status == http.StatusRequestEntityTooLarge:
		return badMedia(errors.New("it is too large"))
	case a.redirect():
		return &wa.OutcomeError{Outcome: fault.Misconfigured(
			fault.Ours("the Graph API was not found: it redirects", "check the base url and the version"))}
	}
	return mediaLater(mediaWait, "the answer is none of Meta's", http.StatusText(a.status))
}

func mediaOutcome(e fault.Error, status int, n wa.Number) wa.Outcome {
	o := e.Outcome(status, wa.Message{})
	o.Slowed = false // no attempt was begun that would not count
	if e.MissingObject() && !strings.Contains(string(e.Message), n.ID) {
		o.Kind, o.After, o.MediaGone, o.Failure = wa.OutcomeRejected, 0, true, mediaFailure(e)
		o.Scope = wa.ScopeMessage
	}
	switch o.Kind {
	case wa.OutcomeUnknown:
		o.Kind, o.After = wa.OutcomeLater, mediaWait
	case wa.OutcomeRejected:
		o.Failure.VendorCode = fault.VendorMedia
	case wa.OutcomeLater:
		if o.Tries > 0 {
			o.Failure.VendorCode = fault.VendorMedia // the customer reads it if they are used up
		}
	case wa.OutcomeSent, wa.OutcomeExpired, wa.OutcomeMisconfigured:
	}
	return o
}

func mediaLater(after time.Duration, title, details string) error {
	return &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeLater, After: after, Failure: fault.Ours(title, details)}}
}

func badMedia(err error) error {
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind:    wa.OutcomeRejected,
		Failure: wa.Failure{VendorCode: fault.VendorMedia, Title: "the media cannot be sent", Details: err.Error()},
	}}
}

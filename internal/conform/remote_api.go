package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"strings"
)

// source is a source as the API lists it. Texts stay as they are written, for
// a strict comparison.
type source struct {
	ID       json.RawMessage `json:"id"`
	Name     json.RawMessage `json:"name"`
	NumberID json.RawMessage `json:"phone_number_id"`
	WABAID   json.RawMessage `json:"waba_id"`
	Display  json.RawMessage `json:"display_phone_number"`
	Default  bool            `json:"default"`
}

// raw is a JSON text without its quotes, or a JSON number.
func raw(m json.RawMessage) string { return strings.Trim(string(m), `"`) }

// reply is what the preparation looks at in an answer.
type reply struct {
	Status string          `json:"status"`
	Data   json.RawMessage `json:"data"`
	Error  json.RawMessage `json:"error"`
}

// dataOf reads an answer's data. What is not there or of another kind is empty.
func dataOf[T any](a reply) (v T) {
	_ = json.Unmarshal(a.Data, &v) // the preparation goes by what it finds
	return v
}

// refused is an answer that is no success.
type refused struct {
	what   string
	status int
	code   string
	text   string
}

func (e *refused) Error() string {
	return fmt.Sprintf("%s was answered with %d %s", e.what, e.status, e.text)
}

// absent is whether the server has no such thing at all.
func (e *refused) absent() bool {
	return e.status == http.StatusNotFound || e.status == http.StatusMethodNotAllowed || e.status == http.StatusNotImplemented
}

// call asks the API with JSON; body is nil for none.
func (r *Remote) call(ctx context.Context, method, where, token string, body any) (reply, error) {
	if body == nil {
		return r.send(ctx, method, where, token, "", nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return reply{}, fmt.Errorf("%s %s: %w", method, where, err)
	}
	return r.send(ctx, method, where, token, "application/json", text)
}

func (r *Remote) send(ctx context.Context, method, where, token, contentType string, body []byte) (reply, error) {
	what := method + " " + where
	req, err := http.NewRequestWithContext(ctx, method, r.Target.URL()+where, bytes.NewReader(body))
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", what, err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	status, text, err := r.do(req)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", what, err)
	}
	var answer reply
	if err := json.Unmarshal(text, &answer); err != nil || answer.Status != "success" || status != http.StatusOK {
		var problem struct{ Code string }
		_ = json.Unmarshal(answer.Error, &problem) // an answer of another kind has no code
		return answer, &refused{what: what, status: status, code: problem.Code, text: shorten(string(text))}
	}
	return answer, nil
}

// do sends a request and reads its answer, up to a bound.
func (r *Remote) do(req *http.Request) (status int, body []byte, err error) {
	resp, err := r.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	return resp.StatusCode, body, err
}

func shorten(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > shownValue {
		return strings.ToValidUTF8(text[:shownValue], "") + "…"
	}
	return text
}

// sources lists the sources and sees to it that the default one is the one
// that it was at the beginning.
func (r *Remote) sources(ctx context.Context) ([]source, error) {
	if r.listed != nil {
		return r.listed, nil
	}
	answer, err := r.call(ctx, http.MethodGet, "/api/v2/source/", r.Token, nil)
	if no, ok := errors.AsType[*refused](err); ok && no.absent() {
		return nil, NotKnown("the server lists no sources; give it with --set")
	}
	if err != nil {
		return nil, err
	}
	list := dataOf[struct{ Sources []source }](answer).Sources
	for i := range list {
		if r.chosen(list[i]) {
			if err := r.makeDefault(ctx, &list[i]); err != nil {
				return nil, err
			}
			r.first, r.listed = list[i], list
			return list, nil
		}
	}
	return nil, errors.New("the account has no default source; make one by POST /api/v2/source/")
}

// chosen reports whether a source is the one the cases send from.
func (r *Remote) chosen(s source) bool {
	switch {
	case r.Set["source"] != "":
		return raw(s.ID) == r.Set["source"]
	case r.first.ID != nil:
		return raw(s.ID) == raw(r.first.ID)
	default:
		return s.Default
	}
}

func (r *Remote) makeDefault(ctx context.Context, s *source) error {
	if s.Default {
		return nil
	}
	s.Default = true
	_, err := r.call(ctx, http.MethodPatch, "/api/v2/source/"+url.PathEscape(raw(s.ID)), r.Token, map[string]bool{"default": true})
	return err
}

func (r *Remote) source(ctx context.Context) (string, error) {
	_, err := r.sources(ctx)
	return raw(r.first.ID), err
}

func (r *Remote) onlySource(ctx context.Context) (string, error) {
	list, err := r.sources(ctx)
	if err == nil && len(list) != 1 {
		err = NotKnown(fmt.Sprintf("the account has %d sources; the cases that list them want one", len(list)))
	}
	return raw(r.first.ID), err
}

// fact is something about the source.
func (r *Remote) fact(of func(source) string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		_, err := r.sources(ctx)
		return of(r.first), err
	}
}

// otherSource makes a source in the other account, which is deleted in the end.
func (r *Remote) otherSource(ctx context.Context) (string, error) {
	token, err := r.get(ctx, "beta_token")
	if err != nil {
		return "", err
	}
	id, err := r.createSource(ctx, token, "beta-")
	if no, ok := errors.AsType[*refused](err); ok && no.absent() {
		return "", NotKnown("the server makes no sources; give one of the other account with --set beta_source=…")
	}
	if err == nil {
		r.later(func(ctx context.Context) error { return r.deleteSource(ctx, token, id) })
	}
	return id, err
}

// createSource makes a source that nothing is sent from. Its id is the run's
// name behind a prefix.
func (r *Remote) createSource(ctx context.Context, token, prefix string) (string, error) {
	run, err := r.get(ctx, "run")
	if err != nil {
		return "", err
	}
	id := prefix + run
	_, err = r.call(ctx, http.MethodPost, "/api/v2/source/", token, map[string]string{
		"id": id, "name": "conform", "phone_number_id": "109954321", "waba_id": "209954321", "display_phone_number": "15550108887",
		"access_token": "conform", "app_secret": "conform",
	})
	return id, err
}

func (r *Remote) deleteSource(ctx context.Context, token, id string) error {
	_, err := r.call(ctx, http.MethodDelete, "/api/v2/source/"+url.PathEscape(id), token, nil)
	return err
}

// upload uploads a file and returns its id.
func (r *Remote) upload(ctx context.Context, token, file string) (string, error) {
	data, err := fs.ReadFile(r.Media, file)
	if err != nil {
		return "", fmt.Errorf("media: %w", err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, file)},
		"Content-Type": {map[string]string{
			".png": "image/png", ".pdf": "application/pdf", ".aac": "audio/aac", ".webp": "image/webp", ".mp4": "video/mp4",
		}[path.Ext(file)]},
	})
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	if _, err = part.Write(data); err == nil {
		err = form.Close()
	}
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	answer, err := r.send(ctx, http.MethodPost, "/api/v2/media/upload/", token, form.FormDataContentType(), body.Bytes())
	if err != nil {
		return "", err
	}
	id := raw(dataOf[struct{ MediaID json.RawMessage }](answer).MediaID)
	if id == "" {
		return "", errors.New("POST /api/v2/media/upload/ was answered without data.mediaId")
	}
	return id, nil
}

// optIn sees to it that a person wants to be written to, and takes it back in
// the end. A server without a consent API asks nobody.
func (r *Remote) optIn(ctx context.Context, number string) error {
	consent := func(ctx context.Context, kind string) error {
		_, err := r.call(ctx, http.MethodPost, "/api/v2/consent/manage/", r.Token, map[string]any{
			"type": kind, "recipients": []map[string]string{{"recipient": number, "source": "WEB"}},
		})
		return err
	}
	err := consent(ctx, "optin")
	no, ok := errors.AsType[*refused](err)
	if ok && no.absent() {
		return nil
	}
	if ok {
		// Who has opted in before is refused, and stays opted in.
		if _, missing := r.call(ctx, http.MethodPost, "/api/v2/consent/", r.Token, map[string]string{"phone_number": number}); missing == nil {
			return nil
		}
	}
	if err == nil {
		r.later(func(ctx context.Context) error { return consent(ctx, "optout") })
	}
	return err
}

// Package face reads requests to the simulator and writes answers: bodies, forms, files and the envelope of Meta's errors.
//
// It owns how they look on the wire and how large they may be. It never knows what a request asks for: the faces themselves do.
package face

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Product is how Graph calls WhatsApp.
const Product = "whatsapp"

// JSON is the type of every answer but those of files.
const JSON = "application/json; charset=UTF-8"

// MaxJSON is the most bytes of a JSON body or a form without a file.
const MaxJSON = 1 << 20

// ErrorBody is the envelope of every error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type ErrorBody struct {
	Error struct {
		Message   string     `json:"message"`
		Type      string     `json:"type"`
		Code      int        `json:"code"`
		Subcode   int        `json:"error_subcode,omitempty"`
		Title     string     `json:"error_user_title,omitempty"`
		User      string     `json:"error_user_msg,omitempty"`
		Data      *errorData `json:"error_data,omitempty"`
		Transient bool       `json:"is_transient,omitempty"`
		Trace     string     `json:"fbtrace_id"`
	} `json:"error"`
}

type errorData struct {
	Product string `json:"messaging_product,omitempty"` // absent in the errors of a status
	Details string `json:"details"`
}

// Refusal is the body of a refusal.
func Refusal(refused *rule.Error, trace string) (body ErrorBody) {
	e := &body.Error
	e.Message, e.Type, e.Code, e.Subcode = refused.Message, refused.Kind, refused.Code, refused.Subcode
	e.Transient = refused.Transient
	e.Title, e.User = refused.UserTitle, refused.UserMessage
	if refused.Details != "" {
		e.Data = &errorData{Product: Product, Details: refused.Details}
	}
	e.Trace = trace
	return body
}

// WriteJSON answers with v.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", JSON)
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// ReadBody reads a JSON body into each of the targets. A body that does not say it is JSON is not read: Meta would look for
// form fields in it.
func ReadBody(w http.ResponseWriter, r *http.Request, targets ...any) (json.RawMessage, error) {
	if rule.BareType(r.Header.Get("Content-Type")) != "application/json" {
		return nil, rule.BadParameter("send the body as application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxJSON))
	if err == nil {
		err = json.Unmarshal(body, &json.RawMessage{})
	}
	if err != nil {
		return nil, rule.BadParameter("the body is no JSON of at most %d bytes: %s", MaxJSON, err)
	}
	for _, target := range targets {
		if err := json.Unmarshal(body, target); err != nil {
			return nil, rule.BadParameter("the body has a value of the wrong kind: %s", err)
		}
	}
	return bytes.Clone(body), nil // what was read has room to spare, and the ledger keeps it long
}

// ReadParameters reads what a call says: a JSON body, or a form, or the query, as Graph takes all three. The answer is always an
// object.
func ReadParameters(w http.ResponseWriter, r *http.Request) (json.RawMessage, error) {
	if rule.BareType(r.Header.Get("Content-Type")) == "application/json" && r.ContentLength != 0 {
		return ReadBody(w, r)
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxJSON)
	if err := r.ParseForm(); err != nil {
		return nil, rule.BadParameter("the form is broken: %s", err)
	}
	object := map[string]any{}
	for key, values := range r.Form {
		if key == "access_token" || key == "fields" {
			continue
		}
		object[key] = values[0]
		// Lists, objects and truth values are written as JSON; digits stay text, because PINs and codes are.
		if strings.HasPrefix(values[0], "[") || strings.HasPrefix(values[0], "{") || values[0] == "true" || values[0] == "false" {
			var inner any
			if json.Unmarshal([]byte(values[0]), &inner) == nil {
				object[key] = inner
			}
		}
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, rule.BadParameter("the form is broken: %s", err)
	}
	return raw, nil
}

// ServeMedia streams bytes whose type somebody else chose, so that no browser makes a page of them.
func ServeMedia(w http.ResponseWriter, mimeType string, size int64, body io.Reader) error {
	h := w.Header()
	h.Set("Content-Type", mimeType)
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox")
	_, _ = io.Copy(w, body) // a client that leaves early is no fault of ours, and the answer has begun
	return nil
}

// Success is the answer to what either worked or did not.
type Success struct {
	Success bool `json:"success"`
}

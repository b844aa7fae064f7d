package fault

import (
	"bytes"
	"net/http"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Refusal is a refusal with one of Meta's codes.
func (c Code) Refusal(details string) *rule.Error {
	e := rule.Refuse(c.Code, c.Title, "%s", details)
	e.Status, e.Subcode, e.Transient = c.HTTP, c.Subcode, c.Transient
	return e
}

// Kept keeps an answer that is to be broken.
type Kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// NewKept keeps what is written; the header is the one that is written to.
func NewKept(header http.Header) *Kept { return &Kept{header: header} }

// Answer is what was written so far.
func (k *Kept) Answer() Answer {
	return Answer{Status: k.status, Type: k.header.Get("Content-Type"), Body: k.body.Bytes()}
}

// Header returns the header.
func (k *Kept) Header() http.Header { return k.header }

// WriteHeader keeps the first status.
func (k *Kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write keeps p.
func (k *Kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p) //nolint:wrapcheck // it never fails
}

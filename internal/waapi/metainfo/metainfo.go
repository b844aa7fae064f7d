package metainfo

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// Templates is what is needed of the template library. A call that goes to
// Meta may return a [*wa.OutcomeError].
type Templates interface {
	// Find returns the copies of a name in all languages, by language;
	// CodeNotFound. It waits for the first list of all.
	Find(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error)
	// ByID returns the copy with Meta's id; CodeNotFound.
	ByID(ctx context.Context, src wa.Source, id string) (wa.StoredTemplate, error)
	// List returns a part of what the filter chooses, and how many there are.
	List(ctx context.Context, src wa.Source, f wa.TemplateFilter, limit, offset int) ([]wa.StoredTemplate, int, error)
	// Create makes a template at Meta.
	Create(ctx context.Context, src wa.Source, change wa.TemplateChange) (wa.StoredTemplate, error)
	// Edit changes one at Meta and returns what it is then.
	Edit(ctx context.Context, src wa.Source, m wa.StoredTemplate, change wa.TemplateChange) (wa.StoredTemplate, error)
	// Delete deletes exactly this one.
	Delete(ctx context.Context, src wa.Source, m wa.StoredTemplate) error
	// DeleteNamed deletes a name in all its languages.
	DeleteNamed(ctx context.Context, src wa.Source, name string) error
}

// Meta is what is asked of Meta itself, without keeping the answer. Errors are
// [*wa.OutcomeError]s.
type Meta interface {
	// NumberDetails returns what Meta tells of a number.
	NumberDetails(context.Context, wa.Number) (wa.NumberDetails, error)
	// BusinessProfile returns what people see of it.
	BusinessProfile(context.Context, wa.Number) (wa.BusinessProfile, error)
	// TemplateStatistics returns a page of how templates were received.
	TemplateStatistics(context.Context, wa.Number, wa.TemplateStatistics) (wa.StatisticsPage, error)
}

// API answers the calls.
type API struct {
	templates Templates
	meta      Meta
	now       func() time.Time
}

// New makes an API; now is the clock.
func New(templates Templates, meta Meta, now func() time.Time) *API {
	return &API{templates: templates, meta: meta, now: now}
}

// Request is one call.
type Request struct {
	// Fields are what the query and the body say; the body wins.
	Fields lenient.Reader
	// Query is what the query alone says, as strings.
	Query lenient.Object
	// Body is what the body alone says.
	Body lenient.Reader
	// Source is the number that the call is about, and through it the WABA.
	Source wa.Source
}

// Answer is what succeeded: the sentence of the answer, which may be "", and its
// data.
type Answer struct {
	Message string
	Data    any
}

// Failure is what a client is told of a call that came to Meta, or should
// have. What Meta refused is a refusal like any other, with Meta's words; without
// an answer of Meta's the client may come again.
func Failure(err error) error {
	if wa.CodeOf(err) == wa.CodeNotFound {
		f := failure.Of(failure.Refuse(wa.Problem{Field: "template", Rule: wa.RuleTemplate}))
		f.Err = err
		return f
	}
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok {
		return err
	}
	f := e.Outcome.Failure
	code := cmp.Or(f.VendorCode, failure.CodePlatform)
	status := http.StatusOK
	if e.Outcome.Kind == wa.OutcomeLater && f.Code == 0 {
		status = http.StatusServiceUnavailable
	}
	// The same words as in the remark of a status, without the code before them
	// and with the details, which are what helps.
	message := strings.TrimPrefix(failure.Remark(f), code+" ")
	if f.Details != "" {
		message += ": " + f.Details
	}
	return &failure.Failure{Status: status, Code: code, Message: message, Err: err}
}

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/waypost/waypost/internal/wa"
)

const (
	problemContentType = "application/problem+json"
	// problemPage is where each code is explained.
	problemPage = "https://github.com/waypost/waypost/blob/main/docs/errors.md#v1-"
)

// The codes beside those of package wa. They are public and stable.
const (
	codeNoMethod         = "method_not_allowed"
	codeMetaRefused      = "meta_refused"
	codeMetaUnavailable  = "meta_unavailable"
	codeMetaMisconfigure = "meta_misconfigured"
)

// Failures of whole requests.
var (
	errNoPath error = &wa.Error{Code: wa.CodeNotFound, Message: "there is no such path: /v1/openapi.json lists those that there are"}
	errToken  error = &wa.Error{Code: wa.CodeUnauthorized, Message: "send an API token: Authorization: Bearer wpt_…"}

	errNoMethod = errors.New("the path has no such method; Allow lists those that it has")
)

// Problem says why something was not done.
// https://www.rfc-editor.org/rfc/rfc9457
type Problem struct {
	Type      string         `json:"type" doc:"The page that explains the code"`
	Title     string         `json:"title" doc:"The same for every problem of this code"`
	Status    int            `json:"status" doc:"The HTTP status"`
	Code      string         `json:"code" doc:"Stable; go by this" example:"not_found"`
	Detail    string         `json:"detail" doc:"What is wrong, for people"`
	RequestID string         `json:"request_id" doc:"As in X-Request-Id, and in the log"`
	Fields    []ProblemField `json:"fields,omitempty" doc:"Each value that is wrong"`
	Meta      *ProblemOfMeta `json:"meta,omitempty" doc:"What Meta said"`
}

// ProblemField is one thing wrong with one value.
type ProblemField struct {
	Field  string `json:"field"`
	Rule   string `json:"rule,omitempty" doc:"What the value broke, such as too_long"`
	Limit  int    `json:"limit,omitempty"`
	Found  int    `json:"found,omitempty"`
	Detail string `json:"detail"`
}

// ProblemOfMeta is an error of Meta's.
type ProblemOfMeta struct {
	Code   int    `json:"code,omitempty" doc:"Meta's error code"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	Remedy string `json:"remedy,omitempty" doc:"What a person can do"`
	Trace  string `json:"trace,omitempty" doc:"Meta's fbtrace_id"`
}

// Error implements the error interface.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements [huma.StatusError].
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements [huma.ContentTypeFilter].
func (p *Problem) ContentType(string) string { return problemContentType }

func problemType() reflect.Type { return reflect.TypeFor[Problem]() }

// Code is a code with what it means.
type Code struct {
	Code, Title string
	Status      int
	Meaning     string
}

// Codes returns every code that a problem may have. docs/errors.md is made from it.
func Codes() []Code {
	return []Code{
		{string(wa.CodeInvalid), "Invalid request", http.StatusUnprocessableEntity, "Something in the request is wrong: `fields` says what."},
		{string(wa.CodeUnauthorized), "No valid token", http.StatusUnauthorized, "Send `Authorization: Bearer` with a token of the account that is not revoked."},
		{string(wa.CodeForbidden), "Not allowed", http.StatusForbidden, "The token may not do this."},
		{string(wa.CodeNotFound), "Not found", http.StatusNotFound, "There is no such thing in this account, or no such path."},
		{codeNoMethod, "No such method", http.StatusMethodNotAllowed, "Use one of the methods in the Allow header."},
		{string(wa.CodeConflict), "Conflict", http.StatusConflict, "It contradicts what is there, such as an id that is taken."},
		{string(wa.CodeTooLarge), "Too large", http.StatusRequestEntityTooLarge, "Send a smaller body."},
		{string(wa.CodeRateLimited), "Too many requests", http.StatusTooManyRequests, "Send fewer; Retry-After says when to go on."},
		{string(wa.CodeUnavailable), "Not now", http.StatusServiceUnavailable, "The gateway cannot do it now. Try again; whether a change was made is not known."},
		{string(wa.CodeInternal), "Internal error", http.StatusInternalServerError, "A mistake of the gateway's. Its log has the request id."},
		{codeMetaRefused, "Meta refused", http.StatusUnprocessableEntity, "Meta refused it for good: `meta` says why and what to do."},
		{codeMetaMisconfigure, "Meta wants something mended", http.StatusFailedDependency, "A person has to mend something at Meta or in the source, such as a token: `meta` says what."},
		{codeMetaUnavailable, "Meta cannot do it now", http.StatusServiceUnavailable, "Meta did not answer, or wants it later: Retry-After says when. Whether a change was made is not known if Meta did not answer."},
	}
}

// problem makes a problem of a code.
func problem(code, detail string) *Problem {
	for _, c := range Codes() {
		if c.Code == code {
			return &Problem{Type: problemPage + code, Title: c.Title, Status: c.Status, Code: code, Detail: detail}
		}
	}
	return problem(string(wa.CodeInternal), detail)
}

// problemOf says what an error is for a client.
func (s *Server) problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*wa.OutcomeError](err); ok {
		return s.metaProblem(e.Outcome)
	}
	if errors.Is(err, errNoMethod) {
		return problem(codeNoMethod, err.Error())
	}
	e, ok := errors.AsType[*wa.Error](err)
	if !ok || e.Code == wa.CodeInternal {
		return problem(string(wa.CodeInternal), "the gateway made a mistake; its log has the request id")
	}
	p := problem(string(e.Code), e.Message)
	for _, wrong := range e.Problems {
		p.Fields = append(p.Fields, ProblemField{
			Field: wrong.Field, Rule: string(wrong.Rule), Limit: wrong.Limit, Found: wrong.Found, Detail: wrong.String(),
		})
	}
	if p.Detail == "" {
		p.Detail = (&wa.Error{Problems: e.Problems}).Error()
	}
	return p
}

func (s *Server) metaProblem(o wa.Outcome) *Problem {
	code := codeMetaRefused
	switch o.Kind {
	case wa.OutcomeLater, wa.OutcomeUnknown:
		code = codeMetaUnavailable
	case wa.OutcomeMisconfigured:
		code = codeMetaMisconfigure
	case wa.OutcomeRejected, wa.OutcomeExpired, wa.OutcomeSent:
	}
	p := problem(code, o.Failure.Title)
	p.Meta = &ProblemOfMeta{
		Code: o.Failure.Code, Title: o.Failure.Title, Detail: o.Failure.Details, Remedy: s.Remedy(o.Failure.Code), Trace: o.Trace,
	}
	return p
}

// retryAfter is the header of an answer that says when to come again, in seconds; ""
// if nobody said so.
func retryAfter(err error) string {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Kind != wa.OutcomeLater || e.Outcome.After <= 0 {
		return ""
	}
	return strconv.Itoa(int(e.Outcome.After.Seconds()) + 1)
}

// writeProblem answers what has not come as far as a route.
func (s *Server) writeProblem(w http.ResponseWriter, requestID string, err error) {
	p := *s.problemOf(err)
	p.RequestID = requestID
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="waypost"`)
	}
	if after := retryAfter(err); after != "" {
		w.Header().Set("Retry-After", after)
	}
	text, err := json.Marshal(p)
	if err != nil {
		text = []byte("{}") // nothing in it can fail
	}
	w.Header().Set("Content-Type", problemContentType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(text, '\n')) // the client went away
}

// failed is what a route returns of an error.
func (s *Server) failed(ctx context.Context, err error) error {
	if line, ok := ctx.Value(servedKey{}).(*served); ok {
		line.err = err
	}
	p := s.problemOf(err)
	if after := retryAfter(err); after != "" {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {after}})
	}
	return p
}

// problems gives the library's own errors, such as those of its validation, the form
// of ours, and every one its request id. What a value was is left out: it may be a
// secret.
func (s *Server) problems(ctx huma.Context, _ string, v any) (any, error) {
	var p *Problem
	switch e := v.(type) {
	case *Problem:
		mine := *e
		p = &mine
	case *huma.ErrorModel:
		p = foreign(e)
	default:
		return v, nil
	}
	if line, ok := ctx.Context().Value(servedKey{}).(*served); ok {
		p.RequestID = line.id
	}
	return p, nil
}

// fieldOf names a value as our own checks do: one of the body by its key alone, and
// one that is missing by its own key, not by that of what it is missing in.
func fieldOf(d *huma.ErrorDetail) string {
	field := d.Location
	var missing string
	if _, err := fmt.Sscanf(d.Message, validation.MsgExpectedRequiredProperty, &missing); err == nil {
		field += "." + missing
	}
	return strings.TrimPrefix(field, "body.")
}

func foreign(e *huma.ErrorModel) *Problem {
	code := string(wa.CodeInvalid)
	switch {
	case e.Status == http.StatusRequestEntityTooLarge:
		code = string(wa.CodeTooLarge)
	case e.Status >= http.StatusInternalServerError:
		code = string(wa.CodeInternal)
	}
	p := problem(code, e.Detail)
	p.Status = e.Status
	if code == string(wa.CodeInternal) {
		p.Detail = "the gateway made a mistake; its log has the request id"
		return p
	}
	for _, d := range e.Errors {
		if d != nil {
			p.Fields = append(p.Fields, ProblemField{Field: fieldOf(d), Detail: d.Message})
		}
	}
	return p
}

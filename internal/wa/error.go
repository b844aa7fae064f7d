package wa

import (
	"errors"
	"strings"
)

// Code says what kind of error it is. The set is closed, stable and public.
type Code string

// The codes. Anything that is not an [Error] counts as CodeInternal: the
// client learns nothing of it, the operator everything.
const (
	CodeInvalid      Code = "invalid"
	CodeNotFound     Code = "not_found"
	CodeConflict     Code = "conflict"
	CodeUnauthorized Code = "unauthorized"
	CodeForbidden    Code = "forbidden"
	CodeTooLarge     Code = "too_large"
	CodeRateLimited  Code = "rate_limited"
	CodeUnavailable  Code = "unavailable"
	CodeInternal     Code = "internal"
)

// Error is an error with a meaning for whoever called. Message may be shown to
// a client: it holds no secret, no message text and no full phone number.
type Error struct {
	Code     Code
	Message  string
	Problems []Problem
	// Err is the cause, for the operator only.
	Err error
}

// Error implements the error interface.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for i, p := range e.Problems {
		if i > 0 || e.Message != "" {
			b.WriteString("; ")
		}
		b.WriteString(p.String())
	}
	if b.Len() == 0 {
		b.WriteString(string(e.Code))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first [Error] in err's chain, CodeInternal
// for any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// NotFound returns the error for a thing that does not exist in this account;
// a thing of another account gets the same.
func NotFound(what string) error {
	return &Error{Code: CodeNotFound, Message: what + " does not exist"}
}

package wa

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestCodeOfAnyError(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want Code
	}{
		{"none", nil, ""},
		{"foreign", io.EOF, CodeInternal},
		{"ours", NotFound("message"), CodeNotFound},
		{"wrapped", fmt.Errorf("read: %w", &Error{Code: CodeConflict}), CodeConflict},
		{"joined", errors.Join(io.EOF, &Error{Code: CodeUnavailable, Err: io.EOF}), CodeUnavailable},
		{"around ours", &Error{Code: CodeUnavailable, Err: NotFound("row")}, CodeUnavailable},
	} {
		if got := CodeOf(row.err); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestErrorSaysEverything(t *testing.T) {
	for _, row := range []struct {
		err  *Error
		want string
	}{
		{&Error{Code: CodeInternal}, "internal"},
		{&Error{Code: CodeNotFound, Message: "message does not exist"}, "message does not exist"},
		{&Error{Message: "refused", Err: io.EOF}, "refused: EOF"},
		{&Error{Problems: []Problem{{Field: "a", Rule: RuleRequired}, {Field: "b", Rule: RuleTooLong, Limit: 3, Found: 4}}}, "a: required; b: too_long (limit 3, found 4)"},
		{&Error{Message: "refused", Problems: []Problem{{Field: "a", Detail: "is bad"}}}, "refused; a: is bad"},
	} {
		if got := row.err.Error(); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
	if !errors.Is(&Error{Err: io.EOF}, io.EOF) {
		t.Error("the cause is not found")
	}
}

func TestContactIsWhoTheWindowIsFor(t *testing.T) {
	for _, row := range []struct {
		d    Delivery
		want string
	}{
		{Delivery{}, ""},
		{Delivery{Message: &Message{Recipient: Recipient{Individual, "1"}}}, "1"},
		{Delivery{Message: &Message{Recipient: Recipient{Individual, "1"}}, Event: Event{Inbound: &Inbound{From: "2", UserID: "u"}}}, "2"},
		{Delivery{Event: Event{Inbound: &Inbound{UserID: "u"}}}, "u"},
		{Delivery{Event: Event{Inbound: &Inbound{From: "2", GroupID: "g"}}}, "g"},
	} {
		if got := row.d.Contact(); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}

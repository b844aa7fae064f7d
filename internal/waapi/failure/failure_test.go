package failure

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// TestEveryRuleHasARow: a rule without one would be answered as our fault.
func TestEveryRuleHasARow(t *testing.T) {
	for _, rule := range []wa.Rule{
		wa.RuleRequired, wa.RuleTooShort, wa.RuleTooLong, wa.RuleTooMany, wa.RuleNotDigits,
		wa.RuleUnknown, wa.RuleMalformed, wa.RuleWindow, wa.RuleConsent, wa.RuleBadMedia,
		wa.RuleTemplateParameter, wa.RuleLanguage, wa.RuleTemplate,
	} {
		err := Refuse(wa.Problem{Field: "anything", Rule: rule, Limit: 1, Found: 2, Detail: "detail"})
		f, ok := errors.AsType[*Failure](err)
		if !ok {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if f.Code == "" || strings.ContainsAny(f.Message, "{}") {
			t.Errorf("%s: code %q, message %q", rule, f.Code, f.Message)
		}
	}
}

func TestLimitsNameFieldLimitAndFound(t *testing.T) {
	got := Refuse(wa.Problem{Field: "caption", Rule: wa.RuleTooLong, Limit: 1024, Found: 1025}).Error()
	if want := "8006 caption cannot be longer than 1024 characters (found 1025)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNothingInternalReachesTheClient(t *testing.T) {
	for _, err := range []error{
		io.ErrClosedPipe,
		errors.New("select * from secrets"),
		&wa.Error{Code: wa.CodeUnavailable, Message: "disk /var/x", Err: io.ErrShortWrite},
		Refuse(wa.Problem{Rule: "rule of tomorrow"}),
	} {
		if f := Of(err); f.Code != "8005" || f.Message != "Technical error occurred" || f.Status < 500 || f.Err == nil {
			t.Errorf("%v: told %q with %d", err, f.Error(), f.Status)
		}
	}
}

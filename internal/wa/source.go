package wa

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Source is where messages of an account come from: a name of the customer's
// choosing for a WhatsApp business number and the credentials to use it. A
// send names it by id, or leaves it out and gets the account's default.
type Source struct {
	ID        SourceID
	AccountID AccountID
	Name      string
	Number    Number
	// Default marks the source of sends that name none; at most one in an
	// account.
	Default   bool
	CreatedAt time.Time
	// SkipOptIn lets templates go to people who have not opted in. An opt-out
	// holds all the same.
	SkipOptIn bool
	// StopWords and StartWords are the texts by which a person opts out and in.
	// Nil means the usual ones, an empty list none; see [Source.ConsentWords].
	StopWords, StartWords []string
	// Uncertain says what is done about uncertain messages by their category; see
	// [Source.PolicyFor].
	Uncertain map[Category]Policy
	// Throughput is how many messages a second the number may send and get at
	// most, up to [ThroughputHigh]; 0 is what Meta says.
	Throughput int
}

// Number is a WhatsApp business number as Meta knows it.
type Number struct {
	// ID is Meta's phone_number_id.
	ID string
	// WABAID is Meta's id of the WhatsApp Business Account that has the number.
	WABAID string
	// Display is display_phone_number reduced to digits.
	Display string
	// Token is the access token for the Graph API.
	Token Secret
	// AppSecret is the key of the signature on Meta's callbacks.
	AppSecret Secret
}

// Limits of a source's fields, in characters. Meta's ids are numbers of up to
// 20 digits today; the limit leaves room.
const (
	MaxSourceIDLength = 128
	maxMetaIDLength   = 64
	maxSecretLength   = 4096
)

// Validate returns everything that is wrong with the source's own fields.
func (s Source) Validate() []Problem {
	var ps []Problem
	if !validSourceID(s.ID) {
		ps = append(ps, Problem{
			Field: "id", Rule: RuleMalformed,
			Detail: "must be 1 to 128 printable characters without spaces at the ends and without / or \\",
		})
	}
	if s.Name == "" {
		ps = append(ps, Problem{Field: "name", Rule: RuleRequired})
	} else if !ValidName(s.Name) {
		ps = append(ps, Problem{Field: "name", Rule: RuleMalformed, Detail: "must be 1 to 100 printable characters"})
	}
	ps = append(ps, metaID("phone_number_id", s.Number.ID)...)
	ps = append(ps, metaID("waba_id", s.Number.WABAID)...)
	ps = append(ps, digits("display_phone_number", s.Number.Display)...)
	ps = append(ps, ValidateSecret("access_token", s.Number.Token)...)
	ps = append(ps, ValidateSecret("app_secret", s.Number.AppSecret)...)
	ps = append(ps, consentWords("stop_words", s.StopWords)...)
	ps = append(ps, consentWords("start_words", s.StartWords)...)
	if s.Throughput < 0 || s.Throughput > ThroughputHigh {
		ps = append(ps, ThroughputProblem())
	}
	return ps
}

// ThroughputProblem is what is wrong with a throughput that no source can have.
func ThroughputProblem() Problem {
	return Problem{
		Field: "throughput", Rule: RuleMalformed,
		Detail: fmt.Sprintf("must be a whole number of messages a second, 0 to %d; 0 is what Meta says", ThroughputHigh),
	}
}

func validSourceID(id SourceID) bool {
	s := string(id)
	return s != "" && utf8.RuneCountInString(s) <= MaxSourceIDLength && printable(s) &&
		strings.TrimSpace(s) == s && !strings.ContainsAny(s, `/\`) && s != "." && s != ".."
}

func metaID(field, value string) []Problem {
	switch {
	case value == "":
		return []Problem{{Field: field, Rule: RuleRequired}}
	case len(value) > maxMetaIDLength:
		return []Problem{{Field: field, Rule: RuleTooLong, Limit: maxMetaIDLength, Found: len(value)}}
	case !Digits(value):
		return []Problem{{Field: field, Rule: RuleNotDigits}}
	}
	return nil
}

// ValidateSecret checks that a credential is there and can stand in an HTTP
// header: visible ASCII, because a line break in it would make every request
// fail for ever.
func ValidateSecret(field string, s Secret) []Problem {
	v := s.Reveal()
	switch {
	case v == "":
		return []Problem{{Field: field, Rule: RuleRequired}}
	case len(v) > maxSecretLength:
		return []Problem{{Field: field, Rule: RuleTooLong, Limit: maxSecretLength, Found: len(v)}}
	}
	for i := range len(v) {
		if v[i] <= ' ' || v[i] > '~' {
			return []Problem{{Field: field, Rule: RuleMalformed, Detail: "must be visible ASCII characters without spaces"}}
		}
	}
	return nil
}

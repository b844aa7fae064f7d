package wa

import "fmt"

// Rule is what a value broke. Each face of the gateway maps rules to its own
// codes and texts in one table.
type Rule string

// The rules.
const (
	RuleRequired  Rule = "required"   // missing, null or blank
	RuleTooShort  Rule = "too_short"  // fewer than Limit characters
	RuleTooLong   Rule = "too_long"   // more than Limit characters
	RuleTooMany   Rule = "too_many"   // more than Limit elements
	RuleNotDigits Rule = "not_digits" // something other than 0-9
	RuleUnknown   Rule = "unknown"    // not one of the values there are, or no such thing
	RuleMalformed Rule = "malformed"  // not of the form it must have
	RuleWindow    Rule = "window"     // outside the 24-hour window
	RuleConsent   Rule = "consent"    // the person has not agreed to be written to, or is blocked
	RuleBadMedia  Rule = "bad_media"  // no such media, or one that cannot be sent
	// RuleTemplateParameter: a value that does not fit its template. Where values
	// are counted, Limit is how many the template takes.
	RuleTemplateParameter Rule = "template_parameter"
	RuleLanguage          Rule = "language" // not a language that templates have
	RuleTemplate          Rule = "template" // no such template, or one that cannot be sent
)

// Problem is one thing wrong with one value.
type Problem struct {
	// Field is the path of the value in our nouns, such as "recipient".
	Field string
	Rule  Rule
	// Limit and Found are filled for the rules that count.
	Limit, Found int
	// Detail is a sentence for people; it holds nothing of the value itself
	// that could be secret or personal.
	Detail string
}

// String says the problem in words.
func (p Problem) String() string {
	switch {
	case p.Detail != "":
		return p.Field + ": " + p.Detail
	case p.Limit != 0:
		return fmt.Sprintf("%s: %s (limit %d, found %d)", p.Field, p.Rule, p.Limit, p.Found)
	default:
		return p.Field + ": " + string(p.Rule)
	}
}

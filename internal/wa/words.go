package wa

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the words by which people opt out and in; a word has characters.
const (
	MaxConsentWords      = 50
	MaxConsentWordLength = 50
)

// ConsentWords returns the texts by which a person opts out and in.
func (s Source) ConsentWords() (stop, start []string) {
	stop, start = s.StopWords, s.StartWords
	if stop == nil {
		stop = []string{"STOP", "UNSUBSCRIBE", "OPTOUT", "OPT OUT"}
	}
	if start == nil {
		start = []string{"START", "SUBSCRIBE", "OPTIN", "OPT IN"}
	}
	return stop, start
}

// ConsentSaid returns what a person who writes this text says, and false for
// anything that is not one of the words as a whole. Letter case, spaces around
// and between, and punctuation behind do not matter. A text that is a word of
// both lists is a stop.
func (s Source) ConsentSaid(body string) (ConsentKind, bool) {
	said := plainWord(body)
	if said == "" {
		return "", false
	}
	stop, start := s.ConsentWords()
	for _, w := range stop {
		if strings.EqualFold(plainWord(w), said) {
			return ConsentOptOut, true
		}
	}
	for _, w := range start {
		if strings.EqualFold(plainWord(w), said) {
			return ConsentOptIn, true
		}
	}
	return "", false
}

// plainWord takes out of a text what does not matter.
func plainWord(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.TrimRightFunc(s, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
}

func consentWords(field string, words []string) []Problem {
	if n := len(words); n > MaxConsentWords {
		return []Problem{{Field: field, Rule: RuleTooMany, Limit: MaxConsentWords, Found: n}}
	}
	var ps []Problem
	for i, w := range words {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch n := utf8.RuneCountInString(w); {
		case n > MaxConsentWordLength:
			ps = append(ps, Problem{Field: at, Rule: RuleTooLong, Limit: MaxConsentWordLength, Found: n})
		case plainWord(w) == "" || !printable(w):
			ps = append(ps, Problem{Field: at, Rule: RuleMalformed, Detail: "must be printable characters, not punctuation alone"})
		}
	}
	return ps
}

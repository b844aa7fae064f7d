package inbox

import (
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// withConsent adds to an inbound message what the person says by it about being
// written to, by the words of the account's sources for the number. What is
// said in a group is said to the group.
func withConsent(u wa.Update, sources []wa.Source) wa.Update {
	if u.Inbound == nil || u.Inbound.GroupID != "" {
		return u
	}
	in := *u.Inbound
	person, body := in.Contact(), said(in)
	kind, ok := consentSaid(body, sources)
	if !ok || person == "" {
		return u
	}
	u.Consent = &wa.ConsentRecord{
		ID: wa.NewID[wa.ConsentID](), Person: person, Kind: kind, Source: wa.ConsentByMessage,
		Text: cut(body, wa.MaxConsentText), WAMID: in.WAMID, At: in.At,
	}
	return u
}

// said returns what a person wrote or tapped as a whole; "" for any other kind
// of message.
func said(in wa.Inbound) string {
	switch {
	case in.Type == "text":
		return in.Text
	case in.Button != nil:
		return in.Button.Text
	case in.Interactive != nil && in.Interactive.Button != nil:
		return in.Interactive.Button.Title
	}
	return ""
}

// consentSaid asks all sources: a stop of one counts before a start of another.
func consentSaid(body string, sources []wa.Source) (wa.ConsentKind, bool) {
	var kind wa.ConsentKind
	for _, src := range sources {
		switch k, ok := src.ConsentSaid(body); {
		case !ok:
		case k == wa.ConsentOptOut:
			return k, true
		default:
			kind = k
		}
	}
	return kind, kind != ""
}

// cut bounds a text in characters. A word with a great deal of punctuation
// behind it is still a word.
func cut(s string, limit int) string {
	runes := []rune(strings.ToValidUTF8(s, ""))
	return string(runes[:min(len(runes), limit)])
}

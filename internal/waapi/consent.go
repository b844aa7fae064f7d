package waapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// maxRecipients is how many people one call of the consent API may name; the
// vendor's newer pages say so (waapi.md, 4.1).
const maxRecipients = 1000

const (
	textAlreadyOptedIn = "Optin already found for provided mobilenumber"
	textConsentFailed  = "Error occurred while updating optin for mobilenumber"
	textNoOptIn        = "Optin details not found for "

	// vendorTime is how the vendor writes a time, in UTC.
	vendorTime = "2006-01-02 15:04:05.0"
)

// errAlreadyOptedIn answers an opt-in of one person; among several, those who
// are opted in are listed.
var errAlreadyOptedIn error = &failure{status: http.StatusOK, code: codeTechnical, message: textAlreadyOptedIn}

// processed is what became of the people of one call. The vendor's newer client
// reads these keys.
type processed struct {
	Count  int      `json:"processed_count"`
	Failed []string `json:"failed_recipients"`
}

// optInView is an opt-in as the vendor shows it; the order of the keys is the
// vendor's.
type optInView struct {
	IP          string `json:"ip"`
	PhoneNumber string `json:"phone_number"`
	Source      string `json:"optin_source"`
	UserAgent   string `json:"user_agent"`
	CreatedDate string `json:"created_date"`
}

func (s *Server) consentRoutes() []route {
	return []route{
		{"/api/v2/consent", map[string]handler{http.MethodPost: s.lookUpConsent}},
		{"/api/v2/consent/manage", map[string]handler{http.MethodPost: s.manageConsent}},
		{"/api/v2/consent/blocklist", map[string]handler{http.MethodPost: s.manageBlocklist}},
	}
}

// manageConsent opts people in or out. For one person the reply is the vendor's
// to the byte; clients that send several know of data.
func (s *Server) manageConsent(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	records, err := decodeConsents(body, wa.ConsentOptIn, wa.ConsentOptOut)
	if err != nil {
		return err
	}
	done, err := s.recordConsents(r.Context(), c, records)
	if err != nil {
		return consentFailed(err)
	}
	if len(records) == 1 && done.Count == 0 {
		return errAlreadyOptedIn
	}
	message := "Optin successfully added."
	if records[0].Kind == wa.ConsentOptOut {
		message = "Optout successfully added."
	}
	if len(records) == 1 {
		return succeed(w, message, nil)
	}
	return succeed(w, message, done)
}

// manageBlocklist puts people on the blocklist or takes them off.
func (s *Server) manageBlocklist(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	records, err := decodeConsents(body, wa.ConsentBlock, wa.ConsentUnblock)
	if err != nil {
		return err
	}
	done, err := s.recordConsents(r.Context(), c, records)
	if err != nil {
		return err
	}
	return succeed(w, "", done)
}

func (s *Server) recordConsents(ctx context.Context, c caller, records []wa.ConsentRecord) (processed, error) {
	for i := range records {
		r := &records[i]
		r.ID, r.AccountID, r.At = wa.NewID[wa.ConsentID](), c.account, s.now()
	}
	already, err := s.consents.RecordConsents(ctx, records)
	if err != nil {
		return processed{}, err
	}
	done := processed{Count: len(records) - len(already), Failed: []string{}}
	for _, i := range already {
		done.Failed = append(done.Failed, records[i].Person)
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "consent recorded", slog.String("account", string(c.account)),
		slog.String("kind", string(records[0].Kind)), slog.Int("records", done.Count), slog.Int("already", len(already)))
	return done, nil
}

// consentFailed says with the vendor's words what the store could not do. The
// status still tells whether it is worth coming again.
func consentFailed(err error) error {
	f := *asFailure(err)
	if f.code == codeTechnical {
		f.message = textConsentFailed
	}
	return &f
}

// lookUpConsent tells whether and how somebody opted in. The vendor has no code
// for somebody who did not, or no longer is.
func (s *Server) lookUpConsent(w http.ResponseWriter, r *http.Request, c caller) error {
	data, err := readBody(w, r)
	if err != nil {
		return err
	}
	// The sample in the vendor docs has a comma too many, and is copied.
	body, err := parse(withoutTrailingCommas(data))
	if err != nil {
		return err
	}
	number, err := phoneNumber(body)
	if err != nil {
		return err
	}
	consent, err := s.consents.Consent(r.Context(), c.account, number)
	if err != nil {
		return err
	}
	if consent.State != wa.ConsentIn {
		return &failure{status: http.StatusOK, message: textNoOptIn + number}
	}
	in := consent.OptIn
	return succeed(w, "", optInView{
		IP: in.IP, PhoneNumber: number, Source: in.Source, UserAgent: in.UserAgent,
		CreatedDate: in.At.UTC().Format(vendorTime),
	})
}

// phoneNumber reads whom a lookup is about.
func phoneNumber(o object) (string, error) {
	const field = "phone_number"
	number, err := o.text(field)
	if err != nil {
		return "", refuse(wa.Problem{Field: field, Rule: wa.RuleNotDigits})
	}
	number = plainPhone(number)
	to := wa.Recipient{Kind: wa.Individual, ID: number}
	for _, p := range to.Validate() {
		p.Field = field
		return "", refuse(p)
	}
	return number, nil
}

// plainPhone takes out what people write between the digits of a number that
// they send to: spaces, and a + in front.
func plainPhone(s string) string { return strings.TrimPrefix(strings.ReplaceAll(s, " ", ""), "+") }

// withoutTrailingCommas takes out each comma with nothing but space between it
// and the end of an object or array.
func withoutTrailingCommas(data []byte) []byte {
	out := make([]byte, 0, len(data))
	comma := -1 // where a comma stands in out that nothing has come behind yet
	quoted, escaped := false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted, comma = !quoted, -1
		case quoted:
		case b == ',':
			comma = -1
			if closesValue(out) {
				comma = len(out)
			}
		case b == '}' || b == ']':
			if comma >= 0 {
				out = append(out[:comma], out[comma+1:]...)
			}
			comma = -1
		case !space(b):
			comma = -1
		}
		out = append(out, b)
	}
	return out
}

// closesValue reports whether text ends in something that a comma may follow.
func closesValue(text []byte) bool {
	for i := len(text) - 1; i >= 0; i-- {
		if !space(text[i]) {
			return !strings.ContainsRune("{[,:", rune(text[i]))
		}
	}
	return false
}

func space(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// decodeConsents reads a call that changes consent; kinds are the values that
// its type may have. It checks everything before anything is recorded.
func decodeConsents(o object, kinds ...wa.ConsentKind) ([]wa.ConsentRecord, error) {
	kind, err := consentKind(o, kinds)
	if err != nil {
		return nil, err
	}
	list, err := o.list("recipients", maxRecipients)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, refuse(wa.Problem{Field: "consent.recipients", Rule: wa.RuleRequired})
	}
	records := make([]wa.ConsentRecord, 0, len(list))
	for i, element := range list {
		r, err := decodeConsent(element, kind)
		if err != nil {
			return nil, inRecipient(i, len(list), err)
		}
		records = append(records, r)
	}
	return records, nil
}

// consentKind is matched in any letter case, as message_type is.
func consentKind(o object, kinds []wa.ConsentKind) (wa.ConsentKind, error) {
	const field = "consent.type"
	word, err := o.trimmed("type")
	if err == nil && word == "" {
		return "", refuse(wa.Problem{Field: field, Rule: wa.RuleRequired})
	}
	var names []string
	for _, kind := range kinds {
		if err == nil && strings.EqualFold(word, string(kind)) {
			return kind, nil
		}
		names = append(names, string(kind))
	}
	return "", refuse(wa.Problem{Field: field, Rule: wa.RuleUnknown, Detail: strings.Join(names, "/")})
}

func decodeConsent(o object, kind wa.ConsentKind) (wa.ConsentRecord, error) {
	r := wa.ConsentRecord{Kind: kind}
	person, err := o.text("recipient")
	if err != nil {
		return r, refuse(wa.Problem{Field: "consent.recipient", Rule: wa.RuleNotDigits})
	}
	r.Person = plainPhone(person)
	for _, f := range []struct {
		name string
		to   *string
	}{
		{"source", &r.Source},
		{"user_agent", &r.UserAgent},
		{"ip", &r.IP},
	} {
		if *f.to, err = o.trimmed(f.name); err != nil {
			return r, err
		}
	}
	if r.Text, err = o.text("text"); err != nil {
		return r, err
	}
	for _, p := range r.Validate() {
		return r, refuse(p)
	}
	return r, nil
}

// inRecipient says which of several recipients a failure is about.
func inRecipient(i, of int, err error) error {
	f, ok := errors.AsType[*failure](err)
	if !ok || of < 2 {
		return err
	}
	return &failure{status: f.status, code: f.code, message: fmt.Sprintf("recipients[%d]: %s", i, f.message), err: f.err}
}

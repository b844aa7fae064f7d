package waapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
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
var errAlreadyOptedIn error = &failure.Failure{Status: http.StatusOK, Code: failure.CodeTechnical, Message: textAlreadyOptedIn}

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

// recordConsents records the first that a call says of each person; a repetition
// is none, and counts neither as processed nor as failed.
func (s *Server) recordConsents(ctx context.Context, c caller, records []wa.ConsentRecord) (processed, error) {
	records = oncePerPerson(records)
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

func oncePerPerson(records []wa.ConsentRecord) []wa.ConsentRecord {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(records), func(r wa.ConsentRecord) bool {
		person := wa.ContactKey(r.Person)
		again := seen[person]
		seen[person] = true
		return again
	})
}

// consentFailed says with the vendor's words what the store could not do. The
// status still tells whether it is worth coming again.
func consentFailed(err error) error {
	f := *failure.Of(err)
	if f.Code == failure.CodeTechnical {
		f.Message = textConsentFailed
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
	body, err := lenient.Parse(lenient.WithoutTrailingCommas(data))
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
		return &failure.Failure{Status: http.StatusOK, Message: textNoOptIn + number}
	}
	in := consent.OptIn
	return succeed(w, "", optInView{
		IP: in.IP, PhoneNumber: number, Source: in.Source, UserAgent: in.UserAgent,
		CreatedDate: in.At.UTC().Format(vendorTime),
	})
}

// phoneNumber reads whom a lookup is about.
func phoneNumber(o lenient.Object) (string, error) {
	const field = "phone_number"
	number, err := o.Text(field)
	if err != nil {
		return "", failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleNotDigits})
	}
	number = plainPhone(number)
	to := wa.Recipient{Kind: wa.Individual, ID: number}
	for _, p := range to.Validate() {
		p.Field = field
		return "", failure.Refuse(p)
	}
	return number, nil
}

// plainPhone takes out what people write between the digits of a number that
// they send to: spaces, and a + in front.
func plainPhone(s string) string { return strings.TrimPrefix(strings.ReplaceAll(s, " ", ""), "+") }

// plainPerson reads whom a record is about: a business-scoped user id as it is, or
// a number. Nothing between its letters is taken out to make one.
func plainPerson(s string) string {
	number := plainPhone(s)
	if id := strings.TrimSpace(s); wa.UserID(id) || wa.UserID(number) {
		return id
	}
	return number
}

// decodeConsents reads a call that changes consent; kinds are the values that
// its type may have. It checks everything before anything is recorded.
func decodeConsents(o lenient.Object, kinds ...wa.ConsentKind) ([]wa.ConsentRecord, error) {
	kind, err := consentKind(o, kinds)
	if err != nil {
		return nil, err
	}
	list, err := o.List("recipients", maxRecipients)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, failure.Refuse(wa.Problem{Field: "consent.recipients", Rule: wa.RuleRequired})
	}
	records := make([]wa.ConsentRecord, 0, len(list))
	for i, element := range list {
		r, err := decodeConsent(element, kind)
		if err != nil {
			if len(list) > 1 {
				err = failure.At(fmt.Sprintf("recipients[%d]: ", i), err)
			}
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// consentKind is matched in any letter case, as message_type is.
func consentKind(o lenient.Object, kinds []wa.ConsentKind) (wa.ConsentKind, error) {
	const field = "consent.type"
	word, err := o.Trimmed("type")
	if err == nil && word == "" {
		return "", failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleRequired})
	}
	var names []string
	for _, kind := range kinds {
		if err == nil && strings.EqualFold(word, string(kind)) {
			return kind, nil
		}
		names = append(names, string(kind))
	}
	return "", failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleUnknown, Detail: strings.Join(names, "/")})
}

func decodeConsent(o lenient.Object, kind wa.ConsentKind) (wa.ConsentRecord, error) {
	r := wa.ConsentRecord{Kind: kind}
	person, err := o.Text("recipient")
	if err != nil {
		return r, failure.Refuse(wa.Problem{Field: "consent.recipient", Rule: wa.RuleNotDigits})
	}
	r.Person = plainPerson(person)
	for _, f := range []struct {
		name string
		to   *string
	}{
		{"source", &r.Source},
		{"user_agent", &r.UserAgent},
		{"ip", &r.IP},
	} {
		if *f.to, err = o.Trimmed(f.name); err != nil {
			return r, err
		}
	}
	if r.Text, err = o.Text("text"); err != nil {
		return r, err
	}
	for _, p := range r.Validate() {
		return r, failure.Refuse(p)
	}
	return r, nil
}

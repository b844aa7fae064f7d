package waapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// The source API is ours: the vendor docs name it on every send page and
// describe it nowhere. docs/source-api.md is its description.

// sourceView is what is shown of a source. Its token and secret are not.
type sourceView struct {
	ID            wa.SourceID `json:"id"`
	Name          string      `json:"name"`
	PhoneNumberID string      `json:"phone_number_id"`
	WABAID        string      `json:"waba_id"`
	DisplayNumber string      `json:"display_phone_number"`
	Default       bool        `json:"default"`
	SkipOptIn     bool        `json:"skip_optin"`
	// The words are those that hold, also where none were ever set.
	StopWords  []string `json:"stop_words"`
	StartWords []string `json:"start_words"`
	// Uncertain has the policies that hold.
	Uncertain uncertainView `json:"uncertain"`
	// Throughput is left out where none was set.
	Throughput int       `json:"throughput,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
}

type sourceID struct {
	ID wa.SourceID `json:"id"`
}

type sourceList struct {
	Sources []sourceView `json:"sources"`
}

func view(src wa.Source) sourceView {
	stop, start := src.ConsentWords()
	return sourceView{
		ID: src.ID, Name: src.Name, PhoneNumberID: src.Number.ID, WABAID: src.Number.WABAID,
		DisplayNumber: src.Number.Display, Default: src.Default, SkipOptIn: src.SkipOptIn,
		StopWords: stop, StartWords: start, Uncertain: viewUncertain(src), Throughput: src.Throughput,
		CreatedAt: src.CreatedAt.UTC(),
	}
}

func (s *Server) listSources(w http.ResponseWriter, r *http.Request, c caller) error {
	all, err := s.sources.Sources(r.Context(), c.account)
	if err != nil {
		return err
	}
	list := sourceList{Sources: make([]sourceView, 0, len(all))}
	for _, src := range all {
		list.Sources = append(list.Sources, view(src))
	}
	return succeed(w, "", list)
}

func (s *Server) getSource(w http.ResponseWriter, r *http.Request, c caller) error {
	src, err := s.gate.FindSource(r.Context(), c.account, pathSource(r))
	if err != nil {
		return noSource(err)
	}
	return succeed(w, "", view(src))
}

func (s *Server) postSource(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	src, err := decodeSource(body)
	if err != nil {
		return err
	}
	src.AccountID, src.CreatedAt = c.account, s.now()
	defer s.changing.lock(c.account)()
	if src, err = s.sources.CreateSource(r.Context(), src); err != nil {
		if wa.CodeOf(err) == wa.CodeConflict {
			return errSourceTaken
		}
		return err
	}
	return succeed(w, "Source created successfully.", sourceID{ID: src.ID})
}

// decodeSource reads a new source. An id may be brought along, so that clients
// keep the one they send today; otherwise we make one.
func decodeSource(o lenient.Object) (wa.Source, error) {
	var src wa.Source
	var id, token, secret string
	for _, f := range []struct {
		name string
		to   *string
	}{
		{"id", &id},
		{"name", &src.Name},
		{"phone_number_id", &src.Number.ID},
		{"waba_id", &src.Number.WABAID},
		{"display_phone_number", &src.Number.Display},
		{"access_token", &token},
		{"app_secret", &secret},
	} {
		var err error
		if *f.to, err = o.Trimmed(f.name); err != nil {
			return src, err
		}
	}
	var err error
	if src.Default, err = o.Flag("default"); err != nil {
		return src, err
	}
	if _, err = changeConsent(&src, o); err != nil {
		return src, err
	}
	if _, err = changeUncertain(&src, o); err != nil {
		return src, err
	}
	if _, err = changeThroughput(&src, o); err != nil {
		return src, err
	}
	if src.ID = wa.SourceID(id); id == "" {
		src.ID = wa.NewID[wa.SourceID]()
	}
	src.Number.Display = plainNumber(src.Number.Display)
	src.Number.Token, src.Number.AppSecret = wa.NewSecret(token), wa.NewSecret(secret)
	return src, failure.Refuse(src.Validate()...)
}

// plainNumber takes out what Meta's display_phone_number has between the
// digits.
func plainNumber(s string) string {
	return strings.NewReplacer("+", "", "(", "", ")", "", "-", "", " ", "").Replace(s)
}

// changeConsent sets what a body says about consent, and reports whether it
// says anything. To leave a list out and to empty it are two things.
func changeConsent(src *wa.Source, o lenient.Object) (given bool, err error) {
	if !o["skip_optin"].Absent() {
		given = true
		if src.SkipOptIn, err = o.Flag("skip_optin"); err != nil {
			return given, err
		}
	}
	for _, f := range []struct {
		name string
		to   *[]string
	}{
		{"stop_words", &src.StopWords},
		{"start_words", &src.StartWords},
	} {
		if o[f.name].Absent() {
			continue
		}
		given = true
		if *f.to, err = o.Texts(f.name, wa.MaxConsentWords); err != nil {
			return given, err
		}
	}
	return given, nil
}

// changeThroughput sets how many messages a second a body allows, and reports
// whether it says anything. 0 leaves it to Meta again.
func changeThroughput(src *wa.Source, o lenient.Object) (given bool, err error) {
	v := o["throughput"]
	if v.Absent() {
		return false, nil
	}
	word, _ := v.Text() // nothing, if it is no text
	if src.Throughput, err = strconv.Atoi(strings.TrimSpace(word)); err != nil {
		return true, failure.Refuse(wa.ThroughputProblem())
	}
	return true, nil
}

// patchSource changes a source's name or settings, rotates its token or secret, or
// makes it the default.
func (s *Server) patchSource(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	defer s.changing.lock(c.account)()
	src, err := s.gate.FindSource(r.Context(), c.account, pathSource(r))
	if err != nil {
		return noSource(err)
	}
	if src, err = change(src, body); err != nil {
		return err
	}
	if err := s.sources.UpdateSource(r.Context(), src); err != nil {
		return noSource(err)
	}
	return succeed(w, "Source updated successfully.", sourceID{ID: src.ID})
}

// change applies a patch. Messages are bound to the number they were accepted
// for, so another number is another source.
func change(src wa.Source, o lenient.Object) (wa.Source, error) {
	var ps []wa.Problem
	for _, field := range []string{"id", "phone_number_id", "waba_id", "display_phone_number"} {
		if !o[field].Absent() {
			ps = append(ps, wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "cannot be changed"})
		}
	}
	if ps != nil {
		return src, failure.Refuse(ps...)
	}
	given := false
	for _, f := range []struct {
		name string
		set  func(string)
	}{
		{"name", func(v string) { src.Name = v }},
		{"access_token", func(v string) { src.Number.Token = wa.NewSecret(v) }},
		{"app_secret", func(v string) { src.Number.AppSecret = wa.NewSecret(v) }},
	} {
		if o[f.name].Absent() {
			continue
		}
		v, err := o.Trimmed(f.name)
		if err != nil {
			return src, err
		}
		f.set(v)
		given = true
	}
	if !o["default"].Absent() {
		def, err := o.Flag("default")
		if err != nil {
			return src, err
		}
		if !def {
			return src, failure.Refuse(wa.Problem{
				Field: "default", Rule: wa.RuleMalformed,
				Detail: "can only be true; make another source the default instead",
			})
		}
		src.Default, given = true, true
	}
	consent, err := changeConsent(&src, o)
	if err != nil {
		return src, err
	}
	uncertain, err := changeUncertain(&src, o)
	if err != nil {
		return src, err
	}
	throughput, err := changeThroughput(&src, o)
	if err != nil {
		return src, err
	}
	if !given && !consent && !uncertain && !throughput {
		return src, failure.Refuse(wa.Problem{
			Field: "name, access_token, app_secret, default, skip_optin, stop_words, start_words, uncertain or throughput", Rule: wa.RuleRequired,
		})
	}
	return src, failure.Refuse(src.Validate()...)
}

func (s *Server) deleteSource(w http.ResponseWriter, r *http.Request, c caller) error {
	// The look-up refuses ids that no database should see.
	src, err := s.gate.FindSource(r.Context(), c.account, pathSource(r))
	if err != nil {
		return noSource(err)
	}
	if err := s.sources.DeleteSource(r.Context(), c.account, src.ID); err != nil {
		return noSource(err)
	}
	return succeed(w, "Source deleted successfully.", nil)
}

func pathSource(r *http.Request) wa.SourceID { return wa.SourceID(r.PathValue("id")) }

func noSource(err error) error {
	if wa.CodeOf(err) == wa.CodeNotFound {
		return errNoSource
	}
	return err
}

package waapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Meta is what the face asks Meta itself, without keeping the answer. Errors are
// [*wa.OutcomeError]s.
type Meta interface {
	// NumberDetails returns what Meta tells of a number.
	NumberDetails(context.Context, wa.Number) (wa.NumberDetails, error)
	// BusinessProfile returns what people see of it.
	BusinessProfile(context.Context, wa.Number) (wa.BusinessProfile, error)
	// TemplateStatistics returns a page of how templates were received.
	TemplateStatistics(context.Context, wa.Number, wa.TemplateStatistics) (wa.StatisticsPage, error)
	// UploadSample gives Meta the sample of a template's header and returns its
	// handle.
	UploadSample(context.Context, wa.Number, wa.File) (string, error)
}

// numberView is what the vendor's client reads of a number.
type numberView struct {
	Number             string `json:"whatsapp_number"`
	BusinessName       string `json:"business_name"`
	Logo               string `json:"business_profile_logo"`
	VerifiedStatus     string `json:"verified_status"`
	DisplayNameStatus  string `json:"display_name_status"`
	QualityRating      string `json:"quality_rating"`
	MessagingLimit     string `json:"messaging_limit"`
	NumberStatus       string `json:"number_status"`
	WhatsAppBusinessID string `json:"waba_id"`
}

func (s *Server) numberDetails(w http.ResponseWriter, r *http.Request, c caller) error {
	_, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	d, err := s.meta.NumberDetails(r.Context(), src.Number)
	if err != nil {
		return metaFailure(err)
	}
	p, err := s.meta.BusinessProfile(r.Context(), src.Number)
	if err != nil {
		return metaFailure(err)
	}
	if d.Display == "" {
		d.Display = src.Number.Display
	}
	return succeed(w, "", numberView{
		Number: d.Display, BusinessName: d.VerifiedName, Logo: p.Picture, VerifiedStatus: d.Verification,
		DisplayNameStatus: d.NameStatus, QualityRating: d.Quality, MessagingLimit: d.Limit, NumberStatus: d.Status,
		WhatsAppBusinessID: src.Number.WABAID,
	})
}

// profileView is what the vendor's client reads of a business, and the rest of
// its profile.
type profileView struct {
	Name        string   `json:"client_name"`
	Picture     string   `json:"client_profile_url"`
	About       string   `json:"about"`
	Address     string   `json:"address"`
	Description string   `json:"description"`
	Email       string   `json:"email"`
	Vertical    string   `json:"vertical"`
	Websites    []string `json:"websites"`
}

func (s *Server) profileDetails(w http.ResponseWriter, r *http.Request, c caller) error {
	_, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	d, err := s.meta.NumberDetails(r.Context(), src.Number)
	if err != nil {
		return metaFailure(err)
	}
	p, err := s.meta.BusinessProfile(r.Context(), src.Number)
	if err != nil {
		return metaFailure(err)
	}
	v := profileView{
		Name: d.VerifiedName, Picture: p.Picture, About: p.About, Address: p.Address, Description: p.Description,
		Email: p.Email, Vertical: p.Vertical, Websites: p.Websites,
	}
	if v.Websites == nil {
		v.Websites = []string{}
	}
	return succeed(w, "", v)
}

type statisticsView struct {
	// Analytics is Meta's data.
	Analytics json.RawMessage `json:"analytics"`
	Before    string          `json:"before"`
	After     string          `json:"after"`
}

func (s *Server) templateStatistics(w http.ResponseWriter, r *http.Request, c caller) error {
	q, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	question := wa.TemplateStatistics{
		TemplateIDs: words(templateIDOf(q)), MetricTypes: words(strings.ToUpper(q.trimmed("metric_types"))),
		Granularity: strings.ToUpper(q.trimmed("granularity")), ProductType: strings.ToUpper(q.trimmed("product_type")),
		WABATimezone: q.flag("use_waba_timezone"), Limit: q.count("limit", maxTemplates),
		Before: q.trimmed("before"), After: q.trimmed("after"),
		Start: q.day("date_start", 0), End: q.day("date_end", 24*time.Hour),
	}
	if question.Granularity == "" {
		question.Granularity = "DAILY" // Meta knows no other
	}
	switch {
	case len(question.TemplateIDs) == 0:
		q.refuse("template_id", wa.RuleRequired, "")
	case strings.Trim(strings.Join(question.TemplateIDs, ""), "0123456789") != "":
		q.refuse("template_id", wa.RuleMalformed, "must be ids of Meta's, with commas between")
	case question.Start.IsZero():
		q.refuse("date_start", wa.RuleRequired, "")
	}
	if question.End.IsZero() {
		question.End = s.now()
	}
	if err := q.failed(); err != nil {
		return err
	}
	page, err := s.meta.TemplateStatistics(r.Context(), src.Number, question)
	if err != nil {
		return metaFailure(err)
	}
	return succeed(w, "", statisticsView{Analytics: page.Data, Before: page.Before, After: page.After})
}

// words splits a list with commas, which may also be written as a JSON array.
func words(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(`,[]" `, c) })
}

// day reads a time: unix seconds, a day of UTC, or RFC 3339. For a day that is an
// end, length is added: it counts whole.
func (r reader) day(field string, length time.Duration) time.Time {
	s := r.trimmed(field)
	if s == "" {
		return time.Time{}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 && n < 1<<33 {
		return time.Unix(n, 0).UTC()
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Add(length)
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t
	}
	r.refuse(field, wa.RuleMalformed, "must be a day such as 2026-09-01, or unix seconds")
	return time.Time{}
}

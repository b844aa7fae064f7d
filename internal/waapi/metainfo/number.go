package metainfo

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

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

// Number tells what Meta knows of the number.
func (a *API) Number(ctx context.Context, r Request) (Answer, error) {
	src := r.Source
	d, err := a.meta.NumberDetails(ctx, src.Number)
	if err != nil {
		return Answer{}, Failure(err)
	}
	p, err := a.meta.BusinessProfile(ctx, src.Number)
	if err != nil {
		return Answer{}, Failure(err)
	}
	if d.Display == "" {
		d.Display = src.Number.Display
	}
	return Answer{Data: numberView{
		Number: d.Display, BusinessName: d.VerifiedName, Logo: p.Picture, VerifiedStatus: d.Verification,
		DisplayNameStatus: d.NameStatus, QualityRating: d.Quality, MessagingLimit: d.Limit, NumberStatus: d.Status,
		WhatsAppBusinessID: src.Number.WABAID,
	}}, nil
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

// Profile tells what people see of the business.
func (a *API) Profile(ctx context.Context, r Request) (Answer, error) {
	src := r.Source
	d, err := a.meta.NumberDetails(ctx, src.Number)
	if err != nil {
		return Answer{}, Failure(err)
	}
	p, err := a.meta.BusinessProfile(ctx, src.Number)
	if err != nil {
		return Answer{}, Failure(err)
	}
	v := profileView{
		Name: d.VerifiedName, Picture: p.Picture, About: p.About, Address: p.Address, Description: p.Description,
		Email: p.Email, Vertical: p.Vertical, Websites: p.Websites,
	}
	if v.Websites == nil {
		v.Websites = []string{}
	}
	return Answer{Data: v}, nil
}

type statisticsView struct {
	// Analytics is Meta's data.
	Analytics json.RawMessage `json:"analytics"`
	Before    string          `json:"before"`
	After     string          `json:"after"`
}

// Statistics tells how templates were received, by Meta's figures.
func (a *API) Statistics(ctx context.Context, r Request) (Answer, error) {
	q, src := r.Fields, r.Source
	question := wa.TemplateStatistics{
		TemplateIDs: words(templateIDOf(q)), MetricTypes: words(strings.ToUpper(q.Trimmed("metric_types"))),
		Granularity: strings.ToUpper(q.Trimmed("granularity")), ProductType: strings.ToUpper(q.Trimmed("product_type")),
		WABATimezone: q.Flag("use_waba_timezone"), Limit: count(q, "limit", maxTemplates),
		Before: q.Trimmed("before"), After: q.Trimmed("after"),
		Start: day(q, "date_start", 0), End: day(q, "date_end", 24*time.Hour),
	}
	if question.Granularity == "" {
		question.Granularity = "DAILY" // Meta knows no other
	}
	switch {
	case len(question.TemplateIDs) == 0:
		q.Refuse("template_id", wa.RuleRequired, "")
	case strings.Trim(strings.Join(question.TemplateIDs, ""), "0123456789") != "":
		q.Refuse("template_id", wa.RuleMalformed, "must be ids of Meta's, with commas between")
	case question.Start.IsZero():
		q.Refuse("date_start", wa.RuleRequired, "")
	}
	if question.End.IsZero() {
		question.End = a.now()
	}
	if err := q.Failed(); err != nil {
		return Answer{}, err
	}
	page, err := a.meta.TemplateStatistics(ctx, src.Number, question)
	if err != nil {
		return Answer{}, Failure(err)
	}
	return Answer{Data: statisticsView{Analytics: page.Data, Before: page.Before, After: page.After}}, nil
}

// words splits a list with commas, which may also be written as a JSON array.
func words(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(`,[]" `, c) })
}

// day reads a time: unix seconds, a day of UTC, or RFC 3339. For a day that is an
// end, length is added: it counts whole.
func day(r lenient.Reader, field string, length time.Duration) time.Time {
	s := r.Trimmed(field)
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
	r.Refuse(field, wa.RuleMalformed, "must be a day such as 2026-09-01, or unix seconds")
	return time.Time{}
}

package metainfo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// templateView is a template as it is listed.
type templateView struct {
	ID         string            `json:"template_id"`
	Name       string            `json:"template_name"`
	Language   string            `json:"language"`
	Category   string            `json:"category"`
	Status     wa.TemplateStatus `json:"status"`
	Quality    string            `json:"quality_rating"`
	Reason     string            `json:"rejected_reason"`
	Type       wa.TemplateKind   `json:"template_type"`
	Components json.RawMessage   `json:"components,omitempty"`
	UpdatedAt  time.Time         `json:"updated_at"`
}

func viewTemplate(m wa.StoredTemplate) templateView {
	v := summary(m)
	v.Components = m.Components
	return v
}

// summary leaves out what the template says.
func summary(m wa.StoredTemplate) templateView {
	return templateView{
		ID: m.ID, Name: m.Name, Language: m.Language, Category: m.Category, Status: m.Status, Quality: m.Quality,
		Reason: m.Reason, Type: m.Definition.Kind(), UpdatedAt: m.UpdatedAt.UTC(),
	}
}

type templateList struct {
	Templates []templateView `json:"templates"`
	Total     int            `json:"total"`
	Limit     int            `json:"limit"`
	Offset    int            `json:"offset"`
}

// Limits of a page. Without a limit a client gets what most accounts have in
// all.
const (
	defaultTemplates = 100
	maxTemplates     = 1000
)

// List lists templates by name, status, language, category and type.
func (a *API) List(ctx context.Context, r Request) (Answer, error) {
	q, src := r.Fields, r.Source
	f := wa.TemplateFilter{
		NameHas:  strings.TrimSpace(q.First("template_name", "templatename")),
		Status:   wa.TemplateStatus(strings.ToUpper(q.Trimmed("status"))),
		Language: languageCode(q.Trimmed("language")),
		Category: strings.ToUpper(q.Trimmed("category")),
		Kinds:    templateKinds(q),
	}
	limit, offset := count(q, "limit", maxTemplates), count(q, "offset", 1<<31)
	if err := q.Failed(); err != nil {
		return Answer{}, err
	}
	limit = cmp.Or(limit, defaultTemplates)
	found, total, err := a.templates.List(ctx, src, f, limit, offset)
	if err != nil {
		return Answer{}, Failure(err)
	}
	list := templateList{Templates: []templateView{}, Total: total, Limit: limit, Offset: offset}
	for _, m := range found {
		list.Templates = append(list.Templates, viewTemplate(m))
	}
	return Answer{Data: list}, nil
}

// count is a number from 0 to most.
func count(r lenient.Reader, field string, most int64) int {
	n := r.Whole(field)
	if n < 0 || n > most {
		r.Refuse(field, wa.RuleMalformed, fmt.Sprintf("can only be 0 to %d", most))
		return 0
	}
	return int(n)
}

// templateKinds reads template_type: numbers or words, with commas between. The
// vendor's pages list the types in this order; which number is which they do not
// say.
func templateKinds(q lenient.Reader) []wa.TemplateKind {
	order := []wa.TemplateKind{wa.TemplateText, wa.TemplateMedia, wa.TemplateMultiProduct, wa.TemplateCatalogue}
	var kinds []wa.TemplateKind
	for part := range strings.SplitSeq(q.Word("template_type"), ",") {
		part = strings.NewReplacer("-", "_", " ", "_").Replace(strings.TrimSpace(part))
		n, err := strconv.Atoi(part)
		switch {
		case part == "":
		case err == nil && n >= 1 && n <= len(order):
			kinds = append(kinds, order[n-1])
		case slices.Contains(order, wa.TemplateKind(part)):
			kinds = append(kinds, wa.TemplateKind(part))
		default:
			q.Refuse("template_type", wa.RuleUnknown, "can only be 1 (text), 2 (media), 3 (multi_product) or 4 (catalogue)")
		}
	}
	return kinds
}

// templateStatusView is the status of a template, and of its other languages.
type templateStatusView struct {
	templateView
	Languages []templateView `json:"languages"`
}

// Status tells the status of one template, and of its other languages.
func (a *API) Status(ctx context.Context, r Request) (Answer, error) {
	m, all, err := a.one(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	v := templateStatusView{templateView: summary(m)}
	for _, other := range all {
		v.Languages = append(v.Languages, summary(other))
	}
	return Answer{Data: v}, nil
}

// previewView is a template with its texts taken out of the components.
type previewView struct {
	templateView
	Preview textsView `json:"preview"`
}

// textsView is what a person sees of a template, or of one of its cards. The
// variables are those of header and body, in the order of attributes.
type textsView struct {
	Header    *headerView  `json:"header,omitempty"`
	Body      string       `json:"body"`
	Footer    string       `json:"footer,omitempty"`
	Buttons   []buttonView `json:"buttons,omitempty"`
	Cards     []textsView  `json:"cards,omitempty"`
	Variables []string     `json:"variables"`
}

type headerView struct {
	Format wa.HeaderFormat `json:"format"`
	Text   string          `json:"text,omitempty"`
}

type buttonView struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	URL   string `json:"url,omitempty"`
	Phone string `json:"phone_number,omitempty"`
}

// Preview tells what a person sees of a template.
func (a *API) Preview(ctx context.Context, r Request) (Answer, error) {
	m, _, err := a.one(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Data: previewView{templateView: viewTemplate(m), Preview: viewTexts(m.Definition)}}, nil
}

func viewTexts(d wa.TemplateDefinition) textsView {
	v := textsView{Body: d.Body, Footer: d.Footer, Variables: []string{}}
	if d.Header != nil {
		v.Header = &headerView{Format: d.Header.Format, Text: d.Header.Text}
	}
	v.Variables = append(v.Variables, d.Attributes()...)
	for _, b := range d.Buttons {
		v.Buttons = append(v.Buttons, buttonView{Type: b.Kind, Text: b.Text, URL: b.URL, Phone: b.Phone})
	}
	for _, card := range d.Cards {
		v.Cards = append(v.Cards, viewTexts(card))
	}
	return v
}

// one finds the template that a request is about, by Meta's id or by
// name and language, and all languages of it. Without a language it is an
// approved one, if there is one.
func (a *API) one(ctx context.Context, r Request) (m wa.StoredTemplate, all []wa.StoredTemplate, err error) {
	q, src := r.Fields, r.Source
	id, name := templateIDOf(q), templateNameOf(q)
	language := languageCode(q.Trimmed("language"))
	if id == "" && name == "" {
		q.Refuse("templatename", wa.RuleRequired, "")
	}
	if err := q.Failed(); err != nil {
		return m, nil, err
	}
	if id != "" {
		if m, err = a.templates.ByID(ctx, src, id); err != nil {
			return m, nil, Failure(err)
		}
		name, language = m.Name, m.Language
	}
	if all, err = a.templates.Find(ctx, src, name); err != nil {
		return m, nil, Failure(err)
	}
	m, err = chosen(all, language)
	return m, all, err
}

// Clients know the fields by these names.
func templateIDOf(q lenient.Reader) string {
	return strings.TrimSpace(q.First("template_id", "templateid", "nc_template_id", "id"))
}

func templateNameOf(q lenient.Reader) string {
	return strings.TrimSpace(q.First("template_name", "templatename", "name"))
}

func chosen(all []wa.StoredTemplate, language string) (wa.StoredTemplate, error) {
	best := 0
	for i, m := range all {
		if language != "" && strings.EqualFold(m.Language, language) {
			return m, nil
		}
		if all[best].Status != wa.TemplateApproved && m.Status == wa.TemplateApproved {
			best = i
		}
	}
	if language != "" || len(all) == 0 {
		return wa.StoredTemplate{}, failure.Refuse(wa.Problem{Field: "language", Rule: wa.RuleLanguage})
	}
	return all[best], nil
}

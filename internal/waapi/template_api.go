package waapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// The template API: the paths and fields that the vendor's own client sends.
// What it answers is not public; docs/template-api.md is the description of what
// we do.

// Templates is what the face needs of the template library. A call that goes to
// Meta may return a [*wa.OutcomeError].
type Templates interface {
	// Named returns the copies of a name in all languages, by language; it never
	// waits for Meta.
	Named(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error)
	// Find is Named, but CodeNotFound if there is none, and it waits for the
	// first list of all.
	Find(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error)
	// ByID returns the copy with Meta's id; CodeNotFound.
	ByID(ctx context.Context, src wa.Source, id string) (wa.StoredTemplate, error)
	// List returns a part of what the filter chooses, and how many there are.
	List(ctx context.Context, src wa.Source, f wa.TemplateFilter, limit, offset int) ([]wa.StoredTemplate, int, error)
	// Create makes a template at Meta.
	Create(ctx context.Context, src wa.Source, change wa.TemplateChange) (wa.StoredTemplate, error)
	// Edit changes one at Meta and returns what it is then.
	Edit(ctx context.Context, src wa.Source, m wa.StoredTemplate, change wa.TemplateChange) (wa.StoredTemplate, error)
	// Delete deletes one in a language, or in all if language is "";
	// CodeNotFound.
	Delete(ctx context.Context, src wa.Source, name, language string) error
}

// metainfoRoutes are served under both versions, and with and without the word
// template: the vendor's pages give some by their last word only.
func (s *Server) metainfoRoutes() []route {
	get := func(h handler) map[string]handler { return map[string]handler{http.MethodGet: h} }
	edit := map[string]handler{http.MethodPut: s.editTemplate, http.MethodPost: s.editTemplate}
	last := []route{
		{"list", get(s.listTemplates)},
		{"status", get(s.templateStatus)},
		{"preview", get(s.previewTemplate)},
		{"create", map[string]handler{http.MethodPost: s.createTemplate}},
		{"edit", edit},
		{"delete", map[string]handler{http.MethodPost: s.deleteTemplate, http.MethodDelete: s.deleteTemplate}},
		{"edit_category", map[string]handler{http.MethodPost: s.editCategory}},
		{"categorylist", get(s.listCategories)},
		{"languagelist", get(s.listLanguages)},
		{"create_media_handler", map[string]handler{http.MethodPost: s.postSample}},
		{"display_number_details", get(s.numberDetails)},
		{"profiledetails", get(s.profileDetails)},
		{"analytics", get(s.templateStatistics)},
	}
	var all []route
	for _, base := range []string{
		"/api/v2/metainfo/template/", "/api/v3/metainfo/template/", "/api/v2/metainfo/", "/api/v3/metainfo/",
	} {
		for _, r := range last {
			all = append(all, route{base + r.pattern, r.methods})
		}
	}
	return all
}

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

func (s *Server) listTemplates(w http.ResponseWriter, r *http.Request, c caller) error {
	q, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	f := wa.TemplateFilter{
		NameHas:  strings.TrimSpace(q.first("template_name", "templatename")),
		Status:   wa.TemplateStatus(strings.ToUpper(q.trimmed("status"))),
		Language: languageCode(q.trimmed("language")),
		Category: strings.ToUpper(q.trimmed("category")),
		Kinds:    templateKinds(q),
	}
	limit, offset := q.count("limit", maxTemplates), q.count("offset", 1<<31)
	if err := q.failed(); err != nil {
		return err
	}
	limit = cmp.Or(limit, defaultTemplates)
	found, total, err := s.templates.List(r.Context(), src, f, limit, offset)
	if err != nil {
		return metaFailure(err)
	}
	list := templateList{Templates: []templateView{}, Total: total, Limit: limit, Offset: offset}
	for _, m := range found {
		list.Templates = append(list.Templates, viewTemplate(m))
	}
	return succeed(w, "", list)
}

// count is a number from 0 to most.
func (r reader) count(field string, most int64) int {
	n := r.whole(field)
	if n < 0 || n > most {
		r.refuse(field, wa.RuleMalformed, fmt.Sprintf("can only be 0 to %d", most))
		return 0
	}
	return int(n)
}

// templateKinds reads template_type: numbers or words, with commas between. The
// vendor's pages list the types in this order; which number is which they do not
// say.
func templateKinds(q reader) []wa.TemplateKind {
	order := []wa.TemplateKind{wa.TemplateText, wa.TemplateMedia, wa.TemplateMultiProduct, wa.TemplateCatalogue}
	var kinds []wa.TemplateKind
	for part := range strings.SplitSeq(q.word("template_type"), ",") {
		part = strings.NewReplacer("-", "_", " ", "_").Replace(strings.TrimSpace(part))
		n, err := strconv.Atoi(part)
		switch {
		case part == "":
		case err == nil && n >= 1 && n <= len(order):
			kinds = append(kinds, order[n-1])
		case slices.Contains(order, wa.TemplateKind(part)):
			kinds = append(kinds, wa.TemplateKind(part))
		default:
			q.refuse("template_type", wa.RuleUnknown, "can only be 1 (text), 2 (media), 3 (multi_product) or 4 (catalogue)")
		}
	}
	return kinds
}

// templateStatusView is the status of a template, and of its other languages.
type templateStatusView struct {
	templateView
	Languages []templateView `json:"languages"`
}

func (s *Server) templateStatus(w http.ResponseWriter, r *http.Request, c caller) error {
	m, all, err := s.oneTemplate(w, r, c)
	if err != nil {
		return err
	}
	v := templateStatusView{templateView: summary(m)}
	for _, other := range all {
		v.Languages = append(v.Languages, summary(other))
	}
	return succeed(w, "", v)
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

func (s *Server) previewTemplate(w http.ResponseWriter, r *http.Request, c caller) error {
	m, _, err := s.oneTemplate(w, r, c)
	if err != nil {
		return err
	}
	return succeed(w, "", previewView{templateView: viewTemplate(m), Preview: viewTexts(m.Definition)})
}

func viewTexts(d wa.TemplateDefinition) textsView {
	v := textsView{Body: d.Body, Footer: d.Footer, Variables: []string{}}
	if d.Header != nil {
		v.Header = &headerView{Format: d.Header.Format, Text: d.Header.Text}
		v.Variables = append(v.Variables, wa.Variables(d.Header.Text)...)
	}
	v.Variables = append(v.Variables, wa.Variables(d.Body)...)
	for _, b := range d.Buttons {
		v.Buttons = append(v.Buttons, buttonView{Type: b.Kind, Text: b.Text, URL: b.URL, Phone: b.Phone})
	}
	for _, card := range d.Cards {
		v.Cards = append(v.Cards, viewTexts(card))
	}
	return v
}

// metainfo reads what every such request has: fields in the query or in a JSON
// body, which wins, and the source that the query names.
func (s *Server) metainfo(w http.ResponseWriter, r *http.Request, c caller) (reader, wa.Source, error) {
	fields, err := queryFields(r)
	if err != nil {
		return reader{}, wa.Source{}, err
	}
	id := fields.trimmed("source")
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.ContentLength != 0 {
		body, err := readJSON(w, r)
		if err != nil {
			return reader{}, wa.Source{}, err
		}
		fields = fields.with(newReader(body))
	}
	src, err := s.sourceOr(r.Context(), c.account, wa.SourceID(id))
	return fields, src, err
}

// queryFields reads a query like a JSON object; of a field that is there twice
// the first counts.
func queryFields(r *http.Request) (reader, error) {
	o := object{}
	for name, values := range r.URL.Query() {
		v, err := json.Marshal(values[0])
		if err != nil {
			return reader{}, fmt.Errorf("read query: %w", err)
		}
		o[name] = v
	}
	return newReader(o), nil
}

// sourceOr returns a source by id, or the account's default.
func (s *Server) sourceOr(ctx context.Context, account wa.AccountID, id wa.SourceID) (wa.Source, error) {
	return (&admission{s: s, account: account}).source(ctx, id)
}

// oneTemplate finds the template that a request is about, by Meta's id or by
// name and language, and all languages of it. Without a language it is an
// approved one, if there is one.
func (s *Server) oneTemplate(w http.ResponseWriter, r *http.Request, c caller) (
	m wa.StoredTemplate, all []wa.StoredTemplate, err error,
) {
	q, src, err := s.metainfo(w, r, c)
	if err != nil {
		return m, nil, err
	}
	id, name := templateIDOf(q), templateNameOf(q)
	language := languageCode(q.trimmed("language"))
	if id == "" && name == "" {
		q.refuse("templatename", wa.RuleRequired, "")
	}
	if err := q.failed(); err != nil {
		return m, nil, err
	}
	if id != "" {
		if m, err = s.templates.ByID(r.Context(), src, id); err != nil {
			return m, nil, metaFailure(err)
		}
		name, language = m.Name, m.Language
	}
	if all, err = s.templates.Find(r.Context(), src, name); err != nil {
		return m, nil, metaFailure(err)
	}
	m, err = chosen(all, language)
	return m, all, err
}

// Clients know the fields by these names.
func templateIDOf(q reader) string {
	return strings.TrimSpace(q.first("template_id", "templateid", "nc_template_id", "id"))
}

func templateNameOf(q reader) string {
	return strings.TrimSpace(q.first("template_name", "templatename", "name"))
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
		return wa.StoredTemplate{}, &failure{
			status: http.StatusOK, code: codeTemplateLanguage, message: vendorText(codeTemplateLanguage),
		}
	}
	return all[best], nil
}

// metaFailure is what a client is told of a call that came to Meta, or should
// have. What Meta refused is a refusal like any other, with Meta's words; without
// an answer of Meta's the client may come again.
func metaFailure(err error) error {
	if wa.CodeOf(err) == wa.CodeNotFound {
		return &failure{status: http.StatusOK, code: codeTemplate, message: vendorText(codeTemplate), err: err}
	}
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok {
		return err
	}
	f := e.Outcome.Failure
	code := cmp.Or(f.VendorCode, codePlatform)
	status := http.StatusOK
	if e.Outcome.Kind == wa.OutcomeLater && f.Code == 0 {
		status = http.StatusServiceUnavailable
	}
	// The same words as in the remark of a status, without the code before them
	// and with the details, which are what helps.
	message := strings.TrimPrefix(remark(f), code+" ")
	if f.Details != "" {
		message += ": " + f.Details
	}
	return &failure{status: status, code: code, message: message, err: err}
}

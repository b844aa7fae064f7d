package metainfo

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// templateMade is the answer to a change.
type templateMade struct {
	ID       string            `json:"template_id"`
	Name     string            `json:"template_name"`
	Language string            `json:"language"`
	Category string            `json:"category"`
	Status   wa.TemplateStatus `json:"status"`
}

func madeOf(m wa.StoredTemplate) templateMade {
	return templateMade{ID: m.ID, Name: m.Name, Language: m.Language, Category: m.Category, Status: m.Status}
}

// created are the fields that Meta knows of a new template, and edited those of
// one that is there. Whatever else a client sends stays here: the call carries
// the token of the source.
// https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates/
// and https://developers.facebook.com/docs/graph-api/reference/whats-app-business-hsm/ (read 2026-09).
func created() []string {
	return append(edited(), "name", "language", "sub_category", "allow_category_change",
		"library_template_name", "library_template_body_inputs", "library_template_button_inputs")
}

func edited() []string {
	return []string{
		"category", "components", "parameter_format", "message_send_ttl_seconds", "cta_url_link_tracking_opted_out",
		"display_format", "is_primary_device_delivery_only", "creative_sourcing_spec", "degrees_of_freedom_spec", "bid_spec",
	}
}

// Create takes Meta's fields as they are (v2) or in meta_payload (v3).
func (a *API) Create(ctx context.Context, r Request) (Answer, error) {
	p := metaPayload(r)
	change := changeOf(p, created())
	name, language, category := p.Trimmed("name"), languageCode(p.Trimmed("language")), strings.ToUpper(p.Trimmed("category"))
	for field, v := range map[string]string{"name": name, "language": language, "category": category} {
		change[field] = quoted(v)
	}
	switch {
	case name == "":
		p.Refuse("name", wa.RuleRequired, "")
	case len(name) > wa.MaxTemplateName || !metaName(name):
		p.Refuse("name", wa.RuleMalformed, "can only have a-z, 0-9 and _, at most 512 of them")
	case language == "":
		p.Refuse("language", wa.RuleRequired, "")
	case category == "":
		p.Refuse("category", wa.RuleRequired, "")
	case !slices.Contains(categories(), category):
		p.Refuse("category", wa.RuleUnknown, "can only be "+strings.Join(categories(), ", "))
	case !p.Has("components") && !p.Has("library_template_name"):
		p.Refuse("components", wa.RuleRequired, "")
	}
	if err := p.Failed(); err != nil {
		return Answer{}, err
	}
	m, err := a.templates.Create(ctx, r.Source, change)
	if err != nil {
		return Answer{}, Failure(err)
	}
	return Answer{"Template created successfully.", madeOf(m)}, nil
}

// metaPayload is where the fields for Meta stand in a request. What the body
// says wins over the query.
func metaPayload(r Request) lenient.Reader {
	query := r.Fields.Over(unquoted(r.Query))
	if !r.Fields.Has("meta_payload") {
		return query.With(r.Body)
	}
	p := r.Fields.Part("meta_payload")
	return p.Over(query.With(p).Object())
}

// unquoted makes of a query's fields for Meta what they would be in a body: a
// query has only strings, where a list, a number or a flag is meant.
func unquoted(query lenient.Object) lenient.Object {
	words := []string{
		"name", "language", "category", "sub_category", "parameter_format", "display_format", "library_template_name",
	}
	o := lenient.Object{}
	for _, name := range created() {
		v := query[name]
		if s, ok := v.Text(); ok && !slices.Contains(words, name) && json.Valid([]byte(s)) {
			v = lenient.Value(strings.TrimSpace(s))
		}
		if !v.Absent() {
			o[name] = v
		}
	}
	return o
}

// changeOf is those of the fields that go to Meta as they are. Meta takes lists
// where our clients may send an object.
func changeOf(r lenient.Reader, fields []string) wa.TemplateChange {
	change := wa.TemplateChange{}
	for _, name := range fields {
		v := r.Value(name)
		if v.Absent() {
			continue
		}
		if name == "components" && v[0] == '{' {
			v = slices.Concat(lenient.Value("["), v, lenient.Value("]"))
		}
		change[name] = json.RawMessage(v)
	}
	return change
}

func quoted(s string) json.RawMessage {
	data, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // a string always encodes
	}
	return data
}

// metaName reports whether Meta takes a name for a new template. Capitals are
// refused and not changed: the client would look for the name it gave.
func metaName(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func categories() []string { return []string{"MARKETING", "UTILITY", "AUTHENTICATION"} }

// Edit changes the template that the request names by id, or by name and
// language.
func (a *API) Edit(ctx context.Context, r Request) (Answer, error) {
	q, src := r.Fields, r.Source
	p := metaPayload(r)
	m, err := a.subject(ctx, src, q.With(q.Part("meta_payload")))
	if err != nil {
		return Answer{}, err
	}
	change := changeOf(p, edited())
	if category := strings.ToUpper(p.Trimmed("category")); category == m.Category {
		// The vendor's client always sends it, and Meta refuses it for an
		// approved template.
		delete(change, "category")
	} else if category != "" {
		change["category"] = quoted(category)
	}
	if err := p.Failed(); err != nil {
		return Answer{}, err
	}
	if len(change) == 0 {
		return Answer{}, failure.Refuse(wa.Problem{Field: "components", Rule: wa.RuleRequired})
	}
	if m, err = a.templates.Edit(ctx, src, m, change); err != nil {
		return Answer{}, Failure(err)
	}
	return Answer{"Template updated successfully.", madeOf(m)}, nil
}

// naming is how a change names its template.
type naming struct {
	// id is Meta's; "" if the change names none.
	id string
	// name and language are "" if the change does not say them.
	name, nameField, language string
}

// readWords refuses a change that says two things of one: which of them is meant
// nobody knows. id and nc_template_id may be a number of the client's own, so
// they name a template only beside a name or Meta's id, with which they have to
// agree.
func readNaming(q lenient.Reader) naming {
	id, _ := same(q, "template_id", "templateid")
	name, nameField := same(q, "template_name", "templatename", "name")
	if id != "" || name != "" {
		id, _ = same(q, "template_id", "templateid", "nc_template_id", "id")
	}
	return naming{id: id, name: name, nameField: nameField, language: languageCode(q.Trimmed("language"))}
}

// same reads what several fields have to agree on, and the field that says it.
func same(q lenient.Reader, fields ...string) (value, field string) {
	for _, f := range fields {
		switch v := q.Trimmed(f); {
		case v == "" || v == value:
		case value == "":
			value, field = v, f
		default:
			q.Refuse(f, wa.RuleMalformed, "is not the same as "+field)
		}
	}
	return value, field
}

// subject finds the one template that a change is about. All that the request
// says of it has to be true: an id with the name of another template is a
// mistake, and who knows of which. A name without a language is enough if there
// is only one.
func (a *API) subject(ctx context.Context, src wa.Source, q lenient.Reader) (wa.StoredTemplate, error) {
	w := readNaming(q)
	if w.id == "" && w.name == "" {
		q.Refuse("template_id", wa.RuleRequired, "")
	}
	if err := q.Failed(); err != nil {
		return wa.StoredTemplate{}, err
	}
	if w.id != "" {
		return a.identified(ctx, src, q, w)
	}
	all, err := a.templates.Find(ctx, src, w.name)
	if err != nil {
		return wa.StoredTemplate{}, Failure(err)
	}
	if w.language == "" && len(all) > 1 {
		return wa.StoredTemplate{}, failure.Refuse(wa.Problem{Field: "language", Rule: wa.RuleRequired})
	}
	return chosen(all, w.language)
}

// identified finds a template by Meta's id and compares the other words.
func (a *API) identified(ctx context.Context, src wa.Source, q lenient.Reader, w naming) (wa.StoredTemplate, error) {
	m, err := a.templates.ByID(ctx, src, w.id)
	if err != nil {
		return wa.StoredTemplate{}, Failure(err)
	}
	const other = "is not that of the template with this id"
	switch {
	case w.name != "" && w.name != m.Name:
		q.Refuse(w.nameField, wa.RuleMalformed, other)
	case w.language != "" && !strings.EqualFold(w.language, m.Language):
		q.Refuse("language", wa.RuleMalformed, other)
	}
	return m, q.Failed()
}

// EditCategory asks Meta for another category. What stop_at_cc stops at is a
// matter of the vendor's panel; it is read and not used.
func (a *API) EditCategory(ctx context.Context, r Request) (Answer, error) {
	q, src := r.Fields, r.Source
	category := strings.ToUpper(q.Trimmed("new_category"))
	q.Flag("stop_at_cc")
	switch mode := q.Word("template_save_mode"); {
	case category == "":
		q.Refuse("new_category", wa.RuleRequired, "")
	case !slices.Contains(categories(), category):
		q.Refuse("new_category", wa.RuleUnknown, "can only be "+strings.Join(categories(), ", "))
	case mode == "draft":
		q.Refuse("template_save_mode", wa.RuleUnknown, "can only be publish: drafts are not kept")
	case mode != "" && mode != "publish":
		q.Refuse("template_save_mode", wa.RuleUnknown, "can only be publish")
	}
	if err := q.Failed(); err != nil {
		return Answer{}, err
	}
	m, err := a.subject(ctx, src, q)
	if err != nil {
		return Answer{}, err
	}
	if m.Category != category {
		if m, err = a.templates.Edit(ctx, src, m, wa.TemplateChange{"category": quoted(category)}); err != nil {
			return Answer{}, Failure(err)
		}
	}
	return Answer{"Template category updated successfully.", madeOf(m)}, nil
}

// Delete deletes the template that the request names by id, or by name and
// language; a name alone means all its languages.
func (a *API) Delete(ctx context.Context, r Request) (Answer, error) {
	q, src := r.Fields, r.Source
	w := readNaming(q)
	if w.id == "" && w.name == "" {
		q.Refuse("name", wa.RuleRequired, "")
	}
	if err := q.Failed(); err != nil {
		return Answer{}, err
	}
	done := Answer{"Template deleted successfully.", nil}
	if w.id == "" && w.language == "" {
		return done, orFailure(a.templates.DeleteNamed(ctx, src, w.name))
	}
	m, err := a.subject(ctx, src, q)
	if err != nil {
		return Answer{}, err
	}
	return done, orFailure(a.templates.Delete(ctx, src, m))
}

func orFailure(err error) error {
	if err == nil {
		return nil
	}
	return Failure(err)
}

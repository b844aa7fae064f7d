package metainfo

import (
	"context"
	"encoding/json"
	"maps"
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

// Create takes Meta's fields as they are (v2) or in meta_payload (v3).
func (a *API) Create(ctx context.Context, r Request) (Answer, error) {
	p := metaPayload(r)
	change := changeOf(p, "name", "language", "category")
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

// metaPayload is what goes to Meta of a request: nothing of the query.
func metaPayload(r Request) lenient.Reader {
	q := r.Fields
	if q.Has("meta_payload") {
		return q.Part("meta_payload")
	}
	return q.Without(slices.AppendSeq([]string{"nc_payload", "source"}, maps.Keys(r.Query))...)
}

// changeOf is the fields that go to Meta as they are. Meta takes lists where our
// clients may send an object.
func changeOf(r lenient.Reader, without ...string) wa.TemplateChange {
	change := wa.TemplateChange{}
	for name, v := range r.Object() {
		if v.Absent() || slices.Contains(without, name) {
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
	m, err := a.editable(ctx, src, q.With(p))
	if err != nil {
		return Answer{}, err
	}
	change := changeOf(p, "name", "language", "id", "template_id", "templateid", "nc_template_id", "template_name", "templatename",
		"allow_category_change")
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

// editable finds the one template that a change is about. A name without a
// language is enough if there is only one.
func (a *API) editable(ctx context.Context, src wa.Source, q lenient.Reader) (wa.StoredTemplate, error) {
	id, name, language := templateIDOf(q), templateNameOf(q), languageCode(q.Trimmed("language"))
	if id == "" && name == "" {
		q.Refuse("template_id", wa.RuleRequired, "")
	}
	if err := q.Failed(); err != nil {
		return wa.StoredTemplate{}, err
	}
	if id != "" {
		m, err := a.templates.ByID(ctx, src, id)
		return m, orFailure(err)
	}
	all, err := a.templates.Find(ctx, src, name)
	if err != nil {
		return wa.StoredTemplate{}, Failure(err)
	}
	if language == "" && len(all) > 1 {
		return wa.StoredTemplate{}, failure.Refuse(wa.Problem{Field: "language", Rule: wa.RuleRequired})
	}
	return chosen(all, language)
}

func orFailure(err error) error {
	if err == nil {
		return nil
	}
	return Failure(err)
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
	m, err := a.editable(ctx, src, q)
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

// Delete deletes a template in one language, or in all of them.
func (a *API) Delete(ctx context.Context, r Request) (Answer, error) {
	q, src := r.Fields, r.Source
	name, language := templateNameOf(q), languageCode(q.Trimmed("language"))
	if name == "" {
		q.Refuse("name", wa.RuleRequired, "")
	}
	if err := q.Failed(); err != nil {
		return Answer{}, err
	}
	if language != "" {
		// So that a wrong language is told from a wrong name.
		m, err := a.editable(ctx, src, q)
		if err != nil {
			return Answer{}, err
		}
		language = m.Language
	}
	if err := a.templates.Delete(ctx, src, name, language); err != nil {
		return Answer{}, Failure(err)
	}
	return Answer{"Template deleted successfully.", nil}, nil
}

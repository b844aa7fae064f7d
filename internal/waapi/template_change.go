package waapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/wa"
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

// createTemplate takes Meta's fields as they are (v2) or in meta_payload (v3).
func (s *Server) createTemplate(w http.ResponseWriter, r *http.Request, c caller) error {
	q, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	p := metaPayload(r, q)
	change := p.change("name", "language", "category")
	name, language, category := p.trimmed("name"), languageCode(p.trimmed("language")), strings.ToUpper(p.trimmed("category"))
	for field, v := range map[string]string{"name": name, "language": language, "category": category} {
		change[field] = quoted(v)
	}
	switch {
	case name == "":
		p.refuse("name", wa.RuleRequired, "")
	case len(name) > wa.MaxTemplateName || !metaName(name):
		p.refuse("name", wa.RuleMalformed, "can only have a-z, 0-9 and _, at most 512 of them")
	case language == "":
		p.refuse("language", wa.RuleRequired, "")
	case category == "":
		p.refuse("category", wa.RuleRequired, "")
	case !slices.Contains(categories(), category):
		p.refuse("category", wa.RuleUnknown, "can only be "+strings.Join(categories(), ", "))
	case !p.has("components") && !p.has("library_template_name"):
		p.refuse("components", wa.RuleRequired, "")
	}
	if err := p.failed(); err != nil {
		return err
	}
	m, err := s.templates.Create(r.Context(), src, change)
	if err != nil {
		return metaFailure(err)
	}
	return succeed(w, "Template created successfully.", madeOf(m))
}

// metaPayload is what goes to Meta of a request: nothing of the query.
func metaPayload(r *http.Request, q reader) reader {
	if q.has("meta_payload") {
		return q.part("meta_payload")
	}
	return q.without(slices.AppendSeq([]string{"nc_payload", "source"}, maps.Keys(r.URL.Query()))...)
}

// change is the fields that go to Meta as they are. Meta takes lists where our
// clients may send an object.
func (r reader) change(without ...string) wa.TemplateChange {
	change := wa.TemplateChange{}
	for name, v := range r.o {
		if v.absent() || slices.Contains(without, name) {
			continue
		}
		if name == "components" && v[0] == '{' {
			v = slices.Concat(value("["), v, value("]"))
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

// editTemplate changes the template that the request names by id, or by name and
// language.
func (s *Server) editTemplate(w http.ResponseWriter, r *http.Request, c caller) error {
	q, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	p := metaPayload(r, q)
	m, err := s.editable(r, src, q.with(p))
	if err != nil {
		return err
	}
	change := p.change("name", "language", "id", "template_id", "templateid", "nc_template_id", "template_name", "templatename",
		"allow_category_change")
	if category := strings.ToUpper(p.trimmed("category")); category == m.Category {
		// The vendor's client always sends it, and Meta refuses it for an
		// approved template.
		delete(change, "category")
	} else if category != "" {
		change["category"] = quoted(category)
	}
	if err := p.failed(); err != nil {
		return err
	}
	if len(change) == 0 {
		return refuse(wa.Problem{Field: "components", Rule: wa.RuleRequired})
	}
	if m, err = s.templates.Edit(r.Context(), src, m, change); err != nil {
		return metaFailure(err)
	}
	return succeed(w, "Template updated successfully.", madeOf(m))
}

// editable finds the one template that a change is about. A name without a
// language is enough if there is only one.
func (s *Server) editable(r *http.Request, src wa.Source, q reader) (wa.StoredTemplate, error) {
	id, name, language := templateIDOf(q), templateNameOf(q), languageCode(q.trimmed("language"))
	if id == "" && name == "" {
		q.refuse("template_id", wa.RuleRequired, "")
	}
	if err := q.failed(); err != nil {
		return wa.StoredTemplate{}, err
	}
	if id != "" {
		m, err := s.templates.ByID(r.Context(), src, id)
		return m, orMetaFailure(err)
	}
	all, err := s.templates.Find(r.Context(), src, name)
	if err != nil {
		return wa.StoredTemplate{}, metaFailure(err)
	}
	if language == "" && len(all) > 1 {
		return wa.StoredTemplate{}, refuse(wa.Problem{Field: "language", Rule: wa.RuleRequired})
	}
	return chosen(all, language)
}

func orMetaFailure(err error) error {
	if err == nil {
		return nil
	}
	return metaFailure(err)
}

// editCategory asks Meta for another category. What stop_at_cc stops at is a
// matter of the vendor's panel; it is read and not used.
func (s *Server) editCategory(w http.ResponseWriter, r *http.Request, c caller) error {
	q, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	category := strings.ToUpper(q.trimmed("new_category"))
	q.flag("stop_at_cc")
	switch mode := q.word("template_save_mode"); {
	case category == "":
		q.refuse("new_category", wa.RuleRequired, "")
	case !slices.Contains(categories(), category):
		q.refuse("new_category", wa.RuleUnknown, "can only be "+strings.Join(categories(), ", "))
	case mode == "draft":
		q.refuse("template_save_mode", wa.RuleUnknown, "can only be publish: drafts are not kept")
	case mode != "" && mode != "publish":
		q.refuse("template_save_mode", wa.RuleUnknown, "can only be publish")
	}
	if err := q.failed(); err != nil {
		return err
	}
	m, err := s.editable(r, src, q)
	if err != nil {
		return err
	}
	if m.Category != category {
		if m, err = s.templates.Edit(r.Context(), src, m, wa.TemplateChange{"category": quoted(category)}); err != nil {
			return metaFailure(err)
		}
	}
	return succeed(w, "Template category updated successfully.", madeOf(m))
}

// deleteTemplate deletes a template in one language, or in all of them.
func (s *Server) deleteTemplate(w http.ResponseWriter, r *http.Request, c caller) error {
	q, src, err := s.metainfo(w, r, c)
	if err != nil {
		return err
	}
	name, language := templateNameOf(q), languageCode(q.trimmed("language"))
	if name == "" {
		q.refuse("name", wa.RuleRequired, "")
	}
	if err := q.failed(); err != nil {
		return err
	}
	if language != "" {
		// So that a wrong language is told from a wrong name.
		m, err := s.editable(r, src, q)
		if err != nil {
			return err
		}
		language = m.Language
	}
	if err := s.templates.Delete(r.Context(), src, name, language); err != nil {
		return metaFailure(err)
	}
	return succeed(w, "Template deleted successfully.", nil)
}

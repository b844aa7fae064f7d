package admission

import (
	"context"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
)

// templateName names a template in all its languages.
type templateName struct{ wabaID, name string }

// template puts the values of a message into the places that its template has,
// if the template is known. One that is not may have been made at Meta a moment
// ago, and its list may not be had in time: Meta decides, and says no in a status.
func (v *visit) template(ctx context.Context, src wa.Source, to wa.Recipient, t wa.Template) (wa.Template, error) {
	fallback, filling := t.Fallback, open(wa.FillingOf(t))
	t.Fallback, t.Placed = false, false // Meta has only deterministic, and components
	all, err := remember(v.templates, templateName{src.Number.WABAID, t.Name}, func() ([]wa.StoredTemplate, error) {
		return v.named(ctx, src, t.Name)
	})
	if err != nil {
		return t, err
	}
	if len(all) == 0 {
		return t, nil
	}
	m, ok := spoken(all, t.Language, fallback)
	if !ok {
		return t, failure.Refuse(wa.Problem{Field: "locale", Rule: wa.RuleLanguage})
	}
	if m.Status != wa.TemplateApproved {
		return t, failure.Refuse(wa.Problem{Field: "template.status", Rule: wa.RuleTemplate, Detail: strings.ToLower(string(m.Status))})
	}
	if m.Definition.Authentication && to.Kind == wa.Group {
		return t, failure.Refuse(wa.Problem{Field: "recipient_type", Rule: wa.RuleMalformed, Detail: "cannot be group for an authentication template"})
	}
	if m.Definition.Authentication && to.Kind == wa.User {
		// Meta's code 131062; it would come after the message was taken.
		return t, failure.Refuse(wa.Problem{Field: "recipient_whatsapp", Rule: wa.RuleMalformed, Detail: "must be a phone number for an authentication template"})
	}
	parts, ps := filling.Fit(m.Definition)
	if len(ps) > 0 {
		return t, failure.Refuse(ps[0])
	}
	t.Components, t.Language = parts, m.Language
	return t, nil
}

// named finds a template in all its languages, here or at Meta.
func (v *visit) named(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error) {
	all, err := v.g.o.Templates.Named(ctx, src, name)
	if err != nil || len(all) > 0 || v.looked[src.Number.WABAID] {
		return all, err
	}
	v.looked[src.Number.WABAID] = true
	return v.g.o.Templates.Look(ctx, src, name)
}

// open forgets which kind of button was guessed: the template knows better.
func open(f wa.Filling) wa.Filling {
	for i, b := range f.Buttons {
		if b.Kind == wa.ButtonURL || b.Kind == wa.ButtonQuickReply {
			f.Buttons[i].Kind = ""
		}
	}
	for i, card := range f.Cards {
		f.Cards[i] = open(card)
	}
	return f
}

// spoken finds a template in a language. With the policy fallback, an approved
// one in the same language of another country will do, and then any approved
// one.
func spoken(all []wa.StoredTemplate, language string, fallback bool) (wa.StoredTemplate, bool) {
	for _, m := range all {
		if strings.EqualFold(m.Language, language) {
			if m.Status == wa.TemplateApproved || !fallback {
				return m, true
			}
		}
	}
	if !fallback {
		return wa.StoredTemplate{}, false
	}
	var other *wa.StoredTemplate
	base, _, _ := strings.Cut(language, "_")
	for i, m := range all {
		if m.Status != wa.TemplateApproved {
			continue
		}
		if their, _, _ := strings.Cut(m.Language, "_"); strings.EqualFold(their, base) {
			return m, true
		}
		if other == nil {
			other = &all[i]
		}
	}
	if other != nil {
		return *other, true
	}
	return all[0], true // none can be sent; it says why
}

// category is what a message is for; "" for a template of which we have no copy.
func (v *visit) category(src wa.Source, c wa.Content) wa.Category {
	t, ok := c.(wa.Template)
	if !ok {
		return wa.CategoryService
	}
	for _, m := range v.templates[templateName{src.Number.WABAID, t.Name}] {
		if c := wa.Category(strings.ToLower(m.Category)); m.Language == t.Language && c.Valid() {
			return c
		}
	}
	return ""
}

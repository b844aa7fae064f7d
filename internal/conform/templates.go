package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Template is a message template that cases expect at Meta.
type Template struct {
	// Key is the name by which the cases call Meta's id of it.
	Key string `json:"id"`
	// Name and Language tell it from the others of an account.
	Name     string `json:"name"`
	Language string `json:"language"`
	Category string `json:"category"`
	// Status is one of Meta's, such as APPROVED.
	Status string `json:"status"`
	// Format is Meta's parameter_format; "" for POSITIONAL.
	Format string `json:"parameter_format,omitempty"`
	// Components are as Meta has them.
	Components json.RawMessage `json:"components"`
}

// ReadTemplates reads a list of templates, a JSON array.
func ReadTemplates(text []byte) ([]Template, error) {
	var list []Template
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for i, t := range list {
		if t.Key == "" || t.Name == "" || t.Language == "" || t.Status == "" {
			return nil, fmt.Errorf("templates: number %d has no id, name, language or status", i+1)
		}
	}
	return list, nil
}

// seenTemplate is a template as the API lists it.
type seenTemplate struct {
	ID       json.RawMessage `json:"template_id"`
	Name     string          `json:"template_name"`
	Language string          `json:"language"`
	Status   string          `json:"status"`
}

// A server may take a moment to learn of a change at Meta: it is asked so often,
// with so much time between.
const (
	templateTries = 300
	templatePause = 100 * time.Millisecond
)

// templates sees to it that the server knows the templates of the cases, and
// keeps their ids. With a simulator they are put there.
func (r *Remote) templates(ctx context.Context) (string, error) {
	if _, err := r.get(ctx, "source"); err != nil {
		return "", err
	}
	r.ids = map[string]string{}
	if r.Simulator == "" {
		missing, err := r.missingTemplate(ctx)
		if err == nil && missing != "" {
			err = NotKnown(missing + "; have those of conformance/templates.json at Meta, or let --simulator have them")
		}
		return "known", err
	}
	// The cases edit some.
	r.later(r.putTemplates)
	if err := r.putTemplates(ctx); err != nil {
		return "", err
	}
	return "known", r.awaitTemplates(ctx)
}

// awaitTemplates returns once the server has the templates of the simulator.
func (r *Remote) awaitTemplates(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	pause := time.NewTicker(templatePause)
	defer pause.Stop()
	missing := ""
	for range templateTries {
		var err error
		if missing, err = r.missingTemplate(ctx); missing == "" && err == nil {
			return nil
		} else if _, none := errors.AsType[NotKnown](err); none {
			return err
		}
		select {
		case <-ctx.Done():
		case <-pause.C:
			continue
		}
		break
	}
	return fmt.Errorf("the simulator has the templates, but %s: point the simulator's callbacks at the server, with the source's app "+
		"secret", missing)
}

// missingTemplate says which template the server does not have as the cases
// want it, "" if it has them all, whose ids are then known.
func (r *Remote) missingTemplate(ctx context.Context) (string, error) {
	where := "/api/v3/metainfo/template/list?limit=1000&source=" + url.QueryEscape(raw(r.first.ID))
	answer, err := r.call(ctx, http.MethodGet, where, r.Token, nil)
	if no, ok := errors.AsType[*refused](err); ok && no.absent() {
		return "", NotKnown("the server lists no templates")
	}
	if err != nil {
		return "the server lists none of them", err
	}
	seen := map[[2]string]seenTemplate{}
	for _, s := range dataOf[struct{ Templates []seenTemplate }](answer).Templates {
		seen[[2]string{s.Name, s.Language}] = s
	}
	for _, t := range r.Templates {
		s, ok := seen[[2]string{t.Name, t.Language}]
		if !ok || s.Status != t.Status || r.ids[t.Key] != "" && r.ids[t.Key] != raw(s.ID) {
			return fmt.Sprintf("the server does not list %s in %s as %s", t.Name, t.Language, t.Status), nil
		}
	}
	for _, t := range r.Templates {
		r.ids[t.Key] = raw(seen[[2]string{t.Name, t.Language}].ID)
	}
	return "", nil
}

// templateID is how the id of a template is found.
func (r *Remote) templateID(key string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if _, err := r.get(ctx, "meta_templates"); err != nil {
			return "", err
		}
		if r.ids[key] == "" {
			return "", NotKnown("give it with --set " + key + "=…")
		}
		return r.ids[key], nil
	}
}

// metaTemplate is a template as the simulator has it.
type metaTemplate struct {
	ID         string          `json:"id"`
	Status     string          `json:"status"`
	Category   string          `json:"category"`
	Quality    string          `json:"quality"`
	Components json.RawMessage `json:"components"`
}

// putTemplates puts those templates at the simulator's Meta that are not there as
// they should be.
func (r *Remote) putTemplates(ctx context.Context) error {
	for _, t := range r.Templates {
		id, err := r.putTemplate(ctx, t)
		if err != nil {
			return fmt.Errorf("template %s: %w", t.Name, err)
		}
		r.ids[t.Key] = id
	}
	return nil
}

// goodQuality is what the templates of the cases have.
const goodQuality = "GREEN"

func (r *Remote) putTemplate(ctx context.Context, t Template) (id string, err error) {
	waba := raw(r.first.WABAID)
	query := url.Values{"waba_id": {waba}, "name": {t.Name}, "language": {t.Language}}
	var there struct{ Templates []metaTemplate }
	if err := r.control(ctx, http.MethodGet, "/templates?"+query.Encode(), nil, &there); err != nil {
		return "", err
	}
	for _, m := range there.Templates {
		if m.Status == t.Status && m.Category == t.Category && m.Quality == goodQuality && sameJSON(m.Components, t.Components) {
			return m.ID, nil
		}
	}
	// It comes in another status, for only a change is called back.
	var made metaTemplate
	err = r.control(ctx, http.MethodPost, "/templates", map[string]any{
		"waba_id": waba, "name": t.Name, "language": t.Language, "category": t.Category, "status": "DISABLED",
		"parameter_format": t.Format, "components": t.Components,
	}, &made)
	if err != nil {
		return "", err
	}
	return made.ID, r.control(ctx, http.MethodPut, "/templates/"+url.PathEscape(made.ID),
		map[string]string{"status": t.Status, "quality": goodQuality}, nil)
}

// sameJSON compares texts that may only differ in their white space.
func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

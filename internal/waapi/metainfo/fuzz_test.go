package metainfo

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// shelf is three templates, two of them in one name, and what became of them.
type shelf struct {
	list    []wa.StoredTemplate
	change  wa.TemplateChange
	deleted []wa.StoredTemplate
	// named is the name that was deleted in all its languages.
	named  string
	filter *wa.TemplateFilter
	limit  int
}

func newShelf() *shelf {
	return &shelf{list: []wa.StoredTemplate{
		{ID: "11", Name: "multi", Language: "de", Category: "UTILITY", Status: wa.TemplateApproved},
		{ID: "12", Name: "multi", Language: "en", Category: "UTILITY", Status: wa.TemplatePaused},
		{ID: "13", Name: "second", Language: "de", Category: "MARKETING", Status: wa.TemplateApproved},
	}}
}

func (s *shelf) Find(_ context.Context, _ wa.Source, name string) ([]wa.StoredTemplate, error) {
	found := slices.DeleteFunc(slices.Clone(s.list), func(m wa.StoredTemplate) bool { return m.Name != name })
	if len(found) == 0 {
		return nil, wa.NotFound("template")
	}
	return found, nil
}

func (s *shelf) ByID(_ context.Context, _ wa.Source, id string) (wa.StoredTemplate, error) {
	for _, m := range s.list {
		if m.ID == id {
			return m, nil
		}
	}
	return wa.StoredTemplate{}, wa.NotFound("template")
}

func (s *shelf) List(_ context.Context, _ wa.Source, f wa.TemplateFilter, limit, _ int) ([]wa.StoredTemplate, int, error) {
	s.filter, s.limit = &f, limit
	return s.list, len(s.list), nil
}

func (s *shelf) Create(_ context.Context, _ wa.Source, change wa.TemplateChange) (wa.StoredTemplate, error) {
	s.change = change
	return wa.StoredTemplate{ID: "14"}, nil
}

func (s *shelf) Edit(_ context.Context, _ wa.Source, m wa.StoredTemplate, change wa.TemplateChange) (wa.StoredTemplate, error) {
	s.change = change
	return m, nil
}

func (s *shelf) Delete(_ context.Context, _ wa.Source, m wa.StoredTemplate) error {
	s.deleted = append(s.deleted, m)
	return nil
}

func (s *shelf) DeleteNamed(_ context.Context, _ wa.Source, name string) error {
	s.named = name
	return nil
}

// caller is one of the calls.
type caller func(*API, context.Context, Request) (Answer, error)

// ask makes a call; the body wins over nothing, as there is no query.
func ask(t *testing.T, s *shelf, call caller, body []byte) (lenient.Object, error) {
	t.Helper()
	o, err := lenient.Parse(body)
	if err != nil {
		return nil, err
	}
	a, fields := New(s, nil, time.Now), lenient.NewReader(o)
	_, err = call(a, t.Context(), Request{Fields: fields, Query: lenient.Object{}, Body: fields})
	if err == nil {
		return o, nil
	}
	if f := failure.Of(err); f.Code == "" || f.Code == failure.CodeTechnical || f.Message == "" {
		t.Errorf("refused without a code and a text: %v", err)
	}
	return o, err
}

func FuzzListFilters(f *testing.F) {
	f.Add([]byte(`{"limit":"10","offset":0,"status":"Approved","language":"English","template_type":"1,2","template_name":"order"}`))
	f.Add([]byte(`{"limit":1e3,"template_type":[1],"category":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newShelf()
		if _, err := ask(t, s, (*API).List, body); err != nil {
			return
		}
		if s.filter == nil || s.limit < 1 || s.limit > maxTemplates {
			t.Errorf("listed %d with %+v", s.limit, s.filter)
		}
	})
}

// FuzzChanges: what goes to Meta is fields that Meta knows, as JSON.
func FuzzChanges(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","language":"English","category":"utility","components":{"type":"BODY"},"access_token":"x"}`,
		`{"meta_payload":{"name":"multi","language":"de","components":[],"category":"MARKETING","fields":"id"},"nc_payload":{}}`,
		`{"meta_payload":[{"name":"second","message_send_ttl_seconds":60}],"template_id":13}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, row := range []struct {
			call    caller
			allowed []string
		}{{(*API).Create, created()}, {(*API).Edit, edited()}} {
			s := newShelf()
			if _, err := ask(t, s, row.call, body); err != nil {
				continue
			}
			for field := range s.change {
				if !slices.Contains(row.allowed, field) {
					t.Errorf("Meta gets %s", field)
				}
			}
			if _, err := json.Marshal(s.change); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzDelete: what is deleted is what every word of the request says.
func FuzzDelete(f *testing.F) {
	for _, seed := range []string{
		`{"name":"multi"}`, `{"name":"multi","language":"German"}`, `{"template_id":11}`, `{"template_id":"11","name":"second","language":"en"}`,
		`{"template_id":"11","name":"multi"}`, `{"id":"11","name":"multi"}`, `{"nc_template_id":"13","template_name":"multi"}`, `{"id":12}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newShelf()
		o, err := ask(t, s, (*API).Delete, body)
		if done := len(s.deleted) + len(s.named); (err == nil) != (done > 0) {
			t.Fatalf("deleted %v and all of %q, but told %v", s.deleted, s.named, err)
		}
		says := func(field, want string) bool {
			v, _ := o.Trimmed(field)
			return v == "" || v == want
		}
		for _, m := range s.deleted {
			for _, field := range []string{"template_id", "templateid", "nc_template_id", "id"} {
				if !says(field, m.ID) {
					t.Errorf("%s deleted %+v", body, m)
				}
			}
			language, _ := o.Trimmed("language")
			if !says("name", m.Name) || !says("template_name", m.Name) || (language != "" && !strings.EqualFold(languageCode(language), m.Language)) {
				t.Errorf("%s deleted %+v", body, m)
			}
		}
		if s.named != "" {
			for _, field := range []string{"template_id", "templateid", "nc_template_id", "id", "language"} {
				if !says(field, "") {
					t.Errorf("%s deleted all of %s", body, s.named)
				}
			}
		}
	})
}

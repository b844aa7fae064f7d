package waapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/admission"
	"github.com/waypost/waypost/internal/waapi/lenient"
	"github.com/waypost/waypost/internal/waapi/metainfo"
)

// Templates is what the face needs of the template library. A call that goes to
// Meta may return a [*wa.OutcomeError].
type Templates interface {
	metainfo.Templates
	admission.Templates
}

// Meta is what the face asks Meta itself, without keeping the answer. Errors are
// [*wa.OutcomeError]s.
type Meta interface {
	metainfo.Meta
	// UploadSample gives Meta the sample of a template's header and returns its
	// handle.
	UploadSample(context.Context, wa.Number, wa.File) (string, error)
	// MarkRead tells who wrote an inbound message that it was read, and with
	// typing, that an answer is being written.
	MarkRead(ctx context.Context, n wa.Number, wamid string, typing bool) error
}

// metainfoRoutes are served under both versions, and with and without the word
// template: the vendor's pages give some by their last word only.
func (s *Server) metainfoRoutes() []route {
	calls := metainfo.New(s.templates, s.meta, s.now)
	get := func(h handler) map[string]handler { return map[string]handler{http.MethodGet: h} }
	edit, drop := s.metainfo(calls.Edit), s.metainfo(calls.Delete)
	last := []route{
		{"list", get(s.metainfo(calls.List))},
		{"status", get(s.metainfo(calls.Status))},
		{"preview", get(s.metainfo(calls.Preview))},
		{"create", map[string]handler{http.MethodPost: s.metainfo(calls.Create)}},
		{"edit", map[string]handler{http.MethodPut: edit, http.MethodPost: edit}},
		{"delete", map[string]handler{http.MethodPost: drop, http.MethodDelete: drop}},
		{"edit_category", map[string]handler{http.MethodPost: s.metainfo(calls.EditCategory)}},
		{"categorylist", get(always(metainfo.Categories()))},
		{"languagelist", get(always(metainfo.Languages()))},
		{"create_media_handler", map[string]handler{http.MethodPost: s.postSample}},
		{"display_number_details", get(s.metainfo(calls.Number))},
		{"profiledetails", get(s.metainfo(calls.Profile))},
		{"analytics", get(s.metainfo(calls.Statistics))},
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

// metainfo serves a call.
func (s *Server) metainfo(call func(context.Context, metainfo.Request) (metainfo.Answer, error)) handler {
	return func(w http.ResponseWriter, r *http.Request, c caller) error {
		request, err := s.readMetainfo(w, r, c)
		if err != nil {
			return err
		}
		a, err := call(r.Context(), request)
		if err != nil {
			return err
		}
		return succeed(w, a.Message, a.Data)
	}
}

// always serves the same answer to everybody.
func always(a metainfo.Answer) handler {
	return func(w http.ResponseWriter, _ *http.Request, _ caller) error { return succeed(w, a.Message, a.Data) }
}

// readMetainfo reads what every such request has: fields in the query or in a
// JSON body, which wins, and the source that they name.
func (s *Server) readMetainfo(w http.ResponseWriter, r *http.Request, c caller) (metainfo.Request, error) {
	query, err := queryFields(r)
	if err != nil {
		return metainfo.Request{}, err
	}
	fields := lenient.NewReader(query)
	said := fields.Over(nil)
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.ContentLength != 0 {
		body, err := readJSON(w, r)
		if err != nil {
			return metainfo.Request{}, err
		}
		said = fields.Over(body)
		fields = fields.With(said)
	}
	id := fields.Trimmed("source")
	if err := fields.Failed(); err != nil {
		return metainfo.Request{}, err
	}
	src, err := s.gate.Source(r.Context(), c.account, wa.SourceID(id))
	return metainfo.Request{Fields: fields, Query: query, Body: said, Source: src}, err
}

// queryFields reads a query like a JSON object; of a field that is there twice
// the first counts.
func queryFields(r *http.Request) (lenient.Object, error) {
	o := lenient.Object{}
	for name, values := range r.URL.Query() {
		v, err := json.Marshal(values[0])
		if err != nil {
			return nil, fmt.Errorf("read query: %w", err)
		}
		o[name] = v
	}
	return o, nil
}

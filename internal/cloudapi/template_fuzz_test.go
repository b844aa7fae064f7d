package cloudapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"testing"

	"github.com/waypost/waypost/internal/cloudapi/encode"
	"github.com/waypost/waypost/internal/wa"
)

// always answers every call with the same body.
type always []byte

func (a always) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a))}, nil
}

// FuzzTemplates: whatever Meta lists, what is kept of it can be kept: the parts
// are a JSON array and the definition is read as it was written.
func FuzzTemplates(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":11,"name":"order","language":"en","status":"approved","category":"UTILITY","components":[{"type":"BODY","text":"Hi {{1}}"}]}]}`,
		`{"data":[{"name":"a","language":"b","components":{"type":"BODY"},"quality_score":7},null,7],"paging":{"cursors":{"after":"a"},"next":"x"}}`,
		`{"data":[{"name":"a","language":"b","parameter_format":"named","components":[{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"GIF"}]}]}]}]}`,
		`{"error":{"code":100,"message":"no"}}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := New(Options{BaseURL: "https://graph.example", Version: "v23.0", Transport: always(body)})
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.ListTemplates(t.Context(), shop())
		if _, ok := errors.AsType[*wa.OutcomeError](err); err != nil && !ok {
			t.Fatalf("an error without an outcome: %v", err)
		}
		one, err := c.ReadTemplate(t.Context(), shop(), "11")
		if err == nil {
			list = append(list, one)
		}
		for _, m := range list {
			checkListed(t, m)
		}
	})
}

func checkListed(t *testing.T, m wa.StoredTemplate) {
	t.Helper()
	var parts []json.RawMessage
	if err := json.Unmarshal(m.Components, &parts); m.Name == "" || m.Language == "" || err != nil {
		t.Errorf("kept %q in %q with %s: %v", m.Name, m.Language, m.Components, err)
	}
	kept, err := json.Marshal(m.Definition)
	if err != nil {
		t.Fatal(err)
	}
	var back wa.TemplateDefinition
	if err := json.Unmarshal(kept, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(back); err != nil || !bytes.Equal(kept, again) {
		t.Errorf("kept %s, read %s, %v", kept, again, err)
	}
	for _, card := range m.Definition.Cards {
		if card.Named != m.Definition.Named {
			t.Error("a card has another format than its template")
		}
	}
}

// fitted is templates with values of every sort.
func fitted() []wa.Template {
	text := func(v string) wa.Parameter { return wa.Parameter{Kind: wa.ParameterText, Text: v} }
	part := func(kind wa.ComponentKind, ps ...wa.Parameter) wa.Component {
		return wa.Component{Kind: kind, Parameters: ps}
	}
	picture := wa.Parameter{Kind: wa.ParameterImage, Media: &wa.Media{Kind: wa.KindImage, MediaID: "m"}}
	return []wa.Template{
		{Components: []wa.Component{part(wa.ComponentBody, text("Ada & <Bo>"), text("2"))}},
		{Components: []wa.Component{part(wa.ComponentHeader, picture), part(wa.ComponentBody, text("Ada"))}},
		{Components: []wa.Component{part(wa.ComponentHeader, text("Title")), {Kind: wa.ComponentButton, Button: wa.ButtonURL, Parameters: []wa.Parameter{text("a/b")}}}},
		{Placed: true, Components: []wa.Component{{Kind: wa.ComponentCarousel, Cards: []wa.TemplateCard{
			{Components: []wa.Component{part(wa.ComponentHeader, picture), part(wa.ComponentBody, text("one"))}},
			{Components: []wa.Component{part(wa.ComponentBody, text("two"))}},
		}}}},
	}
}

// FuzzFit: values that are taken for a template can be sent, whatever the
// template and the values are.
func FuzzFit(f *testing.F) {
	definitions := []string{
		`[{"type":"HEADER","format":"TEXT","text":"{{1}}"},{"type":"BODY","text":"{{1}} {{2}}"}]`,
		`[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"{{a}}"},{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"has_expiration":true}}]`,
		`[{"type":"HEADER","format":"GIF"},{"type":"BUTTONS","buttons":[{"type":"URL","url":"https://h.example/{{1}}"},{"type":"QUICK_REPLY"},` +
			`{"type":"COPY_CODE"},{"type":"FLOW"},{"type":"CATALOG"},{"type":"MPM"},{"type":"ORDER_DETAILS"},{"type":"REMINDER"},{"type":"PHONE_NUMBER"}]}]`,
		`[{"type":"CAROUSEL","cards":[{"components":[{"type":"BODY","text":"{{1}}"}]},{"components":[{"type":"HEADER","format":"VIDEO"}]}]}]`,
	}
	for i, t := range fitted() {
		kept, err := json.Marshal(t)
		if err != nil {
			f.Fatal(err)
		}
		for _, d := range definitions {
			f.Add([]byte(d), i%2 == 0, i%3 == 0, kept)
		}
	}
	f.Fuzz(func(t *testing.T, components []byte, named, code bool, kept []byte) {
		message := wa.Template{}
		if json.Unmarshal(kept, &message) != nil {
			return
		}
		message.Name, message.Language = "order", "en"
		format, category := map[bool]string{true: "NAMED"}[named], map[bool]string{true: authentication}[code]
		d := definition(components, format, category)
		before := message.Placed
		parts, problems := wa.FillingOf(message).Fit(d)
		for _, p := range problems {
			if p.Rule != wa.RuleTemplateParameter || p.Field == "" || p.Detail == "" {
				t.Errorf("refused without a reason: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		if before {
			checkPlaces(t, message.Components, parts, d)
		}
		message.Components = parts
		if ps := message.Validate(); len(ps) > 0 {
			t.Errorf("fits, but: %v", ps)
		}
		s := textDispatch()
		s.Message.Content, s.MetaMedia = message, map[wa.MediaID]string{}
		for _, id := range wa.StoredMediaOf(message) {
			s.MetaMedia[id] = "900000000000001"
		}
		body, err := encode.Send(s)
		if err != nil {
			t.Fatalf("fits, but: %v", err)
		}
		if !json.Valid(body) || !bytes.Contains(body, []byte(s.Tag)) {
			t.Errorf("body %s", body)
		}
	})
}

// checkPlaces looks whether the body has what the customer's body has, in that
// order: no value goes elsewhere.
func checkPlaces(t *testing.T, given, fitted []wa.Component, d wa.TemplateDefinition) {
	t.Helper()
	texts := func(cs []wa.Component, kind wa.ComponentKind) []wa.Parameter {
		list := []wa.Parameter{}
		for _, c := range cs {
			for _, p := range c.Parameters {
				if c.Kind == kind && !p.Kind.Heads() {
					list = append(list, p)
				}
			}
		}
		return list
	}
	for _, kind := range []wa.ComponentKind{wa.ComponentHeader, wa.ComponentBody} {
		if a, b := texts(given, kind), texts(fitted, kind); !reflect.DeepEqual(a, b) {
			t.Errorf("the %s has %v, was given %v for %+v", kind, b, a, d)
		}
	}
}

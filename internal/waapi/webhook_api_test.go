package waapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

// configure sends an update of alpha's event webhook with these headers, as
// JSON; "" leaves them out.
func (g *gateway) configure(headers string) {
	g.t.Helper()
	if headers != "" {
		headers = `,"headers":` + headers
	}
	w := g.do(http.MethodPost, "/api/v3/metainfo/webhook/update_webhook", "token", `{"type":"event","name":"Orders","url":"https://shop.example/"`+headers+`}`)
	if !strings.Contains(w.Body.String(), "success") {
		g.t.Fatal(w.Body)
	}
}

func (g *gateway) endpoint() wa.Endpoint {
	g.t.Helper()
	all, err := g.store.Endpoints(g.t.Context(), g.alpha)
	check(g.t, err)
	if len(all) != 1 {
		g.t.Fatalf("%d endpoints, want one", len(all))
	}
	return all[0]
}

func TestWebhookHeadersStayUntilOthersAreGiven(t *testing.T) {
	g := newGateway(t)
	for _, step := range []struct {
		headers string
		want    map[string]string
	}{
		{"", map[string]string{}},
		{`{"X-Key":"a","X-Number":7,"X-Nothing":null}`, map[string]string{"X-Key": "a", "X-Number": "7"}},
		{"", map[string]string{"X-Key": "a", "X-Number": "7"}},
		{"null", map[string]string{"X-Key": "a", "X-Number": "7"}},
		{`""`, map[string]string{"X-Key": "a", "X-Number": "7"}},
		{`"null"`, map[string]string{"X-Key": "a", "X-Number": "7"}},
		{`" {\"Authorization\": \"Bearer ünïcödé\"} "`, map[string]string{"Authorization": "Bearer ünïcödé"}},
		{"{}", map[string]string{}},
		{`{"X-Key":"a"}`, map[string]string{"X-Key": "a"}},
		{`"{}"`, map[string]string{}},
	} {
		g.configure(step.headers)
		got := map[string]string{}
		for name, v := range g.endpoint().Headers {
			got[name] = v.Reveal()
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s: %s", step.headers, diff)
		}
	}
}

func TestAWebhookKeepsItsIDWhenItIsUpdated(t *testing.T) {
	g := newGateway(t)
	g.configure("")
	before := g.endpoint()
	want := wa.Endpoint{
		ID: before.ID, AccountID: g.alpha, Kind: wa.EventStatus, Name: "Orders", URL: "https://shop.example/", CreatedAt: noon(),
		Headers: map[string]wa.Secret{},
	}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Error(diff)
	}
	g.configure(`{"X-Key":"a"}`)
	if after := g.endpoint(); after.ID != before.ID || !after.CreatedAt.Equal(before.CreatedAt) {
		t.Errorf("got %+v after %+v; what waits for it would be lost", after, before)
	}
}

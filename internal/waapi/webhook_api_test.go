package waapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
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

// A webhook's headers are secrets of the place that it posts to.
func TestWebhookHeadersDoNotGoToAnotherPlace(t *testing.T) {
	g := newGateway(t)
	g.update(`{"type":"event","name":"A","url":"https://a.example/hook","headers":{"X-Key":"canary"}}`, "created")
	g.update(`{"type":"event","name":"B","url":"https://b.example/hook"}`, "created")
	for _, step := range []struct {
		url  string
		keys int
	}{
		{"https://a.example/new?path=1", 1},
		{"https://a.example:443/new", 1},
		{"https://elsewhere.example/new", 0},
		{"https://a.example/back", 0},
	} {
		g.update(`{"type":"event","name":"A","url":"`+step.url+`"}`, "updated")
		all, err := g.store.Endpoints(t.Context(), g.alpha)
		check(t, err)
		if len(all) != 2 || all[0].URL != step.url || len(all[0].Headers) != step.keys || len(all[1].Headers) != 0 {
			t.Errorf("%s: got %+v", step.url, all)
		}
	}
}

func TestAnAccountHasSoManyWebhooks(t *testing.T) {
	g := newGateway(t)
	for i := range wa.MaxEndpoints {
		g.update(fmt.Sprintf(`{"type":"event","name":"%d","url":"https://shop.example/"}`, i), "created")
	}
	g.update(`{"type":"event","name":"one more","url":"https://shop.example/"}`, `"code":"8006","message":"webhooks of type event has 21 elements, the limit is 20"`)
	g.update(`{"type":"event","name":"7","url":"https://shop.example/new"}`, "updated")
	g.update(`{"type":"incoming","name":"one more","url":"https://shop.example/"}`, "created")
}

// update sends an update of alpha's, which has to be answered with that.
func (g *gateway) update(body, want string) {
	g.t.Helper()
	if w := g.do(http.MethodPost, "/api/v3/metainfo/webhook/update_webhook", "token", body); !strings.Contains(w.Body.String(), want) {
		g.t.Errorf("%s: got %s, want %s", body, w.Body, want)
	}
}

// The operator may disable a webhook while the account changes it.
func TestAnUpdateDoesNotEnableAWebhook(t *testing.T) {
	g := newGateway(t)
	g.configure("")
	key := store.EndpointKey{AccountID: g.alpha, Kind: wa.EventStatus, Name: "Orders"}
	// Disabled between the moment an update reads it and the one it is kept.
	g.face.endpoints = &meanwhile{Store: g.store, then: func() { check(t, g.store.SetEndpointDisabled(t.Context(), key, true)) }}
	g.configure("")
	if e := g.endpoint(); !e.Disabled {
		t.Error("the update took back that it was disabled")
	}
}

// meanwhile is a store in which something happens after the endpoints are read.
type meanwhile struct {
	*sqlstore.Store
	then func()
}

func (m *meanwhile) Endpoints(ctx context.Context, account wa.AccountID) ([]wa.Endpoint, error) {
	all, err := m.Store.Endpoints(ctx, account)
	m.then()
	return all, err
}

// Nobody waits while another account changes something.
func TestChangesWaitForThoseOfTheirAccountOnly(t *testing.T) {
	g := newGateway(t)
	unlock := g.face.changing.lock(g.alpha)
	beta := g.do(http.MethodPatch, "/api/v2/source/"+g.names["beta_source"], "beta_token", `{"name":"new"}`)
	if !strings.Contains(beta.Body.String(), "success") {
		t.Error(beta.Body)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.update(`{"type":"event","url":"https://shop.example/"}`, "created")
	}()
	select {
	case <-done:
		t.Error("alpha's change did not wait for its turn")
	default:
	}
	unlock()
	<-done
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

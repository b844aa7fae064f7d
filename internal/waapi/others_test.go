package waapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// converse sends one message in Meta's shape and returns it as it is kept.
func (g *gateway) converse(body string) wa.Message {
	g.t.Helper()
	w := g.do(http.MethodPost, "/api/v3/metainfo/messages", "token", g.expand(g.t, body))
	var reply struct {
		Status string
		Data   struct {
			ID wa.MessageID `json:"message_id"`
		}
	}
	check(g.t, json.Unmarshal(w.Body.Bytes(), &reply))
	if reply.Status != "success" {
		g.t.Fatalf("%s: %s", body, w.Body)
	}
	m, err := g.store.Message(g.t.Context(), g.alpha, reply.Data.ID)
	check(g.t, err)
	return m
}

func TestConversationIsKeptAsItWasAsked(t *testing.T) {
	g := newGateway(t)
	for _, c := range []struct {
		body string
		want wa.Content
	}{
		{`"type":"text","text":{"body":"hello <&>\u2028","preview_url":true}`, wa.Text{Body: "hello <&>\u2028", PreviewURL: true}},
		{`"type":"text","text":"hello"`, wa.Text{Body: "hello"}},
		{`"type":"text","text":[{"body":7}]`, wa.Text{Body: "7"}},
		{
			`"type":"document","document":{"link":"https://files.example/a.pdf?b=c&d=e","filename":"b.pdf","caption":"c"}`,
			wa.Media{Kind: wa.KindDocument, Link: "https://files.example/a.pdf?b=c&d=e", Filename: "b.pdf", Caption: "c"},
		},
		{`"type":"location","location":{"longitude":1.5,"latitude":"-2"}`, wa.Location{Longitude: 1.5, Latitude: -2}},
		{`"type":"reaction","reaction":{"message_id":"wamid.HBgL","emoji":"👍"}`, wa.Reaction{WAMID: "wamid.HBgL", Emoji: "👍"}},
		{
			`"type":"contacts","contacts":[{"name":{"formatted_name":"Ada"}},{"name":{"formatted_name":"Bob"}}]`,
			wa.Contacts{Cards: []wa.ContactCard{
				{Name: wa.ContactName{Formatted: "Ada", First: "Ada"}}, {Name: wa.ContactName{Formatted: "Bob", First: "Bob"}},
			}},
		},
	} {
		got := g.converse(`{"to":"+1 555 010 0001",` + c.body + `}`)
		want := wa.Message{
			ID: got.ID, AccountID: g.alpha, SourceID: seedSource, NumberID: "10991", Status: wa.StatusAccepted, AcceptedAt: noon(),
			Recipient: wa.Recipient{Kind: wa.Individual, ID: writer}, Person: got.Person, Content: c.want, Category: got.Category,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", c.body, got, want)
		}
	}
}

func TestConversationTakesTheVendorsFieldsToo(t *testing.T) {
	g := newGateway(t)
	const text = `"type":"text","text":{"body":"hello"}`
	m := g.converse(`{"to":"{group}","recipient_type":"group","source":"{source}","x-apiheader":"order-42","ttl":"2",` + text + `}`)
	if m.APIHeader != "order-42" || m.TTL != 48*time.Hour || m.Recipient != (wa.Recipient{Kind: wa.Group, ID: group}) {
		t.Errorf("%+v", m)
	}
	m = g.converse(`{"to":null,"recipient":15550100001,"biz_opaque_callback_data":"order-43",` + text + `}`)
	if m.APIHeader != "order-43" || m.Recipient.ID != writer {
		t.Errorf("%+v", m)
	}
	m = g.converse(`{"to":"15550100001","x-apiheader":"ours","biz_opaque_callback_data":"Meta's",` + text + `}`)
	if m.APIHeader != "ours" {
		t.Errorf("%+v", m)
	}
}

func TestSettingsAreThoseOfTheDefaultSource(t *testing.T) {
	g := newGateway(t)
	src, err := g.store.DefaultSource(t.Context(), g.alpha)
	check(t, err)
	src.SkipOptIn = true
	check(t, g.store.UpdateSource(t.Context(), src))
	const want = `{"status":"success","data":{"linktrack":false,"skipoptin":true}}`
	if got := g.do(http.MethodGet, "/settings", "token", "").Body.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	check(t, g.store.DeleteSource(t.Context(), g.alpha, src.ID))
	if got := g.do(http.MethodGet, "/settings", "token", "").Body.String(); got != `{"status":"success","data":{"linktrack":false,"skipoptin":false}}` {
		t.Errorf("without a source: %s", got)
	}
}

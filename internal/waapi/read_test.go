package waapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

// The receipt goes out by the number that the person wrote to, whichever source
// is the default.
func TestReadGoesToTheNumberThatWasWrittenTo(t *testing.T) {
	g := newGateway(t)
	_, err := g.store.CreateSource(t.Context(), wa.Source{
		ID: "other", AccountID: g.alpha, Name: "other", Default: true, CreatedAt: noon(),
		Number: wa.Number{ID: "10993", WABAID: "2099", Display: "15550109998", Token: wa.NewSecret("canary-other"), AppSecret: wa.NewSecret("s")},
	})
	check(t, err)
	read := func(id string) string {
		return g.do(http.MethodPost, "/api/v2/message/read/", "token", `{"message_id":"`+id+`","typing":true}`).Body.String()
	}
	if reply := read("wamid." + writer); !strings.Contains(reply, `"success"`) {
		t.Fatal(reply)
	}
	want := `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.` + writer + `","typing_indicator":{"type":"text"}}`
	if !slices.Contains(g.graph.asked, "POST 10991/messages") || !slices.Equal(g.graph.changes, []string{want}) {
		t.Errorf("asked %q with %q", g.graph.asked, g.graph.changes)
	}
	if reply := read("wamid.15550100009"); !strings.Contains(reply, "names a message of a group, which has no receipts") {
		t.Errorf("a message of a group: %s", reply)
	}
	check(t, g.store.DeleteSource(t.Context(), g.alpha, seedSource))
	if reply := read("wamid." + writer); !strings.Contains(reply, "names a message to a number that has no source any more") {
		t.Errorf("a number that is gone: %s", reply)
	}
	if len(g.graph.changes) != 1 {
		t.Errorf("Meta was told %q", g.graph.changes)
	}
}

// A client that sent a message knows our id of it, not Meta's.
func TestAnswerAndPinToAMessageOfOurs(t *testing.T) {
	g := newGateway(t)
	send := func(rest string) {
		t.Helper()
		reply := g.do(http.MethodPost, "/api/v2/message/", "token", `{"message":[{`+rest+`}]}`).Body.String()
		if !strings.Contains(reply, `"success"`) {
			t.Fatal(reply)
		}
	}
	send(`"recipient_whatsapp":"` + writer + `","message_type":"text","type_text":[{"content":"hello"}]`)
	sent, err := g.store.BeginMessage(t.Context(), g.waiting()[0])
	check(t, err)
	check(t, g.store.SettleMessage(t.Context(), sent, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.OURS"}))

	send(`"recipient_whatsapp":"` + writer + `","message_type":"text","type_text":[{"content":"well"}],"recipient_identity_key_hash":"h=",
		"context":{"message_id":"` + strings.ToUpper(string(sent.ID)) + `"}`)
	send(`"recipient_whatsapp":"` + group + `","recipient_type":"group","message_type":"pin","type_pin":[{"message_id":"` + string(sent.ID) + `","expiration_days":1}]`)
	ms := g.waiting()
	if len(ms) != 2 {
		t.Fatalf("%d messages are waiting, want 2", len(ms))
	}
	if ms[0].ReplyTo != "wamid.OURS" || ms[0].IdentityHash != "h=" {
		t.Errorf("it answers %q, for the keys %q", ms[0].ReplyTo, ms[0].IdentityHash)
	}
	if diff := cmp.Diff(wa.Content(wa.Pin{WAMID: "wamid.OURS", Days: 1}), ms[1].Content); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

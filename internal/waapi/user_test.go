package waapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// apply applies what a callback tells the account alpha.
func (g *gateway) apply(updates ...wa.Update) {
	g.t.Helper()
	ctx := g.t.Context()
	check(g.t, g.store.KeepCallback(ctx, wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: noon(), Body: []byte("{}")}))
	cs, err := g.store.ClaimCallbacks(ctx, 1, time.Minute)
	check(g.t, err)
	check(g.t, g.store.SettleCallback(ctx, cs[0], []wa.AccountUpdates{{AccountID: g.alpha, Updates: updates}}))
}

// A one-time code goes to a number: to the person's, where it is known.
func TestACodeForAUserIDGoesToTheNumber(t *testing.T) {
	const user = "US.10000000000000000001"
	g := newGateway(t)
	wrote := wa.Inbound{WAMID: "wamid.1", NumberID: "10991", UserID: user, At: noon(), Type: "text", Text: "hi"}
	g.apply(wa.Update{NumberID: "10991", Inbound: &wrote})
	send := func(rest string) string {
		return g.do(http.MethodPost, "/api/v2/message/", "token", `{"message":[{"recipient_whatsapp":"`+user+`",`+rest+`}]}`).Body.String()
	}
	const code = `"message_type":"template","type_template":[{"name":"login_code","attributes":["123456"],"language":{"locale":"en","policy":"deterministic"}}]`
	const text = `"message_type":"text","type_text":[{"content":"hello"}]`

	if reply := send(code); !strings.Contains(reply, `"code":"8006","message":"recipient_whatsapp must be a phone number for an authentication template"`) {
		t.Errorf("without a number: %s", reply)
	}
	send(text)
	expect := func(want wa.Recipient) {
		t.Helper()
		ms := g.waiting()
		if len(ms) != 1 || ms[0].Recipient != want {
			t.Fatalf("waiting: %+v, want one to %s", ms, want.ID)
		}
		begun, err := g.store.BeginMessage(t.Context(), ms[0])
		check(t, err)
		check(t, g.store.SettleMessage(t.Context(), begun, wa.Outcome{Kind: wa.OutcomeSent}))
	}
	expect(wa.Recipient{Kind: wa.User, ID: user})
	g.apply(wa.Update{NumberID: "10991", Status: &wa.StatusReport{
		WAMID: "wamid.2", NumberID: "10991", Status: wa.StatusRead, At: noon(), Person: wa.PersonIDs{Phone: "15550100061", UserID: user},
	}})
	send(code)
	expect(wa.Recipient{Kind: wa.Individual, ID: "15550100061"})
	send(text)
	expect(wa.Recipient{Kind: wa.User, ID: user})
}

package waapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

// A client that sent a message knows our id of it, not Meta's.
func TestReactionToAMessageOfOurs(t *testing.T) {
	g := newGateway(t)
	send := func(token, rest string) string {
		return g.do(http.MethodPost, "/api/v2/message/", token, `{"message":[{"recipient_whatsapp":"`+writer+`",`+rest+`}]}`).Body.String()
	}
	send("token", `"message_type":"text","type_text":[{"content":"hello"}]`)
	sent, err := g.store.BeginMessage(t.Context(), g.waiting()[0])
	check(t, err)
	check(t, g.store.SettleMessage(t.Context(), sent, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.OURS"}))

	reaction := `"message_type":"reaction","type_reaction":[{"message_id":"` + strings.ToUpper(string(sent.ID)) + `","emoji":"👍"}]`
	if reply := send("beta_token", reaction); !strings.Contains(reply, `"8006"`) {
		t.Errorf("another account's reaction was answered %s", reply)
	}
	send("token", reaction)
	ms := g.waiting()
	if len(ms) != 1 {
		t.Fatalf("%d messages are waiting, want 1", len(ms))
	}
	if diff := cmp.Diff(wa.Content(wa.Reaction{WAMID: "wamid.OURS", Emoji: "👍"}), ms[0].Content); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

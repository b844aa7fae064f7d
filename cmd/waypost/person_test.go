package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim"
	simphone "github.com/waypost/waypost/internal/sim/phone"
)

// customer is what a customer does with one person by the API: the answers are
// "" for success, and else the code.
type customer struct{ *rig }

func (c customer) ask(path, body string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "http://"+c.address+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if strings.Contains(string(answer), `"status":"success"`) {
		return ""
	}
	_, rest, _ := strings.Cut(string(answer), `"code":"`)
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

func (c customer) message(to, rest string) string {
	c.t.Helper()
	return c.ask("/api/v2/message/", fmt.Sprintf(`{"message":[{"recipient_whatsapp":%q,"recipient_type":"individual","source":%q,%s}]}`,
		to, c.source, rest))
}

func (c customer) text(to, words string) string {
	c.t.Helper()
	return c.message(to, fmt.Sprintf(`"message_type":"text","type_text":[{"content":%q}]`, words))
}

func (c customer) offer(to string) string {
	c.t.Helper()
	return c.message(to, `"message_type":"template","type_template":[{"name":"order_update","attributes":["Ada","7"],"language":{"locale":"en","policy":"deterministic"}}]`)
}

// want ends the test unless a call had that answer.
func (c customer) want(what, want, got string) {
	c.t.Helper()
	if got != want {
		c.t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

// TestAPersonIsFollowed tells the story of a person who hides the number: the
// window and what was said about consent follow, first to the number once it is
// known, and then to another one.
func TestAPersonIsFollowed(t *testing.T) {
	const number, next = "15550100041", "15550100042"
	c := customer{newRig(t)}
	phone := sim.Phone{Number: number, Name: "Ada", Username: "@ada", Hidden: true, Receipts: true, Online: true}
	if err := c.meta.SetPhone(phone); err != nil {
		t.Fatal(err)
	}
	ada, err := c.meta.Phone(number)
	if err != nil {
		t.Fatal(err)
	}
	say := func(in sim.Inbound) {
		t.Helper()
		id, err := c.meta.Say(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		c.receiver.wait(t, "incoming_message", id)
	}
	// shown returns once the phone has a text.
	shown := func(of, words string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, ok := c.meta.AwaitMessage(ctx, simphone.Query{Phone: of, Direction: simphone.ToPhone, Text: words}); !ok {
			t.Fatalf("%s does not show %q", of, words)
		}
	}

	c.want("before she wrote", "8007", c.text(ada.UserID, "too early"))
	say(sim.Inbound{From: number, Text: "hello"})
	c.receiver.wait(t, "incoming_message", `"from":"`+ada.UserID+`"`)
	c.want("by the user id", "", c.text(ada.UserID, "how can I help?"))
	shown(number, "how can I help?")
	// Nobody has said yet whose the number is.
	c.want("by the number", "8007", c.text(number, "who is this?"))
	code := c.ask("/api/v2/consent/manage/", fmt.Sprintf(`{"type":"optin","recipients":[{"recipient":%q,"source":"WEB"}]}`, number))
	c.want("opt-in", "", code)

	say(sim.Inbound{From: number, Text: "STOP"})
	c.want("a template to the user id", "8002", c.offer(ada.UserID))
	if out := string(c.waypost("consent", "show", number, "--account", "shop")); !strings.Contains(out, "WEB") {
		t.Fatalf("a stop of nobody known has ended the opt-in of the number:\n%s", out)
	}
	say(sim.Inbound{
		From: number, Type: "contacts", Origin: "contact_request",
		Object: []byte(`[{"name":{"formatted_name":"Ada","first_name":"Ada"},"phones":[{"phone":"+` + number + `","wa_id":"` + number + `"}]}]`),
	})
	c.want("after it, a text to the number", "", c.text(number, "thank you"))
	shown(number, "thank you")
	c.want("a template to the number", "8002", c.offer(number))
	c.want("a template to the user id", "8002", c.offer(ada.UserID))

	phone.Hidden = false
	if err := c.meta.SetPhone(phone); err != nil {
		t.Fatal(err)
	}
	if err := c.meta.MovePhone(t.Context(), number, next); err != nil {
		t.Fatal(err)
	}
	moved, err := c.meta.Phone(next)
	if err != nil {
		t.Fatal(err)
	}
	c.receiver.wait(t, "incoming_message", "user_changed_number")
	c.want("a text to the new number", "", c.text(next, "welcome back"))
	shown(next, "welcome back")
	c.want("a text to the new user id", "", c.text(moved.UserID, "and again"))
	shown(next, "and again")
	c.want("a template to the new number", "8002", c.offer(next))
	c.want("a template to the new user id", "8002", c.offer(moved.UserID))
	c.want("a text to the old number", "8007", c.text(number, "whoever you are"))

	out := string(c.waypost("contact", "show", moved.UserID, "--account", "shop"))
	for _, want := range []string{next, ada.UserID, moved.UserID, "Ada", "@ada", "open for 23 h", "out, since"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, number) {
		t.Errorf("the old number is still hers:\n%s", out)
	}
}

package sim_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

// callbackBody is a callback as a receiver that shares no code with the simulator reads it.
type callbackBody struct {
	Object string
	Entry  []struct {
		ID      string
		Changes []struct {
			Field string
			Value struct {
				Product  string `json:"messaging_product"`
				Metadata struct {
					Display string `json:"display_phone_number"`
					ID      string `json:"phone_number_id"`
				}
				Contacts []struct {
					Profile struct{ Name string }
					WAID    string `json:"wa_id"`
				}
				Messages []map[string]json.RawMessage
				Statuses []statusBody
			}
		}
	}
}

type statusBody struct {
	ID, Status, Timestamp string
	RecipientID           string `json:"recipient_id"`
	RecipientType         string `json:"recipient_type"`
	Tag                   string `json:"biz_opaque_callback_data"`
	Conversation          *struct {
		Expires string `json:"expiration_timestamp"`
	}
	Pricing *struct{ Category string }
	Errors  []struct {
		Code           int
		Title, Message string
	}
}

func read(t *testing.T, got received) callbackBody {
	t.Helper()
	var body callbackBody
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	return body
}

// statuses returns the statuses of a send that were called back, in order.
func statuses(t *testing.T, c *receiver, wamid string) []statusBody {
	t.Helper()
	var list []statusBody
	for _, got := range c.all() {
		for _, status := range read(t, got).Entry[0].Changes[0].Value.Statuses {
			if status.ID == wamid {
				list = append(list, status)
			}
		}
	}
	return list
}

func steps(t *testing.T, c *receiver, wamid string) []string {
	t.Helper()
	var names []string
	for _, status := range statuses(t, c, wamid) {
		names = append(names, status.Status)
	}
	return names
}

func exact(d time.Duration) sim.Range { return sim.Range{Min: d, Max: d} }

func TestStatusesClimbAtTheirPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		o.Timing = sim.Timing{Sent: exact(time.Second), Delivered: exact(2 * time.Second), Read: exact(4 * time.Second)}
		s := start(t, o)
		say(t, s, "hello")
		began := time.Now()
		wamid := send(t, s, "hi")
		time.Sleep(time.Minute)
		got := statuses(t, c, wamid)
		if names := steps(t, c, wamid); !slices.Equal(names, []string{"sent", "delivered", "read"}) {
			t.Fatalf("statuses %v", names)
		}
		for i, after := range []time.Duration{time.Second, 3 * time.Second, 7 * time.Second} {
			if at := c.all()[i+1].at.Sub(began); at != after {
				t.Errorf("%s came after %s, want %s", got[i].Status, at, after)
			}
			if got[i].RecipientID != user || got[i].Tag != "tag-1" || got[i].Timestamp == "" {
				t.Errorf("status %+v", got[i])
			}
		}
		if got[0].Conversation == nil || got[0].Conversation.Expires == "" || got[0].Pricing == nil || got[1].Pricing == nil ||
			got[2].Pricing != nil {
			t.Errorf("conversation and pricing are not as Graph v23 has them: %+v", got)
		}
		ledger := s.Sends()[0].Statuses
		if len(ledger) != 3 || ledger[2].Name != "read" || !ledger[2].At.Equal(began.Add(7*time.Second)) {
			t.Errorf("ledger has %+v", ledger)
		}
	})
}

func TestDefaultTimingIsSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		say(t, s, "hello")
		wamid := send(t, s, "hi")
		time.Sleep(79 * time.Millisecond)
		if names := steps(t, c, wamid); names != nil {
			t.Errorf("too early: %v", names)
		}
		time.Sleep(2 * time.Second)
		if names := steps(t, c, wamid); len(names) != 3 {
			t.Errorf("too late: %v", names)
		}
	})
}

func TestOutsideTheWindowASendFailsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		never := send(t, s, "nobody asked")
		say(t, s, "hello")
		inside := send(t, s, "hi")
		time.Sleep(24*time.Hour - time.Second)
		last := send(t, s, "just in time")
		time.Sleep(time.Second)
		after := send(t, s, "a day later")
		time.Sleep(time.Minute)
		for wamid, want := range map[string]string{never: "failed", inside: "read", last: "read", after: "failed"} {
			names := steps(t, c, wamid)
			if names[len(names)-1] != want {
				t.Errorf("statuses %v, want the last to be %s", names, want)
			}
		}
		failed := statuses(t, c, after)
		if len(failed) != 1 || len(failed[0].Errors) != 1 || failed[0].Errors[0].Code != 131047 || failed[0].Conversation != nil {
			t.Errorf("failed with %+v", failed)
		}
	})
}

func TestWindowIsPerBusinessNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		if _, err := s.Say(t.Context(), sim.Inbound{From: user, To: otherID, Text: "hello"}); err != nil {
			t.Fatal(err)
		}
		wamid := send(t, s, "hi")
		time.Sleep(time.Minute)
		if names := steps(t, c, wamid); !slices.Equal(names, []string{"failed"}) {
			t.Errorf("statuses %v", names)
		}
	})
}

func TestPhoneOfflineGetsItLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		say(t, s, "hello")
		if err := s.SetPhone(sim.Phone{Number: user, Receipts: true}); err != nil {
			t.Fatal(err)
		}
		wamid := send(t, s, "hi")
		time.Sleep(time.Hour)
		if names := steps(t, c, wamid); !slices.Equal(names, []string{"sent"}) {
			t.Fatalf("offline: %v", names)
		}
		if err := s.SetPhone(sim.Phone{Number: user, Receipts: true, Online: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if names := steps(t, c, wamid); !slices.Equal(names, []string{"sent", "delivered", "read"}) {
			t.Errorf("online again: %v", names)
		}
	})
}

func TestPhoneGoesOfflineBeforeReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		o.Timing.Read = exact(time.Minute)
		s := start(t, o)
		say(t, s, "hello")
		wamid := send(t, s, "hi")
		time.Sleep(30 * time.Second)
		if err := s.SetPhone(sim.Phone{Number: user, Receipts: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if names := steps(t, c, wamid); !slices.Equal(names, []string{"sent", "delivered"}) {
			t.Fatalf("offline: %v", names)
		}
		if err := s.SetPhone(sim.Phone{Number: user, Receipts: true, Online: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if names := steps(t, c, wamid); len(names) != 3 {
			t.Errorf("online again: %v", names)
		}
	})
}

func TestPhoneWithoutReceiptsNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		say(t, s, "hello")
		if err := s.SetPhone(sim.Phone{Number: user, Online: true}); err != nil {
			t.Fatal(err)
		}
		wamid := send(t, s, "hi")
		time.Sleep(time.Hour)
		if names := steps(t, c, wamid); !slices.Equal(names, []string{"sent", "delivered"}) {
			t.Errorf("statuses %v", names)
		}
	})
}

func TestGroupSendIsOnlySent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		body := envelope(`"to":"Z3JvdXA=","recipient_type":"group","type":"text","text":{"body":"to all"}`)
		askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, body)
		time.Sleep(time.Minute)
		got := statuses(t, c, s.Sends()[0].WAMID)
		if len(got) != 1 || got[0].Status != "sent" || got[0].RecipientType != "group" || got[0].RecipientID != "Z3JvdXA=" {
			t.Errorf("statuses %+v", got)
		}
	})
}

func TestStatusesClimbWhileOnSendBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		goOn := make(chan struct{})
		o.OnSend = func(sim.Send) { <-goOn }
		s := start(t, o)
		say(t, s, "hello")
		answered := make(chan string)
		go func() { answered <- send(t, s, "hi") }()
		time.Sleep(time.Minute)
		if names := steps(t, c, s.Sends()[0].WAMID); len(names) != 3 {
			t.Errorf("before the answer: %v", names)
		}
		close(goOn)
		<-answered
	})
}

package phone

import (
	"fmt"
	"testing"

	"github.com/waypost/waypost/internal/sim/message"
)

// rendered adds messages with a view that counts how often it is made.
func rendered(b *Book, p *State, count int) *int {
	made := new(int)
	for i := range count {
		m := &Message{
			ID: fmt.Sprintf("m%d.%d", b.Seq(), i), Direction: ToPhone, NumberID: number, Type: "interactive", Status: "sent",
			Show: func() *message.View { *made++; return &message.View{Body: "with milk?"} },
		}
		b.Add(p, m)
	}
	*made = 0
	return made
}

func TestLookGoesOnFromItsPlace(t *testing.T) {
	b := NewBook(Settings{})
	p := b.Open(user)
	wish := Query{Text: "tea"}
	made := rendered(b, p, 50)
	_, place, ok := b.Look(wish, Place{})
	if ok || *made != 50 {
		t.Fatalf("found %t after %d views", ok, *made)
	}
	*made = 0
	for _, m := range b.Messages(p)[:5] {
		b.SetStatus(b.Message(m.ID), "read")
	}
	*made = 0
	if _, place, ok = b.Look(wish, place); ok || *made != 0 {
		t.Errorf("a new status made %d views for somebody who asks for words", *made)
	}
	add(b, p, "tea", ToPhone, "tea, please")
	if m, _, ok := b.Look(wish, place); !ok || m.ID != "tea" || *made != 0 {
		t.Errorf("found %+v, %t after %d views", m, ok, *made)
	}
}

func TestCheapFieldsAreComparedFirst(t *testing.T) {
	b := NewBook(Settings{})
	made := rendered(b, b.Open(user), 5)
	for _, q := range []Query{{Text: "milk", Type: "text"}, {Text: "milk", Statuses: []string{"read"}}, {Text: "milk", Phone: "15550100901"}} {
		if m, ok := b.First(q); ok || *made != 0 {
			t.Errorf("%+v: found %+v, %t after %d views", q, m, ok, *made)
		}
	}
}

func TestLookSeesWhatChanged(t *testing.T) {
	for name, tt := range map[string]struct {
		wish   Query
		change func(*Book, *State)
		want   string
	}{
		"status": {Query{Statuses: []string{"read"}}, func(b *Book, _ *State) { b.SetStatus(b.Message("b"), "read") }, "b"},
		"the earlier of two": {Query{Statuses: []string{"read"}}, func(b *Book, p *State) {
			b.SetStatus(b.Message("b"), "read")
			b.SetStatus(b.Message("a"), "read")
			add(b, p, "new", ToPhone, "").Status = "read"
		}, "a"},
		"read by the business": {Query{Statuses: []string{"read"}, Direction: FromPhone}, func(b *Book, _ *State) {
			b.ReadBefore(b.Message("from"), "read")
		}, "from"},
		"edit": {Query{Text: "tea", Type: "text"}, func(b *Book, p *State) {
			b.Add(p, &Message{
				ID: "e", Direction: FromPhone, NumberID: number, Type: "edit", ReplyTo: "from",
				Content: []byte(`{"message":{"type":"text","text":{"body":"tea"}}}`),
			})
		}, "from"},
		"another number": {Query{Phone: "15550100902"}, func(b *Book, p *State) { b.Move(p, "15550100902") }, "a"},
		"more changes than are kept": {Query{Statuses: []string{"read"}}, func(b *Book, _ *State) {
			b.SetStatus(b.Message("a"), "read")
			for range 2*keepChanges + 1 {
				b.SetStatus(b.Message("b"), "delivered")
			}
		}, "a"},
		"not what came before": {Query{Statuses: []string{"read"}, After: 2}, func(b *Book, p *State) {
			b.SetStatus(b.Message("a"), "read")
			b.SetStatus(b.Message("from"), "read")
		}, "from"},
		"a reset": {Query{Text: "tea"}, func(b *Book, _ *State) {
			b.Reset()
			add(b, b.Open(user), "later", ToPhone, "tea")
		}, "later"},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBook(Settings{})
			p := b.Open(user)
			add(b, p, "a", ToPhone, "one")
			add(b, p, "b", ToPhone, "two")
			add(b, p, "from", FromPhone, "three")
			m, place, ok := b.Look(tt.wish, Place{})
			if ok {
				t.Fatalf("found %+v at once", m)
			}
			tt.change(b, p)
			if m, _, ok = b.Look(tt.wish, place); !ok || m.ID != tt.want {
				t.Errorf("found %q, %t, want %q", m.ID, ok, tt.want)
			}
		})
	}
}

func TestChangesAreBounded(t *testing.T) {
	b := NewBook(Settings{})
	m := add(b, b.Open(user), "a", ToPhone, "")
	for range 10 * keepChanges {
		b.SetStatus(m, "read")
	}
	if len(b.changes.list) > 2*keepChanges {
		t.Errorf("%d changes are kept", len(b.changes.list))
	}
}

func TestApplyWakesWhoWaits(t *testing.T) {
	b := NewBook(Settings{})
	p := b.Open(user)
	add(b, p, "a", FromPhone, "one")
	m := &Message{ID: "r", Direction: ToPhone, NumberID: number, Type: "reaction", ReplyTo: "a", Text: "👍"}
	b.Add(p, m)
	changed := b.Changed()
	b.Apply(m)
	select {
	case <-changed:
	default:
		t.Error("a reaction of a business woke nobody")
	}
}

package phone

import (
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
)

const (
	user   = "15550100900"
	number = "100000000000001"
)

func begin() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }

// add adds a text to a phone.
func add(b *Book, p *State, id, direction, text string) *Message {
	m := &Message{ID: id, Direction: direction, NumberID: number, Type: "text", Text: text, Status: "sent"}
	b.Add(p, m)
	return m
}

func TestQueryChooses(t *testing.T) {
	b := NewBook(Settings{})
	p := b.Open(user)
	add(b, p, "a", FromPhone, "Hello shop")
	add(b, p, "b", ToPhone, "Hello Ada")
	add(b, b.Open("15550100901"), "c", ToPhone, "hello Ben")
	add(b, nil, "d", ToPhone, "hello group")
	b.Message("c").Status = "read"
	for _, tt := range []struct {
		name string
		q    Query
		want []string
	}{
		{"everything", Query{}, []string{"a", "b", "c", "d"}},
		{"after", Query{After: 2}, []string{"c", "d"}},
		{"after all", Query{After: 9}, nil},
		{"direction", Query{Direction: ToPhone}, []string{"b", "c", "d"}},
		{"phone", Query{Phone: user}, []string{"a", "b"}},
		{"text in another case", Query{Text: "HELLO a"}, []string{"b"}},
		{"pattern", Query{Matches: regexp.MustCompile("Ada|Ben")}, []string{"b", "c"}},
		{"status", Query{Statuses: []string{"read"}}, []string{"c"}},
		{"id", Query{ID: "d", Type: "text", NumberID: number}, []string{"d"}},
		{"template", Query{Template: "x"}, nil},
	} {
		var got []string
		for _, m := range b.All(tt.q, 10) {
			got = append(got, m.ID)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := b.All(Query{}, 2); len(got) != 2 {
		t.Errorf("asked for 2 messages, got %d", len(got))
	}
}

func TestBookIsBounded(t *testing.T) {
	b := NewBook(Settings{})
	p, other := b.Open(user), b.Open("15550100901")
	add(b, p, "first", ToPhone, "")
	add(b, other, "second", ToPhone, "")
	for i := range keep - 1 {
		add(b, p, strconv.Itoa(i), ToPhone, "")
	}
	if len(b.log) != keep || len(b.messages) != keep || len(p.messages) != keep-1 || len(other.messages) != 1 {
		t.Errorf("%d in the log, %d by id, %d and %d on the phones", len(b.log), len(b.messages), len(p.messages), len(other.messages))
	}
	if b.Message("first") != nil || b.Message("second") == nil || b.Message(strconv.Itoa(keep-2)) == nil {
		t.Error("the wrong message was forgotten")
	}
	b.Move(other, "15550100902")
	add(b, nil, "group", ToPhone, "")
	if len(other.messages) != 0 || b.Message("second") != nil {
		t.Errorf("a phone that moved still has %d messages", len(other.messages))
	}
	if m, ok := b.First(Query{After: b.Seq() - 1}); !ok || m.Seq != b.Seq() {
		t.Errorf("last message %+v, %t", m, ok)
	}
}

func TestChangedWakesWhoWaits(t *testing.T) {
	b := NewBook(Settings{})
	for name, change := range map[string]func(){
		"message": func() { add(b, nil, "a", ToPhone, "") },
		"status":  func() { b.SetStatus(b.Message("a"), "read") },
		"reset":   b.Reset,
	} {
		if b.Message("a") == nil {
			add(b, nil, "a", ToPhone, "")
		}
		changed := b.Changed()
		change()
		select {
		case <-changed:
		default:
			t.Errorf("%s woke nobody", name)
		}
	}
	if before := b.Seq(); add(b, nil, "b", ToPhone, "").Seq != before+1 {
		t.Error("the count did not go on after a reset")
	}
}

func TestWindowAndOffersEnd(t *testing.T) {
	p := NewBook(Settings{}).Open(user)
	p.Wrote(number, begin())
	if !p.MayReceive(number, begin().Add(window-1)) || p.MayReceive(number, begin().Add(window)) || p.MayReceive("2", begin()) {
		t.Error("the window is not 24 hours of the number it was opened for")
	}
	got := []bool{p.Offer(1, begin()), p.Offer(1, begin().Add(capSpan-1)), p.Offer(1, begin().Add(capSpan))}
	if want := []bool{true, false, true}; !slices.Equal(got, want) {
		t.Errorf("offers %v, want %v", got, want)
	}
}

func TestMovedPhoneKeepsItsMessages(t *testing.T) {
	b := NewBook(Settings{})
	p := b.Open(user)
	add(b, p, "a", FromPhone, "hello")
	id := p.UserID
	b.Move(p, "15550100901")
	if b.Find("15550100901") != p || b.FindUser(p.UserID) != p || p.UserID == id {
		t.Errorf("moved to %+v", p.Phone)
	}
	if old := b.Find(user); old == nil || !old.Absent || b.FindUser(id) != old {
		t.Errorf("left %+v", old)
	}
	if list := b.Messages(p); len(list) != 1 || list[0].Phone != "15550100901" {
		t.Errorf("messages %+v", list)
	}
}

func TestMediaCaptionIsEdited(t *testing.T) {
	m := &Message{Text: "old"}
	m.edit([]byte(`{"message":{"type":"text","text":{"body":"new"}}}`))
	if m.Text != "new" || !m.Edited {
		t.Errorf("got %+v", m)
	}
	m.edit([]byte(`{`))
	if m.Text != "new" {
		t.Errorf("got %+v", m)
	}
}

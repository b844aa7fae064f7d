package group_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/group"
)

func start() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

func body(rest string) json.RawMessage {
	return json.RawMessage(`{"messaging_product":"whatsapp"` + rest + `}`)
}

func TestGroupFillsByInvitation(t *testing.T) {
	s := group.New(7)
	g, err := s.Create("1", body(`,"subject":"Friends","description":"of the shop"`), start())
	if err != nil || !strings.HasPrefix(g.InviteLink, "https://chat.whatsapp.com/") || len(g.Members) != 0 {
		t.Fatalf("%+v, %v", g, err)
	}
	for _, number := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		if after, joined, err := s.Join(g.InviteLink, number); err != nil || !joined || after.ID != g.ID {
			t.Errorf("%s: %+v, %t, %v", number, after, joined, err)
		}
	}
	if _, joined, err := s.Join(g.ID, "1"); err != nil || joined {
		t.Errorf("twice: %t, %v", joined, err)
	}
	if _, _, err := s.Join(g.ID, "9"); err == nil {
		t.Error("a ninth member was let in")
	}
	link := s.NewInvite(g.ID)
	if _, _, err := s.Join(g.InviteLink, "1"); link == g.InviteLink || !errors.Is(err, group.ErrNotFound) {
		t.Errorf("a void invitation: %v", err)
	}
	plain := func(number string) string { return strings.TrimPrefix(number, "+") }
	r, err := s.Remove(g.ID, body(`,"participants":[{"user":"+3"},{"user":"99"}]`), plain)
	if err != nil || strings.Join(r.Removed, " ") != "3" || strings.Join(r.Failed, " ") != "99" {
		t.Errorf("removed %+v, %v", r, err)
	}
	if after, _ := s.Get(g.ID); len(after.Members) != 7 {
		t.Errorf("members %v", after.Members)
	}
}

func TestGroupsAreListedAndChanged(t *testing.T) {
	s := group.New(7)
	var ids []string
	for _, number := range []string{"1", "1", "2"} {
		g, err := s.Create(number, body(`,"subject":"A group"`), start())
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, g.ID)
	}
	page, err := s.Page("1", url.Values{"limit": {"1"}}, "http://graph.test/1/groups")
	text, merr := json.Marshal(page)
	if err != nil || merr != nil || strings.Count(string(text), `"subject":"A group"`) != 1 || !strings.Contains(string(text), `"next":`) {
		t.Errorf("page %s, %v", text, err)
	}
	if changed, err := s.Change(ids[0], body(`,"subject":"Better"`)); err != nil || changed["group_subject"] != "Better" {
		t.Errorf("changed %v, %v", changed, err)
	}
	for _, bad := range []string{``, `,"subject":""`, `,"subject":"` + strings.Repeat("x", 129) + `"`, `,"color":"green"`} {
		if _, err := s.Change(ids[0], body(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
		if _, err := s.Create("1", body(bad), start()); err == nil {
			t.Errorf("%s made a group", bad)
		}
	}
	s.Delete(ids[0])
	if _, ok := s.Get(ids[0]); ok || len(s.All()) != 2 {
		t.Error("it is still there")
	}
}

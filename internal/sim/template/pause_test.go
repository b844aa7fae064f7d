package template_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/template"
)

func TestPausesGetLonger(t *testing.T) {
	s := store()
	id := s.List(template.Filter{WABAID: waba, Name: "hello_world"})[0].ID
	now := start
	for _, want := range []struct {
		title string
		span  time.Duration
	}{{"FIRST_PAUSE", 3 * time.Hour}, {"SECOND_PAUSE", 6 * time.Hour}} {
		before, after, until, err := s.Pause(id, now)
		if err != nil || before.Status != template.Approved || after.Status != template.Paused || until.Sub(now) != want.span {
			t.Fatalf("%s: %+v, until %s, %v", want.title, after, until, err)
		}
		if got := asJSON(t, template.Updates(before, after, now)[0].Value); !strings.Contains(got, want.title) {
			t.Errorf("%s: %s", want.title, got)
		}
		if _, _, _, err := s.Pause(id, now); err == nil {
			t.Error("a paused template was paused")
		}
		resumed, ok := s.Resume(after)
		if !ok || resumed.Status != template.Approved {
			t.Errorf("%s: resumed %+v, %t", want.title, resumed, ok)
		}
		if _, again := s.Resume(after); again {
			t.Error("a pause ended twice")
		}
		now = until
	}
	before, after, until, err := s.Pause(id, now)
	if err != nil || after.Status != template.Disabled || !until.IsZero() {
		t.Errorf("the third time: %+v, until %s, %v", after, until, err)
	}
	if got := asJSON(t, template.Updates(before, after, now)[0].Value); !strings.Contains(got, `"title":"DISABLED"`) {
		t.Errorf("the third time: %s", got)
	}
	if _, _, _, err := s.Pause("1", now); err == nil {
		t.Error("nothing was paused")
	}
}

func TestUnpauseEndsThePauseThatIs(t *testing.T) {
	s := store()
	id := s.List(template.Filter{WABAID: waba, Name: "hello_world"})[0].ID
	if _, err := s.Unpause(id); err == nil {
		t.Error("a template that is not paused was unpaused")
	}
	_, first, _, err := s.Pause(id, start)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := s.Unpause(id); err != nil || after.Status != template.Approved {
		t.Errorf("%+v, %v", after, err)
	}
	if _, _, _, err := s.Pause(id, start); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Resume(first); ok {
		t.Error("the end of the first pause ended the second")
	}
}

func TestApprovedTemplateIsEditedSeldom(t *testing.T) {
	s := store()
	id := s.List(template.Filter{WABAID: waba, Name: "hello_world"})[0].ID
	edit := func(now time.Time) error {
		changed, err := s.Edit(id, json.RawMessage(`{"components":[`+wellPut+`]}`), now)
		if err == nil {
			s.Review(changed)
		}
		return err
	}
	now := start
	for i := range 10 {
		if err := edit(now); err != nil {
			t.Fatalf("edit %d: %v", i+1, err)
		}
		if err := edit(now.Add(day - time.Second)); err == nil {
			t.Errorf("edit %d was followed by another on the same day", i+1)
		}
		now = now.Add(day)
	}
	if err := edit(now); err == nil || !strings.Contains(err.Error(), "10 times in 30 days") {
		t.Errorf("the eleventh: %v", err)
	}
	if err := edit(start.Add(30 * day)); err != nil {
		t.Errorf("after 30 days: %v", err)
	}
}

func TestNameOfADeletedTemplateIsTakenFor30Days(t *testing.T) {
	s := store()
	create := func(now time.Time) (template.Template, error) {
		return s.Create(waba, json.RawMessage(draft("UTILITY", wellPut)), now)
	}
	first, err := create(start)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(waba, first.Name, "", start); err != nil {
		t.Fatal(err)
	}
	second, err := create(start)
	if err != nil {
		t.Fatalf("one that was never approved leaves its name: %v", err)
	}
	s.Review(second)
	if _, err := s.Delete(waba, second.Name, "", start); err != nil {
		t.Fatal(err)
	}
	_, err = create(start.Add(30*day - time.Second))
	if code, subcode := codeOf(t, err); code != 100 || subcode != 2388023 {
		t.Errorf("within 30 days: %v", err)
	}
	if _, err := create(start.Add(30 * day)); err != nil {
		t.Errorf("after 30 days: %v", err)
	}
}

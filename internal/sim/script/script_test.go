package script

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// book makes a book of scripts that are written as JSON.
func book(t *testing.T, scripts string) *Book {
	t.Helper()
	var list []Script
	if err := json.Unmarshal([]byte(scripts), &list); err != nil {
		t.Fatal(err)
	}
	b := &Book{}
	if err := b.Replace(list); err != nil {
		t.Fatal(err)
	}
	return b
}

func text(words string) Message {
	return Message{
		Phone: "15550100900", PhoneName: "Ada", NumberID: "1", Display: "15550109999", ID: "wamid.1", Type: "text", Text: words,
		Words: func() string { return words },
	}
}

func TestFirstScriptThatFitsAnswers(t *testing.T) {
	b := book(t, `[
		{"name":"other phone","phone":"15550100901","answer":{"text":"x"}},
		{"name":"other number","from":"15550109998","answer":{"text":"x"}},
		{"name":"template","when":{"template":"order"},"answer":{"text":"x"}},
		{"name":"once","times":1,"when":{"contains":"HELLO"},"answer":{"text":"x"}},
		{"name":"by id","from":"1","when":{"type":"text"},"answer":{"text":"x"}}]`)
	var got []string
	for _, words := range []string{"hello", "well, hello again", "bye"} {
		for _, step := range b.Answer(text(words)) {
			got = append(got, step.Script)
		}
	}
	if want := []string{"once", "by id", "by id"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := b.Answer(Message{Type: "image", Words: func() string { return "" }}); got != nil {
		t.Errorf("an image was answered: %+v", got)
	}
	if list := b.List(); list[3].Answered != 1 || list[4].Answered != 2 {
		t.Errorf("counts %+v", list)
	}
}

func TestAnswerIsFilledIn(t *testing.T) {
	b := book(t, `[{"after":"2s","when":{"matches":"(\\d+) (\\w+)"},"answer":[
		{"after":"1s","text":"{name} ({phone}) wants {1} {2}: «{0}»"},
		{"after":"1d","order":{"items":[{"text":"{text}","{id}":7,"id":"{id}"}]},"n":1.5}]}]`)
	steps := b.Answer(text("give me 2 pots"))
	if len(steps) != 2 || steps[0].After != 3*time.Second || steps[1].After != 24*time.Hour || steps[0].Script != "1" {
		t.Fatalf("steps %+v", steps)
	}
	for i, want := range []string{
		`{"text":"Ada (15550100900) wants 2 pots: «2 pots»"}`,
		`{"n":1.5,"order":{"items":[{"id":"wamid.1","text":"give me 2 pots","{id}":7}]}}`,
	} {
		if string(steps[i].Body) != want {
			t.Errorf("got %s, want %s", steps[i].Body, want)
		}
	}
}

func TestTapAndReactionNeedNoWords(t *testing.T) {
	b := book(t, `[{"answer":[{"tap":{}},{"reaction":{"message_id":"{id}","emoji":""}},{"caption":"","file":{"data":""}}]}]`)
	if steps := b.Answer(text("x")); len(steps) != 3 {
		t.Errorf("steps %+v", steps)
	}
}

func TestWrongScriptsLeaveTheOldOnes(t *testing.T) {
	b := book(t, `[{"answer":{"text":"x"}}]`)
	if err := b.Replace([]Script{{Answer: json.RawMessage(`7`)}}); err == nil {
		t.Error("an answer that is a number was taken")
	}
	if err := b.Replace(make([]Script, maxScripts+1)); err == nil {
		t.Error("too many scripts were taken")
	}
	if err := b.Replace([]Script{{After: -1, Answer: json.RawMessage(`{"text":"x"}`)}}); err == nil {
		t.Error("a negative wait was taken")
	}
	for _, nothing := range []string{
		`{}`, `[]`, `[{}]`, `null`, `{"after":"1s"}`, `{"text":" "}`, `{"text":null}`, `[{"text":"x"},{"reply_to":"{id}"}]`, `{"type":"text"}`,
	} {
		if err := b.Replace([]Script{{Answer: json.RawMessage(nothing)}}); err == nil || !strings.Contains(err.Error(), "answer") {
			t.Errorf("%s: %v", nothing, err)
		}
	}
	if b.Empty() || len(b.Answer(text("x"))) != 1 {
		t.Error("the old script is gone")
	}
	if err := b.Replace(nil); err != nil || !b.Empty() {
		t.Errorf("scripts cannot be ended: %v", err)
	}
}

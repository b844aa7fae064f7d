package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// body is an element of what is posted.
type body = map[string]any

// Every sample of docs/webhooks.md is what is posted, or a part of it, and every
// kind that is posted has one.
func TestWebhooksPageShowsWhatIsPosted(t *testing.T) {
	posted := postedBodies(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		sample := element(t, m[1])
		if !partOfAny(posted, sample) {
			t.Errorf("this is never posted:\n%s", m[1])
		}
		for key := range sample {
			shown[key] = true
		}
		kind, _ := sample["message_type"].(string)
		status, _ := sample["status"].(string)
		shown[kind], shown[status] = true, true
	}
	for _, b := range posted {
		kind, _ := b["message_type"].(string)
		if !shown[kind] {
			t.Errorf("no sample is a %s", kind)
		}
		for key := range b {
			if !shown[key] {
				t.Errorf("no sample has %s", key)
			}
		}
	}
}

func partOfAny(all []body, part body) bool {
	for _, whole := range all {
		same := len(part) > 0
		for key, v := range part {
			same = same && reflect.DeepEqual(whole[key], v)
		}
		if same {
			return true
		}
	}
	return false
}

// element reads a body, and takes it out of the array that it is posted in.
func element(t *testing.T, text string) body {
	t.Helper()
	var b body
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, envelope := range []string{"incoming_message", "delivery_status"} {
		if list, ok := b[envelope].([]any); ok && len(list) == 1 {
			if inner, ok := list[0].(body); ok {
				return inner
			}
		}
	}
	return b
}

func postedBodies(t *testing.T) []body {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "internal", "waapi", "hook", "testdata", "*.json"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var all []body
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, element(t, strings.TrimSpace(string(text))))
	}
	return all
}

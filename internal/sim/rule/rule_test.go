package rule_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim/rule"
)

func TestRefusalsNameThePlace(t *testing.T) {
	shape := rule.Object(
		rule.Must("kind", rule.OneOf("a", "b")), rule.May("count", rule.Int(1, 3)), rule.May("on", rule.Bool()), rule.May("at", rule.Index(2)),
		rule.May("list", rule.List(1, 2, rule.Object(rule.Must("text", rule.Text(2, 3))))), rule.May("bag", rule.Bag()),
		rule.May("part", rule.Switch("type", true, map[string]rule.Rule{"x": rule.Any()})),
	)
	for value, want := range map[string]string{
		`{"kind":"a","count":2,"on":true,"at":"1","list":[{"text":"é1"}],"bag":{},"part":{"type":"X"}}`: "",
		`{"kind":"a","count":null}`:             "",
		`[]`:                                    "100 it must be an object",
		`{}`:                                    "131008 it['kind'] is required",
		`{"kind":null}`:                         "131008 it['kind'] is required",
		`{"kind":"c"}`:                          `131009 it['kind'] is "c", but must be a or b`,
		`{"kind":1}`:                            "100 it['kind'] must be a string",
		`{"kind":"a","z":1,"y":1}`:              "100 it takes kind, count, on, at, list, bag, part",
		`{"kind":"a","count":4}`:                "131009 it['count'] must be a whole number from 1 to 3",
		`{"kind":"a","count":1.5}`:              "131009 it['count'] must be a whole number",
		`{"kind":"a","count":"1"}`:              "100 it['count'] must be a number",
		`{"kind":"a","on":1}`:                   "100 it['on'] must be true or false",
		`{"kind":"a","at":3}`:                   "131009 it['at'] must be",
		`{"kind":"a","at":"one"}`:               "131009 it['at'] must be",
		`{"kind":"a","list":{}}`:                "100 it['list'] must be a list",
		`{"kind":"a","list":[]}`:                "131008 it['list'] is required",
		`{"kind":"a","list":[1,2,3]}`:           "131009 it['list'] has 3 items, but takes 1 to 2",
		`{"kind":"a","list":[{"text":"1234"}]}`: "131009 it['list'][0]['text'] has 4 characters, but takes 2 to 3",
		`{"kind":"a","list":[{"text":""}]}`:     "131008 it['list'][0]['text'] is required",
		`{"kind":"a","bag":1}`:                  "100 it['bag'] must be an object",
		`{"kind":"a","part":{}}`:                "131008 it['part']['type'] is required",
		`{"kind":"a","part":{"type":1}}`:        "100 it['part']['type'] must be a string",
		`{"kind":"a","part":{"type":"y"}}`:      `131009 it['part']['type'] is "y", but must be x`,
		`{"kind":`:                              "100 it is no JSON",
	} {
		var w rule.Walk
		_, err := w.Read([]byte(value), "it", shape)
		var refused *rule.Error
		if errors.As(err, &refused) {
			err = errors.New(strings.Trim(strings.Fields(refused.Message)[0], "(#)") + " " + strings.TrimPrefix(refused.Details, "parameter "))
		}
		if (err == nil) != (want == "") || (err != nil && !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", value, err, want)
		}
	}
}

func TestSelectReadsFieldsOfFields(t *testing.T) {
	node := map[string]any{"id": "1", "a": 1, "b": nil, "c": 3}
	for wish, want := range map[string]int{
		"": 2, "a": 2, "a,c": 3, "b": 1, "id": 1, " a , c{x,y(z)} ": 3, "c.limit(5){x,y},a": 3,
	} {
		got, err := rule.Select(wish, node, "a", "b")
		if err != nil || len(got) != want || got["id"] != "1" {
			t.Errorf("%q: %v, %v, want %d", wish, got, err, want)
		}
	}
	if _, err := rule.Select("a,d", node); err == nil {
		t.Error("a field that is none was taken")
	}
}

func TestPages(t *testing.T) {
	list := []int{1, 3, 5, 7, 9}
	page := func(query string) (rule.Page[int], error) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return rule.Paged(list, func(n int) int { return n }, values, "http://graph.test/list")
	}
	first, err := page("limit=2&access_token=secret&q=x")
	if err != nil || len(first.Data) != 2 || first.Paging.Previous != "" || strings.Contains(first.Paging.Next, "secret") || !strings.Contains(first.Paging.Next, "q=x") {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := page("limit=2&after=" + first.Paging.Cursors.After)
	if err != nil || second.Data[0] != 5 || second.Paging.Previous == "" || second.Paging.Next == "" {
		t.Errorf("%+v, %v", second, err)
	}
	back, err := page("limit=2&before=" + second.Paging.Cursors.Before)
	if err != nil || back.Data[0] != 1 || len(back.Data) != 2 {
		t.Errorf("%+v, %v", back, err)
	}
	if all, err := page(""); err != nil || len(all.Data) != 5 || all.Paging.Next != "" {
		t.Errorf("%+v, %v", all, err)
	}
	_, err = page("after=nothing")
	var refused *rule.Error
	if !errors.As(err, &refused) || refused.Code != 131059 {
		t.Errorf("%v", err)
	}
}

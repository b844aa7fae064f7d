package fault_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/clock"
	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/fault"
)

const user = "15550100900"

func at(seconds int) time.Time {
	return time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func scripted(t *testing.T, rules ...fault.Rule) *fault.Faults {
	t.Helper()
	f := fault.New(draw.New(7), fault.Profile{})
	if err := f.SetScript(rules); err != nil {
		t.Fatal(err)
	}
	return f
}

// send is the nth send to a user.
func send(to string, nth int) fault.Call {
	return fault.Call{
		On: fault.OnSend, NumberID: "1", Peer: to, Types: []string{"text"}, Nth: nth, Key: draw.New(7).Text(to).Int(nth), At: at(nth),
	}
}

func TestRulesOfTheProfilesAreSound(t *testing.T) {
	for _, p := range fault.Profiles() {
		for i, r := range p.Rules {
			if err := r.Check(); err != nil {
				t.Errorf("%s, rule %d: %v", p.Name, i+1, err)
			}
		}
	}
	if _, err := fault.Named("angry"); err == nil || !strings.Contains(err.Error(), "calm, real, mean") {
		t.Errorf("got %v", err)
	}
	if p, err := fault.Named(""); err != nil || p.Name != fault.Calm || len(p.Rules) > 0 || p.EnforceLimits {
		t.Errorf("the empty name is %+v, %v", p, err)
	}
}

func TestCodesAreListedOnceAndInOrder(t *testing.T) {
	list, seen := fault.Codes(), map[int]bool{}
	for _, c := range list {
		if seen[c.Code] {
			t.Errorf("%d is listed twice", c.Code)
		}
		seen[c.Code] = true
		if c.Title == "" || c.HTTP < 200 || c.HTTP > 599 {
			t.Errorf("%+v", c)
		}
	}
	if len(list) < 120 {
		t.Errorf("only %d codes", len(list))
	}
}

func TestConditionsMustAllHold(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule fault.Rule
		want []int // which of ten sends
	}{
		{"always", fault.Rule{Do: fault.Reset}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"nth", fault.Rule{Do: fault.Reset, Nth: []int{2, 5}}, []int{2, 5}},
		{"calls", fault.Rule{Do: fault.Reset, Calls: []int{1, 10}}, []int{1, 10}},
		{"times", fault.Rule{Do: fault.Reset, Times: 3}, []int{1, 2, 3}},
		{"both", fault.Rule{Do: fault.Reset, Nth: []int{2, 3, 4}, Times: 2}, []int{2, 3}},
		{"somebody else", fault.Rule{Do: fault.Reset, To: "15550100901"}, nil},
		{"another number", fault.Rule{Do: fault.Reset, NumberID: "2"}, nil},
		{"another type", fault.Rule{Do: fault.Reset, Type: "template"}, nil},
		{"about uploads", fault.Rule{Do: fault.Reset, On: fault.OnUpload}, nil},
		{"this user, number and type", fault.Rule{Do: fault.Reset, To: user, NumberID: "1", Type: "text", Times: 1}, []int{1}},
		{"a storm of three seconds", fault.Rule{Do: fault.Reset, Nth: []int{4}, For: clock.Span(3 * time.Second)}, []int{4, 5, 6}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := scripted(t, tt.rule)
			var got []int
			for nth := 1; nth <= 10; nth++ {
				if !f.Of(send(user, nth)).None() {
					got = append(got, nth)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("applied to %v, want %v", got, tt.want)
			}
		})
	}
}

func TestFirstRuleThatAppliesWins(t *testing.T) {
	f := scripted(t, fault.Rule{Do: fault.Cut, Nth: []int{1}}, fault.Rule{Name: "mine", Do: fault.Error, Code: 190})
	if act := f.Of(send(user, 1)); act.Do != fault.Cut {
		t.Errorf("got %+v", act)
	}
	act := f.Of(send(user, 2))
	if act.Name != "mine" || act.Code.Code != 190 || act.Code.HTTP != 401 || act.Code.Subcode != 463 {
		t.Errorf("got %+v", act)
	}
}

func TestChanceDependsOnTheCallAlone(t *testing.T) {
	forward, back := map[int]bool{}, map[int]bool{}
	rule := fault.Rule{Do: fault.Reset, Probability: 0.3}
	one, other := scripted(t, rule), scripted(t, rule)
	hits := 0
	for nth := range 1000 {
		forward[nth] = one.Of(send(user, nth)).None()
		if !forward[nth] {
			hits++
		}
	}
	for nth := 999; nth >= 0; nth-- {
		back[nth] = other.Of(send(user, nth)).None()
	}
	for nth := range 1000 {
		if forward[nth] != back[nth] {
			t.Fatalf("send %d fares differently in another order", nth)
		}
	}
	if hits < 250 || hits > 350 {
		t.Errorf("%d of 1000 at 30 %%", hits)
	}
}

func TestStormsByChanceArePiecesOfTime(t *testing.T) {
	f := scripted(t, fault.Rule{Do: fault.Error, Code: 130429, HTTP: 429, Probability: 0.2, For: clock.Span(10 * time.Second)})
	stormy := 0
	for piece := range 500 {
		inside := 0
		for second := range 10 {
			c := send(user, 10*piece+second)
			if act := f.Of(c); !act.None() {
				inside++
				if act.Code.HTTP != 429 {
					t.Fatalf("status %d", act.Code.HTTP)
				}
			}
		}
		if inside != 0 && inside != 10 {
			t.Fatalf("%d of ten seconds in piece %d", inside, piece)
		}
		stormy += inside / 10
	}
	if stormy < 70 || stormy > 130 {
		t.Errorf("%d of 500 pieces at 20 %%", stormy)
	}
}

func TestResetLetsRulesCountAgain(t *testing.T) {
	f := scripted(t, fault.Rule{Do: fault.Cut, Times: 1})
	if f.Of(send(user, 1)).None() || !f.Of(send(user, 2)).None() {
		t.Fatal("it did not apply once")
	}
	f.Reset()
	if f.Of(send(user, 3)).None() {
		t.Error("it still counts what was before")
	}
}

func TestBadRulesAreRefused(t *testing.T) {
	f := scripted(t, fault.Rule{Do: fault.Cut})
	for text, want := range map[string]string{
		`[{"do":"explode"}]`:                                    "do \"explode\"",
		`[{"do":"cut"},{"do":"error","code":7}]`:                "rule 2: code 7",
		`[{"do":"cut","on":"callback"}]`:                        "on \"callback\"",
		`[{"do":"lose","on":"send"}]`:                           "on \"send\"",
		`[{"do":"cut","on":"sent"}]`:                            "give one of send, upload, graph, callback",
		`[{"do":"cut","async":true}]`:                           "async",
		`[{"do":"cut","probability":2}]`:                        "probability",
		`[{"do":"cut","times":-1}]`:                             "times",
		`[{"do":"error","code":100,"status":99}]`:               "status 99",
		`[{"do":"error","code":100,"status":399}]`:              "from 400 to 599",
		`[{"do":"error","code":100,"status":600}]`:              "from 400 to 599",
		`[{"do":"error","code":100,"status":500,"async":true}]`: "leave out status or async",
		`[{"do":"error"}]`:                                      "say which of Meta's errors",
		`[{"do":"batch","max":1001}]`:                           "at most 1000",
		`[{"do":"delay","max":2}]`:                              "max: it goes with batch",
		`[{"do":"error","code":100,"on":"graph","async":true}]`: "async",
		`[{"do":"cut","nth":[1,0]}]`:                            "nth: it counts from 1",
		`[{"do":"cut","calls":[-1]}]`:                           "calls: it counts from 1",
		`[{"do":"cut","on":"upload","nth":[1]}]`:                "give calls",
		`[{"do":"cut","on":"graph","to":"15550100900"}]`:        "to no user",
		`[{"do":"cut","on":"upload","type":"image"}]`:           "has none",
		`[{"do":"cut","to":"Ada"}]`:                             "give a phone number",
		`[{"do":"cut","to":"+1 555"}]`:                          "give a phone number",
		`[{"do":"cut","type":"txt"}]`:                           "type \"txt\": give one of text",
		`[{"do":"cut","type":"delivered"}]`:                     "give one of text",
		`[{"do":"lose","type":"arrived"}]`:                      "give a status",
		`[{"do":"early","type":"delivered"}]`:                   "only the status sent",
		`[{"do":"pause","on":"graph"}]`:                         "only a send has a template",
		`[{"do":"pause","on":"upload"}]`:                        "only a send has a template",
		`[{"do":"pause","type":"text"}]`:                        "only a template can be paused",
		`[{"do":"slow","after":"2s","up_to":"1s"}]`:             "after 2s is more than up_to 1s",
		`[{"do":"slow","after":"-2s"}]`:                         "not negative",
		`[{"do":"cut","after":"2s"}]`:                           "and not with cut",
		`[{"do":"error","code":100,"async":true,"up_to":"2s"}]`: "and not with error",
		`[{"do":"lose","code":100}]`:                            "code: it goes with error alone",
		`[{"do":"502","status":503}]`:                           "status: it goes with error alone",
	} {
		var rules []fault.Rule
		if err := json.Unmarshal([]byte(text), &rules); err != nil {
			t.Fatal(err)
		}
		if err := f.SetScript(rules); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if len(f.Script()) != 1 {
		t.Error("a refused script was taken")
	}
}

func TestUserIsWrittenAsPeopleDo(t *testing.T) {
	f := scripted(t, fault.Rule{Do: fault.Cut, To: "+1 (555) 010-0900"}, fault.Rule{Do: fault.Reset, To: "Y2FwaV9ncm91cDox"})
	if act := f.Of(send(user, 1)); act.Do != fault.Cut {
		t.Errorf("got %+v", act)
	}
	if act := f.Of(send("Y2FwaV9ncm91cDox", 1)); act.Do != fault.Reset {
		t.Errorf("the group: %+v", act)
	}
}

func TestCallbacksHaveThreeKindsOfTypes(t *testing.T) {
	for _, kind := range []string{"delivered", "message_template_status_update", "button"} {
		f := scripted(t, fault.Rule{Do: fault.Lose, Type: kind})
		if act := f.Of(fault.Call{On: fault.OnCallback, Types: []string{kind}}); act.Do != fault.Lose {
			t.Errorf("%s: %+v", kind, act)
		}
	}
}

func TestRuleIsReadAndWrittenAsJSON(t *testing.T) {
	const text = `{"name":"slow for Ada","on":"send","to":"15550100900","nth":[1],"do":"slow","after":"1m0s","up_to":"24h0m0s"}`
	var r fault.Rule
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(r)
	if err != nil || string(got) != text {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestMagicRecipients(t *testing.T) {
	f := scripted(t, fault.Rule{Do: fault.Cut})
	for _, c := range fault.Codes() {
		now, later := fault.Recipient(c.Code)
		if act := f.Of(send(now, 1)); act.Do != fault.Error || act.Code != c || act.Async {
			t.Errorf("%s: %+v, want %d", now, act, c.Code)
		}
		if later == "" {
			continue
		}
		if act := f.Of(send(later, 1)); act.Do != fault.Error || act.Code != c || !act.Async {
			t.Errorf("%s: %+v, want %d later", later, act, c.Code)
		}
	}
	if act := f.Of(send("15550000273", 1)); act.Code.Code != 273 || act.Code.HTTP != 403 {
		t.Errorf("one of the permissions: %+v", act)
	}
	for _, plain := range []string{user, "15550100001", "15550109999", "15550131047123", "1555", "1555x131047", "Z3JvdXA="} {
		if act := f.Of(send(plain, 1)); act.Do != fault.Cut {
			t.Errorf("%s is magic: %+v", plain, act)
		}
	}
	if act := f.Of(send("15559000008", 3)); act.Code.HTTP != 429 {
		t.Errorf("third send in a storm: %+v", act)
	}
	if act := f.Of(send("15559000008", 4)); act.Do != fault.Cut {
		t.Errorf("fourth send after a storm: %+v", act)
	}
}

// The tables in the documentation are made from the code; to make them again, put in what this test prints.
func TestDocumentationHasTheTables(t *testing.T) {
	page, err := os.ReadFile("../../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range map[string]string{"magic recipients": fault.Table(), "profiles": fault.ProfileTable()} {
		if !strings.Contains(string(page), table) {
			t.Errorf("docs/simulator.md does not have the table of %s:\n%s", name, table)
		}
	}
}

func TestCodesThatNobodyKnowsNeedAStatus(t *testing.T) {
	for _, r := range []fault.Rule{{Do: fault.Error, Code: 999999}, {Do: fault.Error, Code: -1, HTTP: 400}} {
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), "not in the table") {
			t.Errorf("%+v: %v", r, err)
		}
	}
	f := scripted(t, fault.Rule{Do: fault.Error, Code: 999999, HTTP: 403, Times: 1}, fault.Rule{Do: fault.Error, Code: 999998, Async: true})
	if act := f.Of(send(user, 1)); act.Code.Code != 999999 || act.Code.HTTP != 403 || act.Code.Title == "" || act.Async {
		t.Errorf("refused: %+v", act)
	}
	if act := f.Of(send(user, 2)); act.Code.Code != 999998 || act.Code.Title == "" || !act.Async {
		t.Errorf("failed later: %+v", act)
	}
}

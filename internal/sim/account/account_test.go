package account_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/rule"
)

const (
	first  = "155501000001"
	second = "155501000002"
)

func start() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

func directory() *account.Directory {
	return account.New("42", 7, []account.Number{
		{ID: first, WABAID: "900001", Display: "15550100001", AccessToken: "one"},
		{ID: second, WABAID: "900002", Display: "15550100002", AccessToken: "two", Name: "Second"},
	}, []account.Token{{Value: "all"}, {Value: "only second", Numbers: []string{second}}})
}

func code(t *testing.T, err error) int {
	t.Helper()
	var refused *rule.Error
	if err == nil {
		return 0
	}
	if !errors.As(err, &refused) {
		t.Fatalf("%v is no refusal", err)
	}
	return refused.Code
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func TestTokensOpenTheirNumbersAlone(t *testing.T) {
	d := directory()
	for token, want := range map[string][2]bool{
		"one": {true, false}, "two": {false, true}, "all": {true, true}, "only second": {false, true}, "nobody": {}, "": {},
	} {
		_, one := d.Of(token, first)
		_, two := d.Of(token, second)
		if got := [2]bool{one, two}; got != want {
			t.Errorf("%q opens %v, want %v", token, got, want)
		}
		if got := [2]bool{d.MayAccount(token, "900001"), d.MayAccount(token, "900002")}; got != want {
			t.Errorf("%q opens the accounts %v, want %v", token, got, want)
		}
		if got := d.Knows(token); got != (want[0] || want[1]) {
			t.Errorf("%q is known: %t", token, got)
		}
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	err := account.Check([]account.Number{{ID: "x"}, {ID: "1", WABAID: "1", Display: "1", AccessToken: "a"}, {ID: "1", WABAID: "9", Display: "15550100001", AccessToken: "a"}},
		[]account.Token{{}, {Value: "b", Numbers: []string{"7"}}})
	for _, want := range []string{
		`number 1: id "x"`, "waba id is missing", "access token is missing", `number 2: display "1"`, "number 3: id or display number is taken",
		"waba id 1 is the id of a number", "token 1: value is missing", `token 2: there is no number with the id "7"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestNumberIsVerifiedAndRegisteredBeforeItSends(t *testing.T) {
	d, now := directory(), start()
	id, err := d.Create("900001", "one", raw(`{"cc":"1","phone_number":"555 010-0003","verified_name":"Third"}`))
	if err != nil {
		t.Fatal(err)
	}
	n, ok := d.Of("one", id)
	if _, all := d.Of("all", id); !ok || !all || n.Display != "15550100003" || n.Name != "Third" {
		t.Errorf("made %+v, own %t, all %t", n, ok, all)
	}
	register := func(pin string) int {
		return code(t, d.Register(id, raw(`{"messaging_product":"whatsapp","pin":"`+pin+`"}`), now))
	}
	if got := code(t, d.Ready(id)); got != rule.CodeUnregistered {
		t.Errorf("a new number: %d", got)
	}
	if got := register("123456"); got != rule.CodeReverify {
		t.Errorf("registered without verification: %d", got)
	}
	if err := d.RequestCode(id, raw(`{"code_method":"SMS","language":"en_US"}`)); err != nil {
		t.Fatal(err)
	}
	sms := d.Views()[2].Code
	if len(sms) != 6 {
		t.Errorf("the code is %q", sms)
	}
	wrong := "000000"
	if code(t, d.VerifyCode(id, raw(`{"code":"`+wrong+`"}`))) == 0 || code(t, d.VerifyCode(id, raw(`{"code":"12"}`))) == 0 {
		t.Error("a wrong code was taken")
	}
	if err := d.VerifyCode(id, raw(`{"code":"`+sms[:3]+"-"+sms[3:]+`"}`)); err != nil {
		t.Error(err)
	}
	if err := d.RequestCode(id, raw(`{"code_method":"SMS","locale":"en_US"}`)); err == nil {
		t.Error("a verified number was sent a code")
	}
	if register("12345") == 0 || register("123456") != 0 || code(t, d.Ready(id)) != 0 {
		t.Error("the number is not registered")
	}
	if got := register("654321"); got != rule.CodePIN {
		t.Errorf("another PIN: %d", got)
	}
	if code(t, d.Deregister(id, now)) != 0 || code(t, d.Ready(id)) == 0 || code(t, d.Deregister(id, now)) == 0 {
		t.Error("deregistering does not do it")
	}
}

func TestCreateRefuses(t *testing.T) {
	d := directory()
	for _, body := range []string{
		`{}`, `{"phone_number":"15550100009"}`, `{"phone_number":"12","verified_name":"x y"}`, `{"phone_number":"15550100001","verified_name":"taken"}`,
		`{"phone_number":"15550100009","verified_name":"x y","color":"green"}`,
	} {
		if id, err := d.Create("900001", "one", raw(body)); err == nil {
			t.Errorf("%s made %s", body, id)
		}
	}
}

func TestRegisteringIsLimited(t *testing.T) {
	d, now := directory(), start()
	for i := range 10 {
		if err := d.Deregister(first, now.Add(time.Duration(i)*time.Hour)); code(t, err) == rule.CodeMoves {
			t.Fatalf("time %d: %v", i+1, err)
		}
	}
	register := raw(`{"messaging_product":"whatsapp","pin":"123456"}`)
	if got := code(t, d.Register(first, register, now.Add(72*time.Hour-time.Second))); got != rule.CodeMoves {
		t.Errorf("the eleventh time: %d", got)
	}
	if err := d.Register(first, register, now.Add(72*time.Hour)); err != nil {
		t.Errorf("after 72 hours: %v", err)
	}
}

func TestWrongPINsLockForAWhile(t *testing.T) {
	d, now := directory(), start()
	if c, err := d.Change(first, raw(`{"pin":"111111"}`)); err != nil || !c.PIN {
		t.Fatalf("%+v, %v", c, err)
	}
	register := func(pin string, now time.Time) int {
		return code(t, d.Register(first, raw(`{"messaging_product":"whatsapp","pin":"`+pin+`"}`), now))
	}
	for i := range 5 {
		if got := register("222222", now); got != rule.CodePIN {
			t.Errorf("wrong PIN %d: %d", i+1, got)
		}
	}
	if got := register("111111", now); got != rule.CodePINGuesses {
		t.Errorf("locked: %d", got)
	}
	if got := register("111111", now.Add(10*time.Minute)); got != 0 {
		t.Errorf("after a while: %d", got)
	}
}

func TestCallbacksGoToTheNearestReceiver(t *testing.T) {
	d := directory()
	route := func(number string) string {
		o, subscribed := d.Route("900001", number)
		if !subscribed {
			return "nobody"
		}
		return o.URI
	}
	if got := route(first); got != "" {
		t.Errorf("without override: %s", got)
	}
	d.Subscribe("900001", account.Override{URI: "https://waba.example"})
	if got := route(first); got != "https://waba.example" {
		t.Errorf("with one of the account: %s", got)
	}
	d.SetOverride(first, account.Override{URI: "https://number.example"})
	if got, other := route(first), route(""); got != "https://number.example" || other != "https://waba.example" {
		t.Errorf("with one of the number: %s, about the account %s", got, other)
	}
	node, err := d.NumberNode(first, "webhook_configuration", "https://app.example")
	text := asJSON(t, node["webhook_configuration"])
	if want := `{"application":"https://app.example","phone_number":"https://number.example","whatsapp_business_account":"https://waba.example"}`; err != nil || text != want {
		t.Errorf("got %s, %v", text, err)
	}
	d.Unsubscribe("900001")
	if got := route(first); got != "nobody" || len(d.Subscriptions("900001")) != 0 {
		t.Errorf("unsubscribed: %s", got)
	}
}

func TestOverrideIsRead(t *testing.T) {
	for body, want := range map[string]bool{
		`{}`: true, `{"override_callback_uri":""}`: true, `{"override_callback_uri":"https://a.example","verify_token":"v"}`: true,
		`{"override_callback_uri":"https://a.example"}`: false, `{"override_callback_uri":"a","verify_token":"v"}`: false, `{"uri":"x"}`: false,
		`{"override_callback_uri":"https://` + strings.Repeat("a", 200) + `","verify_token":"v"}`: false,
	} {
		if _, _, err := account.ReadOverride(raw(body)); (err == nil) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestSettingsAreMerged(t *testing.T) {
	d := directory()
	if err := d.SetSettings(first, raw(`{"calling":{"status":"enabled"}}`)); err != nil {
		t.Fatal(err)
	}
	calling, ok := d.Settings(first)["calling"].(map[string]any)
	if !ok || calling["status"] != "enabled" || calling["call_icon_visibility"] != "visible" {
		t.Errorf("got %v", d.Settings(first))
	}
	for _, body := range []string{`{}`, `{"color":{}}`, `{"calling":"on"}`} {
		if err := d.SetSettings(first, raw(body)); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
}

func TestUsernamesAreUnique(t *testing.T) {
	d := directory()
	if err := d.SetUsername(first, raw(`{"username":"shop.one"}`)); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{`{"username":"shop.one"}`, `{"username":"ab"}`, `{"username":"Shop"}`, `{}`} {
		if err := d.SetUsername(second, raw(body)); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
	d.DropUsername(first)
	if err := d.SetUsername(second, raw(`{"username":"shop.one"}`)); err != nil || d.Username(second)["username"] != "shop.one" || len(d.Username(first)) != 0 {
		t.Errorf("%v, %v", d.Username(second), err)
	}
	n, _ := d.ByID(second)
	for _, name := range account.Suggestions(n) {
		if err := d.SetUsername(first, raw(`{"username":"`+name+`"}`)); err != nil {
			t.Errorf("a suggestion is none: %v", err)
		}
	}
}

func TestAutomationIsKept(t *testing.T) {
	d := directory()
	if err := d.SetAutomation(first, raw(`{"prompts":["Book a flight"],"commands":[{"command_name":"help","command_description":"Get help"}]}`)); err != nil {
		t.Fatal(err)
	}
	if err := d.SetAutomation(first, raw(`{"enable_welcome_message":true}`)); err != nil {
		t.Fatal(err)
	}
	node, err := d.NumberNode(first, "conversational_automation", "")
	text := asJSON(t, node["conversational_automation"])
	if !strings.Contains(text, `"enable_welcome_message":true`) || !strings.Contains(text, "Book a flight") || err != nil {
		t.Errorf("got %s, %v", text, err)
	}
	for _, body := range []string{
		`{"prompts":["1","2","3","4","5"]}`, `{"prompts":["` + strings.Repeat("x", 81) + `"]}`,
		`{"commands":[{"command_name":"a","command_description":"x"},{"command_name":"a","command_description":"y"}]}`,
	} {
		if err := d.SetAutomation(first, raw(body)); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
}

func TestNodesTellWhoCannotSend(t *testing.T) {
	d := directory()
	if err := d.Deregister(first, start()); err != nil {
		t.Fatal(err)
	}
	node, err := d.NumberNode(first, "status,health_status", "")
	text := asJSON(t, node)
	for _, want := range []string{`"status":"DISCONNECTED"`, `"can_send_message":"BLOCKED"`, `"error_code":133010`} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("no %s in %s, %v", want, text, err)
		}
	}
	page, err := d.Page("all", "900002", url.Values{"fields": {"verified_name"}}, "", "")
	if err != nil || len(page.Data) != 1 || page.Data[0]["verified_name"] != "Second" {
		t.Errorf("%v, %v", page, err)
	}
	if page, err := d.Page("one", "900002", url.Values{}, "", ""); err != nil || len(page.Data) != 0 {
		t.Errorf("another's numbers: %v, %v", page, err)
	}
}

package template_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
)

const (
	waba = "900001"
	day  = 24 * time.Hour
)

// start is when the tests begin.
var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

func store() *template.Store {
	made := 100000000000000
	return template.NewStore([]string{waba, "900002"}, func() string {
		made++
		return strconv.Itoa(made)
	})
}

// codeOf returns code and subcode of a refusal, and zeros for no error.
func codeOf(t *testing.T, err error) (code, subcode int) {
	t.Helper()
	var refused *rule.Error
	if err == nil {
		return 0, 0
	}
	if !errors.As(err, &refused) {
		t.Fatalf("%v is no refusal", err)
	}
	return refused.Code, refused.Subcode
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func long(n int) string { return strings.Repeat("é", n) }

// draft makes a template of components.
func draft(category string, components ...string) string {
	return `{"name":"news","language":"en_US","category":"` + category + `","components":[` + strings.Join(components, ",") + `]}`
}

func body(text string) string { return `{"type":"BODY","text":"` + text + `"}` }

func buttons(list ...string) string {
	return `{"type":"BUTTONS","buttons":[` + strings.Join(list, ",") + `]}`
}

func quick(n int) string {
	return strings.TrimSuffix(strings.Repeat(`{"type":"QUICK_REPLY","text":"Yes"},`, n), ",")
}

const (
	link    = `{"type":"URL","text":"Open","url":"https://example.com/{{1}}","example":["https://example.com/7"]}`
	image   = `{"type":"HEADER","format":"IMAGE","example":{"header_handle":["4:abc"]}}`
	otp     = `{"type":"OTP","otp_type":"COPY_CODE","text":"Copy"}`
	offer   = `{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Soon over","has_expiration":true}}`
	card    = `{"components":[` + image + `,{"type":"BODY","text":"Card"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"More"}]}]}`
	unlike  = `{"components":[` + image + `,{"type":"BODY","text":"Card"},{"type":"BUTTONS","buttons":[{"type":"PHONE_NUMBER","text":"Call","phone_number":"+15550100900"}]}]}`
	exmpl   = `{"type":"BODY","text":"Hi {{1}}, see {{2}}.","example":{"body_text":[["Ada","it"]]}}`
	wellPut = `{"type":"BODY","text":"Hello."}`
)

func TestCreate(t *testing.T) {
	for _, tt := range []struct {
		name, draft   string
		code, subcode int
	}{
		{"text", draft("UTILITY", wellPut), 0, 0},
		{"lower case", draft("UTILITY", `{"type":"body","text":"Hello."}`), 0, 0},
		{"everything", draft("MARKETING", image, exmpl, `{"type":"FOOTER","text":"Bye"}`, buttons(quick(8), link, `{"type":"PHONE_NUMBER","text":"Call","phone_number":"+15550100900"}`)), 0, 0},
		{"text header", draft("UTILITY", `{"type":"HEADER","format":"TEXT","text":"Hi {{1}}","example":{"header_text":["Ada"]}}`, wellPut), 0, 0},
		{"one-time password", draft("AUTHENTICATION", `{"type":"BODY","add_security_recommendation":true}`, `{"type":"FOOTER","code_expiration_minutes":10}`, buttons(otp)), 0, 0},
		{"offer", draft("MARKETING", offer, wellPut, buttons(`{"type":"COPY_CODE","example":"X1"}`, link)), 0, 0},
		{"carousel", draft("MARKETING", wellPut, `{"type":"CAROUSEL","cards":[`+card+`,`+card+`]}`), 0, 0},
		{"named", `{"name":"news","language":"en","category":"UTILITY","parameter_format":"NAMED","components":[{"type":"BODY","text":"Hi {{first_name}}!","example":{"body_text_named_params":[{"param_name":"first_name","example":"Ada"}]}}]}`, 0, 0},
		{"no JSON", `{`, 100, 0},
		{"no object", `[]`, 100, 0},
		{"no name", `{"language":"en","category":"UTILITY","components":[` + wellPut + `]}`, 100, 2388043},
		{"name with capitals", strings.Replace(draft("UTILITY", wellPut), "news", "News", 1), 100, 0},
		{"name too long", strings.Replace(draft("UTILITY", wellPut), "news", strings.Repeat("n", 513), 1), 100, 2388040},
		{"language", strings.Replace(draft("UTILITY", wellPut), "en_US", "english", 1), 100, 0},
		{"category", draft("NEWS", wellPut), 100, 2388040},
		{"unexpected key", strings.Replace(draft("UTILITY", wellPut), `"name"`, `"title":"x","name"`, 1), 100, 0},
		{"no components", draft("UTILITY"), 100, 2388043},
		{"component nobody knows", draft("UTILITY", wellPut, `{"type":"SIDE"}`), 100, 2388040},
		{"no body", draft("UTILITY", `{"type":"FOOTER","text":"Bye"}`), 100, 2388043},
		{"body without a text", draft("UTILITY", `{"type":"BODY"}`), 100, 2388043},
		{"two bodies", draft("UTILITY", wellPut, wellPut), 100, 2388072},
		{"body too long", draft("UTILITY", body(long(1025))), 100, 2388040},
		{"variable at the beginning", draft("UTILITY", body("{{1}} is here")), 100, 2388299},
		{"variable at the end", draft("UTILITY", body("Here is {{1}}")), 100, 2388299},
		{"variables with a gap", draft("UTILITY", body("Hi {{1}} and {{3}}.")), 100, 2388072},
		{"named variable without the format", draft("UTILITY", body("Hi {{name}}!")), 100, 2388072},
		{"numbered variable with the format", strings.Replace(draft("UTILITY", body("Hi {{1}}!")), `"name"`, `"parameter_format":"NAMED","name"`, 1), 100, 2388072},
		{"no example", draft("UTILITY", body("Hi {{1}}!")), 100, 2388043},
		{"too few examples", draft("UTILITY", strings.Replace(exmpl, `,"it"`, ``, 1)), 100, 2388043},
		{"header too long", draft("UTILITY", `{"type":"HEADER","format":"TEXT","text":"`+long(61)+`"}`, wellPut), 100, 2388040},
		{"header with two variables", draft("UTILITY", `{"type":"HEADER","format":"TEXT","text":"{{1}} or {{2}}"}`, wellPut), 100, 2388047},
		{"header without an example", draft("UTILITY", `{"type":"HEADER","format":"IMAGE"}`, wellPut), 100, 2388043},
		{"header with a media id", draft("UTILITY", strings.Replace(image, "4:abc", "1234567", 1), wellPut), 100, 2388047},
		{"header with an address", draft("UTILITY", strings.Replace(image, "4:abc", "https://example.com/a.png", 1), wellPut), 100, 2388047},
		{"header format", draft("UTILITY", `{"type":"HEADER","format":"SOUND"}`, wellPut), 100, 2388040},
		{"footer too long", draft("UTILITY", wellPut, `{"type":"FOOTER","text":"`+long(61)+`"}`), 100, 2388040},
		{"footer with a variable", draft("UTILITY", wellPut, `{"type":"FOOTER","text":"Bye {{1}}"}`), 100, 2388073},
		{"eleven buttons", draft("UTILITY", wellPut, buttons(quick(11))), 100, 2388040},
		{"label too long", draft("UTILITY", wellPut, buttons(`{"type":"QUICK_REPLY","text":"`+long(26)+`"}`)), 100, 2388040},
		{"three addresses", draft("UTILITY", wellPut, buttons(link, link, link)), 100, 2388040},
		{"two telephones", draft("UTILITY", wellPut, buttons(`{"type":"PHONE_NUMBER","text":"A","phone_number":"1"},{"type":"PHONE_NUMBER","text":"B","phone_number":"2"}`)), 100, 2388040},
		{"quick replies apart", draft("UTILITY", wellPut, buttons(quick(1), link, quick(1))), 100, 2388072},
		{"variable in the middle of an address", draft("UTILITY", wellPut, buttons(strings.Replace(link, `{{1}}"`, `{{1}}/x"`, 1))), 100, 2388072},
		{"address without an example", draft("UTILITY", wellPut, buttons(`{"type":"URL","text":"Open","url":"https://example.com/{{1}}"}`)), 100, 2388043},
		{"password in the wrong category", draft("UTILITY", wellPut, buttons(otp)), 100, 2388072},
		{"authentication without a button", draft("AUTHENTICATION", `{"type":"BODY"}`), 100, 2388072},
		{"authentication with a picture", draft("AUTHENTICATION", image, `{"type":"BODY"}`, buttons(otp)), 100, 2388072},
		{"offer in the wrong category", draft("UTILITY", offer, wellPut), 100, 2388072},
		{"offer with a footer", draft("MARKETING", offer, wellPut, `{"type":"FOOTER","text":"Bye"}`), 100, 2388072},
		{"offer too long", draft("MARKETING", strings.Replace(offer, "Soon over", long(17), 1), wellPut), 100, 2388040},
		{"one card", draft("MARKETING", wellPut, `{"type":"CAROUSEL","cards":[`+card+`]}`), 100, 2388040},
		{"unlike cards", draft("MARKETING", wellPut, `{"type":"CAROUSEL","cards":[`+card+`,`+unlike+`]}`), 100, 2388072},
		{"cards without a picture", draft("MARKETING", wellPut, strings.ReplaceAll(`{"type":"CAROUSEL","cards":[`+card+`,`+card+`]}`, image+`,`, ``)), 100, 2388072},
		{"carousel with a footer", draft("MARKETING", wellPut, `{"type":"FOOTER","text":"x"}`, `{"type":"CAROUSEL","cards":[`+card+`,`+card+`]}`), 100, 2388072},
		{"time to live", strings.Replace(draft("AUTHENTICATION", `{"type":"BODY"}`, buttons(otp)), `"name"`, `"message_send_ttl_seconds":1000,"name"`, 1), 100, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			made, err := store().Create(waba, json.RawMessage(tt.draft), start)
			if code, subcode := codeOf(t, err); code != tt.code || subcode != tt.subcode {
				t.Fatalf("%s\ngot %d/%d (%v), want %d/%d", tt.draft, code, subcode, err, tt.code, tt.subcode)
			}
			if err == nil && (made.Status != template.Pending || made.WABAID != waba || made.Name != "news" || made.ID == "") {
				t.Errorf("made %+v", made)
			}
		})
	}
}

func TestNameAndLanguageAreTakenOnce(t *testing.T) {
	s := store()
	if _, err := s.Create(waba, json.RawMessage(draft("UTILITY", wellPut)), start); err != nil {
		t.Fatal(err)
	}
	_, err := s.Create(waba, json.RawMessage(draft("UTILITY", wellPut)), start)
	if code, subcode := codeOf(t, err); code != 100 || subcode != 2388024 {
		t.Errorf("again: %v", err)
	}
	for where, other := range map[string]string{waba: strings.Replace(draft("UTILITY", wellPut), "en_US", "de", 1), "900002": draft("UTILITY", wellPut)} {
		if _, err := s.Create(where, json.RawMessage(other), start); err != nil {
			t.Errorf("another language or account: %v", err)
		}
	}
}

func TestAuthenticationBodyIsWritten(t *testing.T) {
	made, err := store().Create(waba, json.RawMessage(draft("AUTHENTICATION", `{"type":"BODY"}`, buttons(otp))), start)
	if err != nil || !strings.Contains(string(made.Components), "*{{1}}* is your verification code.") {
		t.Errorf("%s, %v", made.Components, err)
	}
}

func TestReviewEndsOnlyWhatItBeganWith(t *testing.T) {
	s := store()
	first, _ := s.Create(waba, json.RawMessage(draft("UTILITY", wellPut)), start)
	if _, err := s.Edit(first.ID, json.RawMessage(`{"components":[`+wellPut+`]}`), start); err == nil {
		t.Error("a template under review was edited")
	}
	if after, ok := s.Review(first); !ok || after.Status != template.Approved || after.RejectedReason != "NONE" {
		t.Fatalf("%+v, %t", after, ok)
	}
	edited, err := s.Edit(first.ID, json.RawMessage(`{"components":[`+exmpl+`]}`), start)
	if err != nil || edited.Status != template.Pending || !strings.Contains(string(edited.Components), "see {{2}}") {
		t.Fatalf("%+v, %v", edited, err)
	}
	if _, ok := s.Review(first); ok {
		t.Error("the first review ended the second")
	}
	if _, ok := s.Review(edited); !ok {
		t.Error("the second review did not end")
	}
	bad, _ := s.Create(waba, json.RawMessage(strings.Replace(draft("UTILITY", wellPut), "news", "please_reject_me", 1)), start)
	if after, ok := s.Review(bad); !ok || after.Status != template.Rejected || after.RejectedReason == "NONE" {
		t.Errorf("%+v, %t", after, ok)
	}
}

func TestEditIsChecked(t *testing.T) {
	s := store()
	made, err := s.Put(waba, json.RawMessage(draft("UTILITY", body("Hi {{1}}!"))), template.Rejected)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{`{"name":"other"}`, `{"language":"de"}`, `{"components":[]}`, `{"category":"NEWS"}`, `{"components":[` + body("Hi {{1}}") + `]}`} {
		if _, err := s.Edit(made.ID, json.RawMessage(change), start); err == nil {
			t.Errorf("%s was taken", change)
		}
	}
	if _, err := s.Edit("1", json.RawMessage(`{}`), start); err == nil {
		t.Error("nothing was edited")
	}
	if after, err := s.Edit(made.ID, json.RawMessage(`{"category":"MARKETING","components":[`+wellPut+`]}`), start); err != nil || after.Category != "MARKETING" {
		t.Errorf("%+v, %v", after, err)
	}
	approved := s.List(template.Filter{WABAID: waba, Name: "hello_world"})[0]
	if _, err := s.Edit(approved.ID, json.RawMessage(`{"category":"MARKETING"}`), start); err == nil {
		t.Error("the category of an approved template was edited")
	}
}

func TestDelete(t *testing.T) {
	s := store()
	gone, err := s.Delete(waba, "order_update", "", start)
	if err != nil || len(gone) != 2 || len(s.List(template.Filter{WABAID: waba, Name: "order_update"})) != 0 {
		t.Errorf("%+v, %v", gone, err)
	}
	if n := len(s.List(template.Filter{WABAID: "900002", Name: "order_update"})); n != 2 {
		t.Errorf("%d left in the other account", n)
	}
	_, err = s.Delete(waba, "order_update", "", start)
	if code, subcode := codeOf(t, err); code != 100 || subcode != 2593002 {
		t.Errorf("again: %v", err)
	}
	hindi := s.List(template.Filter{WABAID: "900002", Language: "hi"})[0]
	if gone, err := s.Delete("900002", "order_update", hindi.ID, start); err != nil || len(gone) != 1 || gone[0].Language != "hi" {
		t.Errorf("%+v, %v", gone, err)
	}
}

func TestPagesAreWalkedBothWays(t *testing.T) {
	s := store()
	var names []string
	query := url.Values{"limit": {"3"}, "fields": {"name,quality_score{score}"}}
	for page := 0; ; page++ {
		got, err := s.Page(waba, query, "http://graph.test/900001/message_templates")
		if err != nil {
			t.Fatal(err)
		}
		for _, node := range got.Data {
			names = append(names, node["name"].(string))
			if len(node) != 3 || node["id"] == "" || node["quality_score"] == nil {
				t.Errorf("node %v", node)
			}
		}
		if (page > 0) != (got.Paging.Previous != "") {
			t.Errorf("page %d has previous %q", page, got.Paging.Previous)
		}
		if got.Paging.Next == "" {
			break
		}
		next, err := url.Parse(got.Paging.Next)
		if err != nil || next.Query().Get("limit") != "3" || next.Query().Get("after") != got.Paging.Cursors.After {
			t.Fatalf("next %q, %v", got.Paging.Next, err)
		}
		query = next.Query()
	}
	if want := "hello_world order_update order_update invoice_ready spring_sale login_code deal_cards flash_offer"; strings.Join(names, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(names, " "), want)
	}
	last, _ := s.Page(waba, url.Values{"limit": {"2"}}, "x")
	s.Delete(waba, "order_update", "", start)
	before, err := s.Page(waba, url.Values{"before": {last.Paging.Cursors.After}, "limit": {"5"}}, "x")
	if err != nil || len(before.Data) != 1 || before.Data[0]["name"] != "hello_world" {
		t.Errorf("before a deleted one: %+v, %v", before, err)
	}
	for _, bad := range []url.Values{{"after": {"x"}}, {"before": {"%%"}}, {"limit": {"0"}}, {"limit": {"many"}}, {"fields": {"name,color"}}} {
		if _, err := s.Page(waba, bad, "x"); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	none, err := s.Page(waba, url.Values{"status": {"REJECTED"}}, "x")
	if text := asJSON(t, none); err != nil || text != `{"data":[]}` {
		t.Errorf("none: %s, %v", text, err)
	}
}

func TestFilters(t *testing.T) {
	s := store()
	for filter, want := range map[string]int{
		"name=order_update": 2, "language=hi": 1, "category=MARKETING": 3, "category=authentication": 1, "status=APPROVED": 8, "name=order": 0,
		"name=order_update&language=en": 1,
	} {
		query, _ := url.ParseQuery(filter)
		page, err := s.Page(waba, query, "x")
		if err != nil || len(page.Data) != want {
			t.Errorf("%s: %d, %v, want %d", filter, len(page.Data), err, want)
		}
	}
}

func TestUpdatesHaveMetasValues(t *testing.T) {
	s := store()
	first := s.List(template.Filter{WABAID: waba})[0]
	change := func(text string) []template.Update {
		var c template.Change
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		before, after, err := s.Change(first.ID, c)
		if err != nil {
			t.Fatal(err)
		}
		return template.Updates(before, after, time.Unix(1750000000, 0))
	}
	id := `"message_template_id":` + first.ID + `,"message_template_name":"hello_world","message_template_language":"en_US"`
	for _, tt := range []struct{ change, field, value string }{
		{`{"status":"PAUSED"}`, "message_template_status_update", `{"event":"PAUSED",` + id + `,"reason":"NONE","message_template_category":"UTILITY","other_info":{"title":"FIRST_PAUSE","description":"The template is paused because of its quality."}}`},
		{`{"status":"DISABLED"}`, "message_template_status_update", `{"event":"DISABLED",` + id + `,"reason":"NONE","message_template_category":"UTILITY","disable_info":{"disable_date":"2025-06-15"}}`},
		{`{"category":"MARKETING"}`, "template_category_update", `{` + id + `,"previous_category":"UTILITY","new_category":"MARKETING"}`},
		{`{"quality":"RED"}`, "message_template_quality_update", `{"previous_quality_score":"GREEN","new_quality_score":"RED",` + id + `}`},
	} {
		list := change(tt.change)
		if len(list) != 1 || list[0].Field != tt.field {
			t.Fatalf("%s: %+v", tt.change, list)
		}
		if got := asJSON(t, list[0].Value); got != tt.value {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.change, got, tt.value)
		}
	}
	if list := change(`{"quality":"RED"}`); len(list) != 0 {
		t.Errorf("nothing changed, but %+v", list)
	}
	gone := asJSON(t, template.StatusUpdate(first, template.Deleted, time.Now()).Value)
	if !strings.Contains(gone, `"event":"DELETED"`) || !strings.Contains(gone, `"reason":null`) {
		t.Errorf("deleted: %s", gone)
	}
	wrong := "GREAT"
	if _, _, err := s.Change(first.ID, template.Change{Quality: &wrong}); err == nil {
		t.Error("a quality that is none was taken")
	}
	if _, _, err := s.Change("1", template.Change{}); !errors.Is(err, template.ErrNotFound) {
		t.Errorf("no template: %v", err)
	}
}

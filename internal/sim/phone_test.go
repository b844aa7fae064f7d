package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

// post sends any message and returns its wamid.
func post(t *testing.T, s *sim.Sim, body string) string {
	t.Helper()
	var answer struct {
		Messages []struct{ ID string }
	}
	decode(t, askJSON(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token, body), http.StatusOK, &answer)
	return answer.Messages[0].ID
}

// control asks the control face and wants 200.
func control(t *testing.T, s *sim.Sim, method, path, body string) string {
	t.Helper()
	w := askJSON(s.Control(), method, path, "", body)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// seen finds a message on the user's phone.
func seen(t *testing.T, s *sim.Sim, wamid string) sim.Message {
	t.Helper()
	list, err := s.Messages(user)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(m sim.Message) bool { return m.ID == wamid })
	if i < 0 {
		t.Fatalf("no message %s on the phone", wamid)
	}
	return list[i]
}

// lastBody is the body of the last callback.
func lastBody(t *testing.T, s *sim.Sim) string {
	t.Helper()
	list := s.Callbacks()
	if len(list) == 0 {
		t.Fatal("no callback")
	}
	return string(list[len(list)-1].Body)
}

// quiet makes a Sim that posts nowhere; its log of callbacks is enough.
func quiet(t *testing.T) *sim.Sim {
	t.Helper()
	o := options(t, newReceiver())
	o.Numbers, o.Callback = o.Numbers[:1], sim.Callback{}
	return start(t, o)
}

func interactive(object string) string { return toUser(`"type":"interactive","interactive":` + object) }

const (
	twoButtons = `{"type":"button","header":{"type":"text","text":"Order 7"},"body":{"text":"Shall we send it?"},"footer":{"text":"The shop"},` +
		`"action":{"buttons":[{"type":"reply","reply":{"id":"go","title":"Yes"}},{"type":"reply","reply":{"id":"stay","title":"No"}}]}}`
	aList = `{"type":"list","body":{"text":"Which one?"},"action":{"button":"Choose","sections":[{"title":"Sizes","rows":[` +
		`{"id":"s","title":"Small","description":"fits in a hand"},{"id":"l","title":"Large"}]}]}}`
	aFlow = `{"type":"flow","body":{"text":"Fill it in"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1",` +
		`"flow_cta":"Open","flow_token":"t-1"}}}`
	aProduct  = `{"type":"product","action":{"catalog_id":"c-1","product_retailer_id":"p-1"}}`
	aPlace    = `{"type":"location_request_message","body":{"text":"Where?"},"action":{"name":"send_location"}}`
	aCall     = `{"type":"call_permission_request","body":{"text":"May we?"},"action":{"name":"call_permission_request"}}`
	aContact  = `{"type":"request_contact_info","body":{"text":"Who?"},"action":{"name":"request_contact_info"}}`
	aLink     = `{"type":"cta_url","body":{"text":"See"},"action":{"name":"cta_url","parameters":{"display_text":"Open","url":"https://shop.example/7"}}}`
	theShop   = `{"type":"catalog_message","body":{"text":"All of it"},"action":{"name":"catalog_message"}}`
	anAddress = `{"type":"address_message","body":{"text":"Where to?"},"action":{"name":"address_message","parameters":{"country":"IN"}}}`
)

func TestTapAnswersWithWhatTheButtonSends(t *testing.T) {
	s := quiet(t)
	say(t, s, "hello")
	for _, tt := range []struct{ name, object, tap, want string }{
		{"label", twoButtons, `{"button":"yes"}`, `"interactive":{"button_reply":{"id":"go","title":"Yes"},"type":"button_reply"}`},
		{"id", twoButtons, `{"button":"stay"}`, `"button_reply":{"id":"stay","title":"No"}`},
		{"place", twoButtons, `{"button":1}`, `"button_reply":{"id":"stay","title":"No"}`},
		{"row", aList, `{"button":"Small"}`, `"list_reply":{"description":"fits in a hand","id":"s","title":"Small"}`},
		{"row without description", aList, `{"button":"l"}`, `"list_reply":{"id":"l","title":"Large"}`},
		{"form", aFlow, `{"data":{"size":"M"}}`, `"nfm_reply":{"body":"Sent","name":"flow","response_json":"{\"flow_token\":\"t-1\",\"size\":\"M\"}"}`},
		{"address", anAddress, `{"data":{"city":"X"}}`, `"response_json":"{\"values\":{\"city\":\"X\"}}"`},
		{"product", aProduct, `{}`, `"order":{"catalog_id":"c-1","product_items":[{"currency":"USD","item_price":1,"product_retailer_id":"p-1","quantity":1}]`},
		{"order", theShop, `{"items":[{"product_retailer_id":"p-9","quantity":3,"item_price":2.5,"currency":"EUR"}],"text":"Soon"}`, `"item_price":2.5,"product_retailer_id":"p-9","quantity":3}],"text":"Soon"`},
		{"place on a map", aPlace, `{"data":{"latitude":1.5,"longitude":2.5}}`, `"location":{"latitude":1.5,"longitude":2.5}`},
		{"call", aCall, `{"button":"reject"}`, `"call_permission_reply":{"response":"reject","response_source":"user_action"}`},
		{"contact", aContact, `{}`, `"origin":"contact_request"`},
	} {
		wamid := post(t, s, interactive(tt.object))
		answer := control(t, s, http.MethodPost, "/phones/"+user+"/messages/"+url.PathEscape(wamid)+"/tap", tt.tap)
		if body := lastBody(t, s); !strings.Contains(body, tt.want) || !strings.Contains(body, `"context":{"from":"`+display+`","id":"`+wamid+`"`) {
			t.Errorf("%s: %s, want %s", tt.name, body, tt.want)
		}
		if !strings.Contains(answer, `"id":"wamid.`) {
			t.Errorf("%s: answer %s", tt.name, answer)
		}
	}
}

func TestTapOnTheLastMessage(t *testing.T) {
	s := quiet(t)
	say(t, s, "hello")
	post(t, s, interactive(aLink))
	if got := control(t, s, http.MethodPost, "/phones/"+user+"/tap", `{}`); got != `{"opens":"https://shop.example/7"}` {
		t.Errorf("got %s", got)
	}
	wamid := post(t, s, interactive(twoButtons))
	post(t, s, textTo(user, "nothing to tap on"))
	control(t, s, http.MethodPost, "/phones/"+user+"/tap", `{"button":"No"}`)
	if m := seen(t, s, wamid); m.View == nil || m.View.Header.Text != "Order 7" || m.View.Body != "Shall we send it?" || m.View.Footer != "The shop" {
		t.Errorf("view %+v", m.View)
	}
}

func TestTapSaysWhatThereIs(t *testing.T) {
	s := quiet(t)
	say(t, s, "hello")
	plain, buttons, shop := post(t, s, textTo(user, "words")), post(t, s, interactive(twoButtons)), post(t, s, interactive(theShop))
	place := post(t, s, interactive(aPlace))
	for _, tt := range []struct {
		wamid, tap string
		status     int
		want       string
	}{
		{plain, `{}`, 400, "a message of type text has nothing to tap on"},
		{buttons, `{"button":"maybe"}`, 400, `tap on one of "Yes", "No"`},
		{buttons, `{}`, 400, `tap on one of "Yes", "No"`},
		{buttons, `{"button":2}`, 400, "there is no button 2"},
		{buttons, `{"button":{}}`, 400, "a label, an id or a place"},
		{buttons, `{"butten":1}`, 400, "butten"},
		{shop, `{}`, 400, "say what is ordered"},
		{place, `{}`, 400, "give the place"},
		{"wamid.none", `{}`, 404, "message: not found"},
	} {
		w := askJSON(s.Control(), http.MethodPost, "/phones/"+user+"/messages/"+url.PathEscape(tt.wamid)+"/tap", "", tt.tap)
		var told map[string]string
		if decode(t, w, tt.status, &told); !strings.Contains(told["error"], tt.want) {
			t.Errorf("%s: %s, want %s", tt.tap, told["error"], tt.want)
		}
	}
}

func TestPhoneShowsTemplatesFilledIn(t *testing.T) {
	s := quiet(t)
	id := uploadFile(t, s, "image/png", []byte("png"))
	wamid := post(t, s, toUser(`"type":"template","template":{"name":"spring_sale","language":{"code":"en"},"components":[`+
		`{"type":"header","parameters":[{"type":"image","image":{"id":"`+id+`"}}]},`+
		`{"type":"body","parameters":[{"type":"text","text":"Ada"}]},`+
		`{"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"type":"payload","payload":"no-more"}]}]}`))
	m := seen(t, s, wamid)
	if m.Template != "spring_sale" || m.View == nil || m.View.Body != "Spring is here, Ada! Everything green is cheaper." ||
		m.View.Header.MediaID != id || m.Media == nil || len(m.View.Buttons) != 2 || m.View.Buttons[1].ID != "no-more" {
		t.Fatalf("message %+v, view %+v", m, m.View)
	}
	control(t, s, http.MethodPost, "/phones/"+user+"/tap", `{"button":"No more offers"}`)
	if body := lastBody(t, s); !strings.Contains(body, `"type":"button","button":{"payload":"no-more","text":"No more offers"}`) {
		t.Errorf("callback %s", body)
	}
	cards := post(t, s, toUser(`"type":"template","template":{"name":"deal_cards","language":{"code":"en"},"components":[{"type":"carousel","cards":[`+
		card(0, id, "10%")+`,`+card(1, id, "20%")+`]}]}`))
	if view := seen(t, s, cards).View; len(view.Cards) != 2 || view.Cards[1].Body != "Only today: 20% off." || view.Cards[1].Buttons[0].URL != "https://shop.example/deals" {
		t.Errorf("view %+v", view)
	}
}

func card(index int, media, off string) string {
	return fmt.Sprintf(`{"card_index":%d,"components":[{"type":"header","parameters":[{"type":"image","image":{"id":%q}}]},`+
		`{"type":"body","parameters":[{"type":"text","text":%q}]}]}`, index, media, off)
}

func TestPhoneAppliesReactionsEditsAndRevocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		mine := say(t, s, "helo")
		theirs := post(t, s, textTo(user, "Hello Ada"))
		control(t, s, http.MethodPost, "/phones/"+user+"/messages", `{"reaction":{"message_id":"`+theirs+`","emoji":"👍"}}`)
		post(t, s, toUser(`"type":"reaction","reaction":{"message_id":"`+mine+`","emoji":"🎉"}`))
		control(t, s, http.MethodPost, "/phones/"+user+"/messages", `{"edit":{"original_message_id":"`+mine+`","message":{"type":"text","text":{"body":"hello"}}}}`)
		time.Sleep(time.Minute)
		if m := seen(t, s, mine); m.Text != "hello" || !m.Edited || len(m.Reactions) != 1 || m.Reactions[0].By != "business" || m.Reactions[0].Emoji != "🎉" {
			t.Errorf("mine %+v", m)
		}
		if m := seen(t, s, theirs); len(m.Reactions) != 1 || m.Reactions[0].By != "phone" || m.Reactions[0].Emoji != "👍" {
			t.Errorf("theirs %+v", m)
		}
		control(t, s, http.MethodPost, "/phones/"+user+"/messages", `{"reaction":{"message_id":"`+theirs+`","emoji":""}}`)
		control(t, s, http.MethodPost, "/phones/"+user+"/messages", `{"revoke":{"original_message_id":"`+mine+`"}}`)
		if m := seen(t, s, mine); m.Text != "" || !m.Revoked {
			t.Errorf("revoked %+v", m)
		}
		if m := seen(t, s, theirs); len(m.Reactions) != 0 {
			t.Errorf("reaction is still there: %+v", m)
		}
	})
}

// fate sends a marketing template and returns its last status with the code.
func fate(t *testing.T, s *sim.Sim, template string) string {
	t.Helper()
	wamid := post(t, s, toUser(`"type":"template","template":`+template))
	time.Sleep(time.Minute)
	for _, send := range s.Sends() {
		if send.WAMID == wamid {
			last := send.Statuses[len(send.Statuses)-1]
			return fmt.Sprint(last.Name, " ", last.Code)
		}
	}
	t.Fatalf("no send %s", wamid)
	return ""
}

const (
	flash   = `{"name":"flash_offer","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ada"}]},{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":4102444800000}}]},{"type":"button","sub_type":"copy_code","index":0,"parameters":[{"type":"coupon_code","coupon_code":"X"}]},{"type":"button","sub_type":"url","index":1,"parameters":[{"type":"text","text":"7"}]}]}`
	utility = `{"name":"order_update","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ada"},{"type":"text","text":"3"}]}]}`
)

func TestMarketingThatWasStoppedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		if got := fate(t, s, flash); got != "read 0" {
			t.Fatalf("before: %s", got)
		}
		if got := control(t, s, http.MethodPut, "/phones/"+user+"/marketing", `{"value":"stop"}`); !strings.Contains(got, `"stopped":["`+numberID+`"]`) {
			t.Errorf("phone %s", got)
		}
		body := lastBody(t, s)
		for _, want := range []string{`"field":"user_preferences"`, `"contacts":[{`, `"wa_id":"` + user + `"`, `"category":"marketing_messages","value":"stop","timestamp":9`} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in %s", want, body)
			}
		}
		calls := len(s.Callbacks())
		control(t, s, http.MethodPut, "/phones/"+user+"/marketing", `{"value":"stop"}`)
		if len(s.Callbacks()) != calls {
			t.Error("a preference that did not change was called back")
		}
		if got := fate(t, s, flash) + ", " + fate(t, s, utility); got != "failed 131050, read 0" {
			t.Errorf("stopped: %s", got)
		}
		control(t, s, http.MethodPut, "/phones/"+user+"/marketing", `{"value":"resume"}`)
		if got := fate(t, s, flash); got != "read 0" {
			t.Errorf("resumed: %s", got)
		}
	})
}

func TestMarketingIsCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		control(t, s, http.MethodPut, "/_sim/settings", `{"marketing_cap":2}`)
		got := []string{fate(t, s, flash), fate(t, s, flash), fate(t, s, flash), fate(t, s, utility)}
		time.Sleep(24 * time.Hour)
		got = append(got, fate(t, s, flash))
		if want := []string{"read 0", "read 0", "failed 131049", "read 0", "read 0"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestNumbersThatAreNotOnWhatsApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		control(t, s, http.MethodPut, "/_sim/settings", `{"unknown_absent":true}`)
		if got := fate(t, s, utility); got != "failed 131026" {
			t.Errorf("unknown: %s", got)
		}
		w := askJSON(s.Control(), http.MethodPost, "/phones/"+user+"/messages", "", `{"text":"hello"}`)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "not on WhatsApp") {
			t.Errorf("it wrote: %d %s", w.Code, w.Body)
		}
		control(t, s, http.MethodPut, "/phones/"+user, `{"absent":false}`)
		if got := fate(t, s, utility); got != "read 0" {
			t.Errorf("known: %s", got)
		}
	})
}

func TestBlockedBusinessStaysAtSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		say(t, s, "hello")
		control(t, s, http.MethodPut, "/phones/"+user, `{"blocks":["`+display+`"]}`)
		if got := fate(t, s, utility); got != "sent 0" {
			t.Errorf("blocked: %s", got)
		}
		w := askJSON(s.Control(), http.MethodPost, "/phones/"+user+"/messages", "", `{"text":"hello"}`)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "has blocked") {
			t.Errorf("it wrote: %d %s", w.Code, w.Body)
		}
		control(t, s, http.MethodPut, "/phones/"+user, `{"blocks":[]}`)
		if got := fate(t, s, utility); got != "read 0" {
			t.Errorf("unblocked: %s", got)
		}
	})
}

func TestHiddenPhoneIsKnownByItsUserID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		control(t, s, http.MethodPut, "/phones/"+user, `{"name":"Ada","username":"@ada","hidden":true}`)
		p, err := s.Phone(user)
		if err != nil {
			t.Fatal(err)
		}
		say(t, s, "hello")
		body := lastBody(t, s)
		if strings.Contains(body, `"wa_id"`) || strings.Contains(body, `"from"`) || !strings.Contains(body, `"from_user_id":"`+p.UserID+`"`) ||
			!strings.Contains(body, `"contacts":[{"profile":{"name":"Ada","username":"@ada"},"user_id":"`+p.UserID+`"}]`) {
			t.Errorf("callback %s", body)
		}
		w := askJSON(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token,
			`{"messaging_product":"whatsapp","recipient":"`+p.UserID+`","type":"text","text":{"body":"Hello"}}`)
		if want := `"contacts":[{"input":"` + p.UserID + `","user_id":"` + p.UserID + `"}]`; w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		if body := lastBody(t, s); strings.Contains(body, `"recipient_id"`) || !strings.Contains(body, `"status":"read"`) ||
			!strings.Contains(body, `"recipient_user_id":"`+p.UserID+`"`) || !strings.Contains(body, `"contacts":[{`) {
			t.Errorf("status %s", body)
		}
	})
}

func TestRecipientIsChecked(t *testing.T) {
	s := quiet(t)
	control(t, s, http.MethodPut, "/phones/"+user, `{"username":"@ada"}`)
	p, err := s.Phone(user)
	if err != nil {
		t.Fatal(err)
	}
	code := `"type":"template","template":{"name":"login_code","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"123456"}]},{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"123456"}]}]}`
	for _, tt := range []struct {
		rest string
		want int
	}{
		{`"recipient":"15550100900","type":"text","text":{"body":"x"}`, 131009},
		{`"recipient":"US.0","type":"text","text":{"body":"x"}`, 131026},
		{`"recipient":"` + p.UserID + `",` + code, 131062},
	} {
		w := askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, `{"messaging_product":"whatsapp",`+tt.rest+`}`)
		var answer struct{ Error struct{ Code int } }
		if decode(t, w, http.StatusBadRequest, &answer); answer.Error.Code != tt.want {
			t.Errorf("%s: %s, want %d", tt.rest, w.Body, tt.want)
		}
	}
	w := askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, `{"messaging_product":"whatsapp","to":"`+user+`","recipient":"US.0","type":"text","text":{"body":"x"}}`)
	if want := `{"input":"` + user + `","wa_id":"` + user + `","user_id":"` + p.UserID + `"}`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("to goes before recipient: %s", w.Body)
	}
}

func TestPhoneChangesItsNumber(t *testing.T) {
	const next = "15550100901"
	s := quiet(t)
	say(t, s, "hello")
	before, err := s.Phone(user)
	if err != nil {
		t.Fatal(err)
	}
	control(t, s, http.MethodPut, "/phones/"+user+"/number", `{"to":"`+next+`"}`)
	if body := lastBody(t, s); !strings.Contains(body, `"wa_id":"`+next+`"`) || !strings.Contains(body, `"type":"user_changed_number"`) || strings.Contains(body, `"contacts"`) {
		t.Errorf("callback %s", body)
	}
	after, err := s.Phone(next)
	if err != nil || after.UserID == before.UserID {
		t.Errorf("user id %s before and %s after, %v", before.UserID, after.UserID, err)
	}
	if old, err := s.Phone(user); err != nil || !old.Absent {
		t.Errorf("old number %+v, %v", old, err)
	}
	if list, err := s.Messages(next); err != nil || len(list) != 2 || list[0].Text != "hello" {
		t.Errorf("messages %+v, %v", list, err)
	}
	if w := askJSON(s.Control(), http.MethodPut, "/phones/"+next+"/number", "", `{"to":"`+next+`"}`); w.Code != http.StatusBadRequest {
		t.Errorf("a number that is taken: %d %s", w.Code, w.Body)
	}
}

// A business is told of a new number what it was told of the old one: both ids, the number alone, or the user id alone.
func TestAChangedNumberIsToldAsTheOldOneWas(t *testing.T) {
	const next = "15550100901"
	for name, tt := range map[string]struct {
		phone string
		want  func(before, after sim.Phone) string
	}{
		"number": {`{}`, func(_, _ sim.Phone) string {
			return `"system":{"body":"User Phone 0900 changed from ` + user + ` to ` + next + `","wa_id":"` + next + `","type":"user_changed_number"}`
		}},
		"both": {`{"name":"Ada","username":"@ada"}`, func(_, after sim.Phone) string {
			return `"system":{"body":"User Ada changed from ` + user + ` to ` + next + `","wa_id":"` + next + `","user_id":"` + after.UserID + `","type":"user_changed_number"}`
		}},
		"user id": {`{"name":"Ada","username":"@ada","hidden":true}`, func(before, after sim.Phone) string {
			return `"system":{"body":"User Ada changed from ` + before.UserID + ` to ` + after.UserID + `","user_id":"` + after.UserID + `","type":"user_changed_user_id"}`
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := quiet(t)
			control(t, s, http.MethodPut, "/phones/"+user, tt.phone)
			say(t, s, "hello")
			before, err := s.Phone(user)
			if err != nil {
				t.Fatal(err)
			}
			control(t, s, http.MethodPut, "/phones/"+user+"/number", `{"to":"`+next+`"}`)
			after, err := s.Phone(next)
			if err != nil {
				t.Fatal(err)
			}
			body := lastBody(t, s)
			if want := tt.want(before, after); !strings.Contains(body, want) {
				t.Errorf("callback %s\nwant %s", body, want)
			}
			if before.Hidden && (strings.Contains(body, user) || strings.Contains(body, next)) {
				t.Errorf("the number of a hidden phone is told: %s", body)
			}
		})
	}
}

func TestVoiceIsPlayedAndTypingIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		hello := say(t, s, "hello")
		typing := `{"messaging_product":"whatsapp","status":"read","message_id":"` + hello + `","typing_indicator":{"type":"text"}}`
		if w := askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, typing); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		shown := func() bool {
			return strings.Contains(control(t, s, http.MethodGet, "/phones/"+user, ""), `"typing":["`+numberID+`"]`)
		}
		if !shown() || seen(t, s, hello).Status != "read" {
			t.Error("typing or the receipt is not shown")
		}
		id := uploadFile(t, s, "audio/ogg", []byte("OggS"))
		wamid := post(t, s, toUser(`"type":"audio","audio":{"id":"`+id+`","voice":true}`))
		if shown() {
			t.Error("typing did not end with the message")
		}
		time.Sleep(time.Minute)
		if got := seen(t, s, wamid).Status; got != "played" {
			t.Errorf("voice message is %s", got)
		}
		askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, typing)
		if time.Sleep(26 * time.Second); shown() {
			t.Error("typing did not end by itself")
		}
		control(t, s, http.MethodPut, "/phones/"+user, `{"played":false}`)
		wamid = post(t, s, toUser(`"type":"audio","audio":{"id":"`+id+`","voice":true}`))
		if time.Sleep(time.Minute); seen(t, s, wamid).Status != "read" {
			t.Error("played was told by a phone that does not tell")
		}
	})
}

func TestWaitAnswersWhenTheMessageComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		say(t, s, "hello")
		first := seen(t, s, post(t, s, textTo(user, "Hello Ada")))
		got := make(chan string, 1)
		go func() {
			got <- askJSON(s.Control(), http.MethodGet, fmt.Sprintf("/_sim/wait?after=%d&text=SEND+IT&phone=%s&status=read,failed", first.Seq, user), "", "").Body.String()
		}()
		synctest.Wait()
		wamid := post(t, s, interactive(twoButtons))
		var answer struct{ Message sim.Message }
		if err := json.Unmarshal([]byte(<-got), &answer); err != nil || answer.Message.ID != wamid || answer.Message.Status != "read" {
			t.Errorf("got %+v, %v", answer, err)
		}
		begin := time.Now()
		if w := askJSON(s.Control(), http.MethodGet, "/_sim/wait?type=image&timeout=3s", "", ""); w.Code != http.StatusRequestTimeout || time.Since(begin) != 3*time.Second {
			t.Errorf("%d after %s: %s", w.Code, time.Since(begin), w.Body)
		}
		for _, bad := range []string{"typ=image", "after=x", "matches=(", "status=gone", "timeout=x", "direction=up", "number=4711"} {
			if w := askJSON(s.Control(), http.MethodGet, "/_sim/wait?"+bad, "", ""); w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound {
				t.Errorf("%s: %d %s", bad, w.Code, w.Body)
			}
		}
	})
}

func TestScriptsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quiet(t)
		control(t, s, http.MethodPut, "/phones/"+user, `{"name":"Ada"}`)
		say(t, s, "hello")
		control(t, s, http.MethodPut, "/_sim/scripts", `{"scripts":[
			{"when":{"type":"interactive","contains":"send it"},"answer":{"tap":{"button":"yes"}}},
			{"when":{"matches":"code (\\d+)"},"after":"5s","answer":[{"text":"{name} got {1} in «{text}»"},{"after":"1m","file":{"data":"cG5n","mime_type":"image/png"},"caption":"{1}"}]},
			{"name":"once","times":1,"phone":"`+user+`","from":"`+display+`","answer":{"reaction":{"message_id":"{id}","emoji":"👍"}}}]}`)
		begin := time.Now()
		post(t, s, interactive(twoButtons))
		post(t, s, textTo(user, "your code 4711"))
		thumb := post(t, s, textTo(user, "good bye"))
		time.Sleep(10 * time.Second)
		post(t, s, textTo(user, "nobody answers"))
		time.Sleep(30 * time.Second)
		var wrote []string
		for _, m := range mustMessages(t, s)[1:] {
			if m.Direction == "from_phone" {
				wrote = append(wrote, m.Type+" "+m.Text+" "+m.Caption)
			}
		}
		if slices.Sort(wrote); !slices.Equal(wrote, []string{"interactive Yes ", "reaction 👍 ", "text Ada got 4711 in «your code 4711» "}) {
			t.Errorf("wrote %q", wrote)
		}
		if m := seen(t, s, thumb); len(m.Reactions) != 1 {
			t.Errorf("no reaction on %+v", m)
		}
		time.Sleep(time.Minute)
		list := mustMessages(t, s)
		if last := list[len(list)-1]; last.Type != "image" || last.Caption != "4711" || last.Media == nil || last.At.Sub(begin) < 65*time.Second {
			t.Errorf("last %+v", last)
		}
		if got := control(t, s, http.MethodGet, "/_sim/scripts", ""); !strings.Contains(got, `"name":"once"`) || strings.Count(got, `"answered":1`) != 3 {
			t.Errorf("scripts %s", got)
		}
	})
}

func mustMessages(t *testing.T, s *sim.Sim) []sim.Message {
	t.Helper()
	list, err := s.Messages(user)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestScriptsThatCannotBeAreRefused(t *testing.T) {
	s := quiet(t)
	for _, tt := range []struct{ scripts, want string }{
		{`[{"answer":{"text":"x"},"after":"soon"}]`, "no length of time"},
		{`[{"answer":{"text":"x"},"after":3}]`, "cannot unmarshal"},
		{`[{"name":"a","answer":"x"},{"name":"b","when":{"matches":"("},"answer":{"text":"x"}}]`, "script a: answer"},
		{`[{"when":{"matches":"("},"answer":{"text":"x"}}]`, "script 1: matches"},
		{`[{"times":-1,"answer":{"text":"x"}}]`, "times"},
		{`[{"answer":[]}]`, "answer: give"},
		{`[{"answer":[{"after":1}]}]`, "after: give"},
		{`[{"wenn":{},"answer":{"text":"x"}}]`, "wenn"},
	} {
		w := askJSON(s.Control(), http.MethodPut, "/_sim/scripts", "", `{"scripts":`+tt.scripts+`}`)
		var told map[string]string
		if decode(t, w, http.StatusBadRequest, &told); !strings.Contains(told["error"], tt.want) {
			t.Errorf("%s: %q, want %q", tt.scripts, told["error"], tt.want)
		}
	}
}

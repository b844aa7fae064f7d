package sim_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim"
)

// webhooks are Meta's own sample callbacks, kept beside the repository; only their shape counts.
const webhooks = "../../../shared/fixtures/meta-webhooks.jsonl"

// writes is what a phone is made to write, with REF for the wamid of something said before.
type writes struct {
	name, body string
	sample     string // the sample whose shape the message has
	want       string // part of the message
}

func everyKind() []writes {
	return []writes{
		{"location", `{"location":{"latitude":52.5,"longitude":"13.4","name":"Gate","address":"Way 1","url":"https://example.com"}}`, "messages/location.md block1", `"latitude":52.5,"longitude":13.4`},
		{"contacts", `{"contacts":[{"name":{"formatted_name":"Ada L","first_name":"Ada","last_name":"L"},"org":{"company":"C"},"phones":[{"phone":"+1 555","wa_id":"15550100901","type":"CELL"}]}]}`, "messages/contacts.md block1", `"formatted_name":"Ada L"`},
		{"reaction", `{"type":"reaction","reaction":{"message_id":"REF","emoji":"👍"}}`, "messages/reaction.md block1", `\ud83d\udc4d`},
		{"reaction removed", `{"reaction":{"message_id":"REF","emoji":""}}`, "messages/reaction.md block2", `"reaction":{"message_id":"`},
		{"button", `{"button":{"payload":"stop","text":"Stop"},"reply_to":"REF"}`, "messages/button.md block1", `"payload":"stop"`},
		{"button reply", `{"interactive":{"type":"button_reply","button_reply":{"id":"1","title":"One"}},"reply_to":"REF"}`, "messages/interactive.md block2", `"type":"interactive"`},
		{"list reply", `{"interactive":{"type":"list_reply","list_reply":{"id":"1","title":"One","description":"d"}},"reply_to":"REF"}`, "messages/interactive.md block1", `"list_reply":{`},
		{"form", `{"interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}},"reply_to":"REF"}`, "", `"response_json":"{\"a\":1}"`},
		{"call permission", `{"interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept","is_permanent":true,"response_source":"user_action"}}}`, "", `"response":"accept"`},
		{"order", `{"order":{"catalog_id":"c","text":"Please","product_items":[{"product_retailer_id":"p","quantity":2,"item_price":9.5,"currency":"USD"}]}}`, "messages/order.md block1", `"item_price":9.5`},
		{"system", `{"system":{"type":"user_changed_number","wa_id":"15550100902"}}`, "messages/system.md block1", `changed from ` + user + ` to 15550100902`},
		{"unsupported", `{"type":"unsupported","unsupported":{"type":"edit"}}`, "messages/unsupported.md block1", `"code":131051`},
		{"unsupported of no type", `{"type":"unsupported"}`, "", `"unsupported":{"type":"unknown"}`},
		{"edit", `{"edit":{"original_message_id":"REF","message":{"type":"text","text":{"body":"better"},"context":{"id":"M0"}}}}`, "", `"message":{"context":{"id":"M0"},"text":{"body":"better"}`},
		{"revoke", `{"revoke":{"original_message_id":"REF"}}`, "messages/revoke.md block1", `"original_message_id":"`},
		{"referral", `{"text":"hi","referral":{"source_url":"https://example.com","source_id":"1","source_type":"ad","body":"b","headline":"h","media_type":"image","image_url":"https://example.com/a.png","ctwa_clid":"x","welcome_message":{"text":"w"}}}`, "messages/text.md block3", `"source_type":"ad"`},
		{"forwarded", `{"text":"hi","forwarded":true}`, "", `"context":{"forwarded":true}`},
		{"forwarded often", `{"text":"hi","forwarded":true,"frequently_forwarded":true,"reply_to":"REF"}`, "", `"frequently_forwarded":true`},
	}
}

// inboundValue lets the phone write and returns the value of the callback.
func inboundValue(t *testing.T, kind writes) string {
	t.Helper()
	o := options(t, newReceiver())
	o.Callback = sim.Callback{} // the log of callbacks is enough
	s := start(t, o)
	body := strings.ReplaceAll(kind.body, "REF", say(t, s, "before"))
	body = `{"to":"` + display + `",` + body[1:]
	var answer struct{ ID string }
	decode(t, askJSON(s.Control(), http.MethodPost, "/phones/"+user+"/messages", "", body), http.StatusOK, &answer)
	log := s.Callbacks()
	text := string(log[len(log)-1].Body)
	if list, err := s.Messages(user); err != nil || list[1].ID != answer.ID || !strings.Contains(text, answer.ID) {
		t.Errorf("message %+v, %v", list, err)
	}
	_, value, _ := strings.Cut(text, `"value":`)
	value, _, _ = strings.Cut(value, `,"field":"messages"`)
	return value
}

func TestPhonesWriteEveryKind(t *testing.T) {
	for _, kind := range everyKind() {
		t.Run(kind.name, func(t *testing.T) {
			value := inboundValue(t, kind)
			if !strings.Contains(value, kind.want) {
				t.Errorf("no %s in %s", kind.want, value)
			}
			if strings.Contains(value, `"wa_id":"`+user) == (kind.name == "system") {
				t.Errorf("contacts of %s", value)
			}
		})
	}
}

func TestInboundKindsHaveTheShapeOfMetas(t *testing.T) {
	for _, kind := range everyKind() {
		if kind.sample == "" {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			var got map[string]any
			if err := json.Unmarshal([]byte(inboundValue(t, kind)), &got); err != nil {
				t.Fatal(err)
			}
			ours, theirs := slices.Sorted(maps.Keys(shape("", got))), slices.Sorted(maps.Keys(shape("", callbackSample(t, kind.sample))))
			if !slices.Equal(ours, theirs) {
				t.Errorf("keys\n%v, Meta's sample has\n%v", ours, theirs)
			}
		})
	}
}

// callbackSample returns the value of the sample callback whose name ends so.
func callbackSample(t *testing.T, ending string) any {
	t.Helper()
	lines := sampleLines(t, webhooks)
	for lines.Scan() {
		var line struct {
			Name    string
			Payload struct {
				Entry []struct {
					Changes []struct{ Value any }
				}
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err == nil && strings.HasSuffix(line.Name, ending) {
			return line.Payload.Entry[0].Changes[0].Value
		}
	}
	t.Fatalf("no sample ends in %q: %v", ending, lines.Err())
	return nil
}

func TestTemplateCallbacksHaveTheShapeOfMetas(t *testing.T) {
	for ending, change := range map[string]string{
		"webhooks/referencia/message_template_status_update.md block1":           `{"status":"APPROVED"}`,
		"webhooks/referencia/message_template_quality_update.md block1":          `{"quality":"RED"}`,
		"webhooks/referencia/outros_webhooks/template_category_update.md block2": `{"category":"UTILITY"}`,
	} {
		s := start(t, options(t, newReceiver()))
		var put struct{ ID string }
		decode(t, askJSON(s.Control(), "POST", "/templates", "", `{"waba_id":"900001","status":"PAUSED",`+news[1:]), 200, &put)
		decode(t, askJSON(s.Control(), "PUT", "/templates/"+put.ID, "", change), 200, &put)
		var got struct {
			Entry []struct {
				Changes []struct{ Value any }
			}
		}
		if err := json.Unmarshal(s.Callbacks()[0].Body, &got); err != nil {
			t.Fatal(err)
		}
		ours := slices.Sorted(maps.Keys(shape("", got.Entry[0].Changes[0].Value)))
		if theirs := slices.Sorted(maps.Keys(shape("", callbackSample(t, ending)))); !slices.Equal(ours, theirs) {
			t.Errorf("%s: keys %v, Meta's sample has %v", change, ours, theirs)
		}
	}
}

func TestPhonesAreToldWhatToDo(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	for _, tt := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"type":"poem"}`, 400, "location"},
		{`{"type":"location"}`, 400, "location is required"},
		{`{"location":{"latitude":1}}`, 400, "location['longitude'] is required"},
		{`{"location":{"latitude":1,"longitude":1},"text":"x"}`, 400, "give one thing"},
		{`{"location":{"latitude":1,"longitude":1},"type":"order"}`, 400, "give one thing"},
		{`{"button":{"payload":"a","text":"b"},"revoke":{"original_message_id":"x"}}`, 400, "give one thing"},
		{`{"reaction":{"message_id":"wamid.x","emoji":"👍"}}`, 404, "reaction: message"},
		{`{"revoke":{"original_message_id":"wamid.x"}}`, 404, "revoke: message"},
		{`{"interactive":{"type":"dance_reply"}}`, 400, "button_reply"},
		{`{"interactive":{"type":"nfm_reply","nfm_reply":{"response_json":{}}}}`, 400, "must be a string"},
		{`{"system":{"type":"user_changed_mind","wa_id":"15550100902"}}`, 400, "user_changed_number"},
		{`{"text":"x","referral":{"source_type":"rumor"}}`, 400, "ad or post"},
		{`{"order":{"catalog_id":"c","product_items":[]}}`, 400, "product_items"},
	} {
		body := `{"to":"` + display + `",` + tt.body[1:]
		var answer map[string]string
		decode(t, askJSON(s.Control(), http.MethodPost, "/phones/"+user+"/messages", "", body), tt.status, &answer)
		if !strings.Contains(answer["error"], tt.want) {
			t.Errorf("%s: %v, want %q", tt.body, answer, tt.want)
		}
	}
	kind, body := form(t, map[string]string{"to": display, "type": "order"}, "a.png", "image/png", strings.NewReader("png"))
	if w := ask(s.Control(), http.MethodPost, "/phones/"+user+"/messages", "", kind, body); w.Code != 400 {
		t.Errorf("an order with a file: %d", w.Code)
	}
}

func TestFilesAreForwardedToo(t *testing.T) {
	o := options(t, newReceiver())
	o.Callback = sim.Callback{}
	s := start(t, o)
	fields := map[string]string{"to": display, "forwarded": "true", "referral": `{"source_type":"ad","source_id":"7"}`}
	kind, body := form(t, fields, "a.png", "image/png", strings.NewReader("png"))
	if w := ask(s.Control(), http.MethodPost, "/phones/"+user+"/messages", "", kind, body); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if text := string(s.Callbacks()[0].Body); !strings.Contains(text, `"context":{"forwarded":true}`) || !strings.Contains(text, `"referral":{"source_type":"ad","source_id":"7"}`) {
		t.Errorf("callback %s", text)
	}
}

func TestSystemMessageDoesNotOpenTheWindow(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	_, err := s.Say(t.Context(), sim.Inbound{From: user, To: numberID, Type: "system", Object: json.RawMessage(`{"type":"user_changed_number","wa_id":"15550100902"}`)})
	if err != nil {
		t.Fatal(err)
	}
	block := envelope(`"block_users":[{"user":"` + user + `"}]`)
	if w := askJSON(s.Graph(), "POST", "/"+numberID+"/block_users", token, block); w.Code != 400 {
		t.Errorf("a user who never wrote was blocked: %s", w.Body)
	}
}

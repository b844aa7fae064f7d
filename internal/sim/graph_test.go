package sim_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim"
)

type graphFault struct {
	Error struct {
		Message string
		Type    string
		Code    int
		Subcode int    `json:"error_subcode"`
		Trace   string `json:"fbtrace_id"`
		Data    *struct {
			Product string `json:"messaging_product"`
			Details string
		} `json:"error_data"`
	}
}

func TestGraphRefusesBadCallers(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	messages := "/v23.0/" + numberID + "/messages"
	for _, tt := range []struct {
		name, method, path, token string
		status, code, subcode     int
	}{
		{"no token", "POST", messages, "", 401, 190, 0},
		{"unknown token", "POST", messages, "nobody", 401, 190, 0},
		{"number of another token", "POST", messages, otherTok, 400, 100, 33},
		{"no such number", "POST", "/v23.0/4711/messages", token, 400, 100, 33},
		{"no such object", "GET", "/v23.0/4711", token, 400, 100, 33},
		{"delete a number", "DELETE", "/v23.0/" + numberID, token, 400, 100, 33},
		{"wrong method", "GET", messages, token, 400, 100, 33},
		{"unknown path", "GET", "/v23.0/a/b/c", token, 400, 2500, 0},
		{"unknown path without token", "GET", "/v23.0/a/b/c", "", 401, 190, 0},
		{"number read with another token", "GET", "/" + numberID, otherTok, 400, 100, 33},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got graphFault
			decode(t, askJSON(s.Graph(), tt.method, tt.path, tt.token, textTo(user, "x")), tt.status, &got)
			if got.Error.Code != tt.code || got.Error.Subcode != tt.subcode || got.Error.Trace == "" || got.Error.Message == "" {
				t.Errorf("got %+v, want code %d subcode %d", got.Error, tt.code, tt.subcode)
			}
		})
	}
}

func TestSendIsRefusedAsMetaDoes(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	png := uploadFile(t, s, "image/png", []byte("png"))
	long := strings.Repeat("é", 4097)
	for _, tt := range []struct {
		name, body string
		code       int
	}{
		{"no JSON", `{`, 100},
		{"not an object", `[]`, 100},
		{"wrong kind of value", `{"messaging_product":"whatsapp","to":1}`, 100},
		{"no product", `{"to":"` + user + `","type":"text","text":{"body":"x"}}`, 100},
		{"no recipient", `{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}`, 131008},
		{"recipient is no number", envelope(`"to":"12ab","type":"text","text":{"body":"x"}`), 131009},
		{"recipient is the sender", envelope(`"to":"+1 (555) 010-0001","type":"text","text":{"body":"x"}`), 131021},
		{"recipient type", envelope(`"to":"` + user + `","recipient_type":"crowd","type":"text","text":{"body":"x"}`), 100},
		{"group with a phone number", envelope(`"to":"` + user + `","recipient_type":"group","type":"text","text":{"body":"x"}`), 100},
		{"type nobody knows", toUser(`"type":"poem","poem":{}`), 100},
		{"pin to a person", toUser(`"type":"pin","pin":{"type":"pin","message_id":"wamid.x","expiration_days":1}`), 131051},
		{"object of the type is missing", toUser(`"type":"image"`), 131008},
		{"object is no object", toUser(`"type":"text","text":"x"`), 100},
		{"unknown key", toUser(`"type":"text","text":{"body":"x","font":"bold"}`), 100},
		{"text empty", toUser(`"type":"text","text":{"body":""}`), 131008},
		{"text too long", toUser(`"type":"text","text":{"body":"` + long + `"}`), 100},
		{"id and link", toUser(`"type":"image","image":{"id":"` + png + `","link":"https://example.com/a.png"}`), 100},
		{"neither id nor link", toUser(`"type":"image","image":{}`), 100},
		{"link is no address", toUser(`"type":"image","image":{"link":"file:///etc/hosts"}`), 131009},
		{"media id unknown", toUser(`"type":"image","image":{"id":"1234"}`), 131009},
		{"media of another kind", toUser(`"type":"video","video":{"id":"` + png + `"}`), 131009},
		{"caption too long", toUser(`"type":"image","image":{"id":"` + png + `","caption":"` + long[:2*1025] + `"}`), 100},
		{"caption on audio", toUser(`"type":"audio","audio":{"link":"https://example.com/a.ogg","caption":"x"}`), 100},
		{"tag too long", toUser(`"biz_opaque_callback_data":"` + strings.Repeat("x", 513) + `","type":"text","text":{"body":"x"}`), 100},
		{"empty context", toUser(`"context":{},"type":"text","text":{"body":"x"}`), 131008},
		{"body too large", envelope(`"to":"` + strings.Repeat("1", 2<<20) + `"`), 100},
		{"receipt status", envelope(`"status":"seen","message_id":"wamid.x"`), 100},
		{"receipt without id", envelope(`"status":"read"`), 131008},
		{"receipt for nothing", envelope(`"status":"read","message_id":"wamid.x"`), 131009},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got graphFault
			decode(t, askJSON(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token, tt.body), http.StatusBadRequest, &got)
			e := got.Error
			if e.Code != tt.code || e.Type != "OAuthException" || e.Data == nil || e.Data.Product != "whatsapp" || e.Data.Details == "" {
				t.Errorf("got %+v, want code %d", e, tt.code)
			}
		})
	}
	form := ask(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token, "application/x-www-form-urlencoded",
		strings.NewReader(textTo(user, "x")))
	if form.Code != http.StatusBadRequest {
		t.Errorf("a body that is no JSON by its own account: %d", form.Code)
	}
	if n := len(s.Sends()); n != 0 {
		t.Errorf("the ledger has %d refused sends", n)
	}
}

func envelope(rest string) string { return `{"messaging_product":"whatsapp",` + rest + `}` }

func toUser(rest string) string { return envelope(`"to":"` + user + `",` + rest) }

func TestSendIsAcceptedAndRecorded(t *testing.T) {
	o := options(t, newReceiver())
	var told []sim.Send
	o.OnSend = func(m sim.Send) { told = append(told, m) }
	s := start(t, o)
	files := map[string]string{
		"image":    uploadFile(t, s, "image/png", []byte("png")),
		"audio":    uploadFile(t, s, "audio/ogg; codecs=opus", []byte("OggS")),
		"video":    uploadFile(t, s, "video/mp4", []byte("mp4")),
		"document": uploadFile(t, s, "application/pdf", []byte("%PDF-1.7")),
		"sticker":  uploadFile(t, s, "image/webp", []byte("RIFF")),
	}
	bodies := []string{
		toUser(`"text":{"body":"` + strings.Repeat("é", 4096) + `","preview_url":true}`),
		toUser(`"recipient_type":"individual","type":"document","document":{"link":"https://example.com/a.pdf","filename":"a.pdf"}`),
		envelope(`"to":"Z3JvdXA=","recipient_type":"group","type":"text","text":{"body":"to all"}`),
	}
	for kind, id := range files {
		bodies = append(bodies, toUser(`"type":"`+kind+`","`+kind+`":{"id":"`+id+`"}`))
	}
	seen := map[string]bool{}
	for _, path := range []string{"/v23.0/", "/v99.1/", "/"} {
		for _, body := range bodies {
			var got struct {
				Product  string `json:"messaging_product"`
				Contacts []struct {
					Input string
					WAID  string `json:"wa_id"`
				}
				Messages []struct{ ID string }
			}
			decode(t, askJSON(s.Graph(), http.MethodPost, path+numberID+"/messages", token, body), http.StatusOK, &got)
			wamid := got.Messages[0].ID
			text, found := strings.CutPrefix(wamid, "wamid.")
			if _, err := base64.StdEncoding.DecodeString(text); err != nil || !found || seen[wamid] {
				t.Errorf("wamid %q: %v, seen before: %t", wamid, err, seen[wamid])
			}
			seen[wamid] = true
		}
	}
	sends := s.Sends()
	if len(sends) != len(seen) || len(told) != len(seen) {
		t.Fatalf("ledger has %d, OnSend heard of %d, answered were %d", len(sends), len(told), len(seen))
	}
	first := sends[0]
	if !seen[first.WAMID] || first.Type != "text" || first.To != user || first.NumberID != numberID || string(first.Body) != bodies[0] {
		t.Errorf("ledger begins with %+v", first)
	}
}

func TestSendKeepsTheInputAndAnswersWithThePlainNumber(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	w := askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages/", token, textTo("+1 (555) 010-0900", "x"))
	var got struct {
		Contacts []map[string]string
	}
	decode(t, w, http.StatusOK, &got)
	if c := got.Contacts[0]; c["input"] != "+1 (555) 010-0900" || c["wa_id"] != user {
		t.Errorf("contact %v", c)
	}
}

func TestReadReceiptMarksTheInboundMessage(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	say(t, s, "hello")
	wamid := say(t, s, "are you there?")
	body := envelope(`"status":"read","message_id":"` + wamid + `","typing_indicator":{"type":"text"}`)
	var got map[string]bool
	decode(t, askJSON(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token, body), http.StatusOK, &got)
	list, err := s.Messages(user)
	say(t, s, "later")
	after, _ := s.Messages(user)
	if err != nil || !got["success"] || list[0].Status != "read" || list[1].Status != "read" || after[2].Status != "sent" {
		t.Errorf("answer %v, messages %+v, %v", got, list, err)
	}
	other := askJSON(s.Graph(), http.MethodPost, "/v23.0/"+otherID+"/messages", otherTok, body)
	if other.Code != http.StatusBadRequest {
		t.Errorf("a number marked another number's message: %d", other.Code)
	}
}

func TestNumberIsReadBack(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	var got map[string]json.RawMessage
	decode(t, askJSON(s.Graph(), http.MethodGet, "/v23.0/"+numberID+"?fields=id", token, ""), http.StatusOK, &got)
	if len(got) != 1 || string(got["id"]) != `"`+numberID+`"` {
		t.Errorf("got %s", got)
	}
	decode(t, askJSON(s.Graph(), http.MethodGet, "/v23.0/"+numberID, token, ""), http.StatusOK, &got)
	if string(got["display_phone_number"]) != `"`+display+`"` {
		t.Errorf("got %s", got)
	}
}

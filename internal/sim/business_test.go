package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

func get(t *testing.T, s *sim.Sim, path string) string {
	t.Helper()
	w := askJSON(s.Graph(), http.MethodGet, path, token, "")
	if w.Code != http.StatusOK {
		t.Errorf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func TestNodesAreReadByFields(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	for path, want := range map[string]string{
		"/v23.0/" + numberID + "?fields=throughput,quality_rating": `{"id":"` + numberID + `","quality_rating":"GREEN","throughput":{"level":"STANDARD"}}`,
		"/" + numberID + "?fields=throughput{level}":               `{"id":"` + numberID + `","throughput":{"level":"STANDARD"}}`,
		"/" + numberID + "?fields=status,name_status,platform_type,code_verification_status,verified_name,whatsapp_business_manager_messaging_limit": `{"code_verification_status":"VERIFIED",` +
			`"id":"` + numberID + `","name_status":"APPROVED","platform_type":"CLOUD_API","status":"CONNECTED","verified_name":"Simulated Business","whatsapp_business_manager_messaging_limit":"TIER_2K"}`,
		"/" + numberID + "?fields=health_status": `{"health_status":{"can_send_message":"AVAILABLE","entities":[{"can_send_message":"AVAILABLE","entity_type":"PHONE_NUMBER","id":"` + numberID +
			`"},{"can_send_message":"AVAILABLE","entity_type":"WABA","id":"900001"},{"can_send_message":"AVAILABLE","entity_type":"BUSINESS","id":"800000000000008"},{"can_send_message":"AVAILABLE","entity_type":"APP","id":"900000000000009"}]},"id":"` + numberID + `"}`,
		"/900001?fields=id,name,currency,timezone_id": `{"currency":"USD","id":"900001","name":"Simulated Business","timezone_id":"1"}`,
		"/900001/phone_numbers?fields=status":         `{"data":[{"id":"` + numberID + `","status":"CONNECTED"}],"paging":{"cursors":{"before":"YXQ6MA","after":"YXQ6MA"}}}`,
		"/app?fields=id":                              `{"id":"900000000000009"}`,
		"/900000000000009":                            `{"id":"900000000000009","name":"Simulated App"}`,
	} {
		if got := get(t, s, path); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", path, got, want)
		}
	}
	if got := get(t, s, "/debug_token?input_token="+token); !strings.Contains(got, `"app_id":"900000000000009"`) || !strings.Contains(got, `"is_valid":true`) {
		t.Errorf("token %s", got)
	}
	for _, path := range []string{"/" + numberID + "?fields=color", "/900002?fields=id", "/900002/phone_numbers", "/900001/phone_numbers?fields=color"} {
		if w := askJSON(s.Graph(), http.MethodGet, path, token, ""); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestUploadIsTakenInParts(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	var begun struct{ ID string }
	decode(t, askJSON(s.Graph(), "POST", "/v23.0/app/uploads?file_name=a.png&file_length=6&file_type=image/png", token, ""), 200, &begun)
	put := func(offset, bytes string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/v23.0/"+begun.ID, strings.NewReader(bytes))
		r.Header.Set("Authorization", "OAuth "+token)
		r.Header.Set("file_offset", offset)
		w := httptest.NewRecorder()
		s.Graph().ServeHTTP(w, r)
		return w
	}
	if w := put("3", "abc"); w.Code != 400 {
		t.Errorf("at the wrong place: %s", w.Body)
	}
	if w := put("0", "abc"); w.Code != 400 || !strings.Contains(w.Body.String(), "3 of 6") {
		t.Errorf("half of it: %s", w.Body)
	}
	var stands struct {
		ID     string
		Offset int `json:"file_offset"`
	}
	decode(t, askJSON(s.Graph(), "GET", "/v23.0/"+begun.ID, token, ""), 200, &stands)
	if stands.ID != begun.ID || stands.Offset != 3 {
		t.Errorf("stands %+v, begun %+v", stands, begun)
	}
	if w := put("3", "defg"); w.Code != 400 {
		t.Errorf("too much: %s", w.Body)
	}
	var done struct{ H string }
	decode(t, put("3", "def"), 200, &done)
	if w := askJSON(s.Graph(), "GET", "/v23.0/"+begun.ID, otherTok, ""); w.Code != 400 {
		t.Errorf("another token: %s", w.Body)
	}

	profile := "/" + numberID + "/whatsapp_business_profile"
	var ok struct{ Success bool }
	decode(t, askJSON(s.Graph(), "POST", profile, token, envelope(`"about":"We are here","websites":["https://example.com"],"vertical":"RETAIL","profile_picture_handle":"`+done.H+`"`)), 200, &ok)
	got := get(t, s, profile+"?fields=about,email,websites,vertical")
	if want := `{"data":[{"about":"We are here","messaging_product":"whatsapp","vertical":"RETAIL","websites":["https://example.com"]}]}`; got != want || !ok.Success {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := get(t, s, profile); !strings.Contains(got, `"profile_picture_url":"https://`) {
		t.Errorf("no picture in %s", got)
	}
	news := strings.Replace(news, `{"type":"BODY"`, `{"type":"HEADER","format":"IMAGE","example":{"header_handle":["`+done.H+`"]}},{"type":"BODY"`, 1)
	if w := askJSON(s.Graph(), "POST", templates, token, news); w.Code != 200 {
		t.Errorf("a template with the handle: %s", w.Body)
	}
}

func TestBusinessRefusals(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	profile := "/" + numberID + "/whatsapp_business_profile"
	for _, tt := range []struct{ method, path, body string }{
		{"POST", profile, `{"about":"x"}`},
		{"POST", profile, envelope(`"about":""`)},
		{"POST", profile, envelope(`"about":"` + strings.Repeat("é", 140) + `"`)},
		{"POST", profile, envelope(`"vertical":"PIRACY"`)},
		{"POST", profile, envelope(`"websites":["https://a.example","https://b.example","https://c.example"]`)},
		{"POST", profile, envelope(`"websites":["example"]`)},
		{"POST", profile, envelope(`"profile_picture_handle":"4:made up"`)},
		{"POST", profile, envelope(`"color":"green"`)},
		{"POST", "/" + otherID + "/whatsapp_business_profile", envelope(`"about":"x"`)},
		{"GET", profile + "?fields=color", ""},
		{"GET", "/" + otherID + "/whatsapp_business_profile", ""},
		{"POST", "/app/uploads?file_length=6&file_type=text/plain", ""},
		{"POST", "/app/uploads?file_length=0&file_type=image/png", ""},
		{"POST", "/4711/uploads?file_length=6&file_type=image/png", ""},
		{"POST", "/upload:nothing", "x"},
		{"GET", "/upload:nothing", ""},
		{"POST", "/" + numberID + "/block_users", envelope(`"block_users":[]`)},
		{"POST", "/" + numberID + "/block_users", `{"block_users":[{"user":"` + user + `"}]}`},
		{"GET", "/" + otherID + "/block_users", ""},
		{"GET", "/900001/template_analytics?start=1&end=2&granularity=DAILY", ""},
		{"GET", "/900001/template_analytics?start=1&end=2&granularity=HOURLY&template_ids=[1]", ""},
		{"GET", "/900001/template_analytics?start=2&end=1&granularity=DAILY&template_ids=[1]", ""},
		{"GET", "/900001/template_analytics?start=1&end=2&granularity=DAILY&template_ids=[1]&metric_types=smiles", ""},
		{"GET", "/900002/template_analytics?start=1&end=2&granularity=DAILY&template_ids=[1]", ""},
		{"POST", "/900001/phone_numbers", "{}"},
	} {
		var got graphFault
		decode(t, askJSON(s.Graph(), tt.method, tt.path, token, tt.body), 400, &got)
		if got.Error.Code != 100 {
			t.Errorf("%s %s %s: %+v", tt.method, tt.path, tt.body, got.Error)
		}
	}
}

func TestBlockedUsersAreNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, options(t, newReceiver()))
		say(t, s, "hello")
		path := "/" + numberID + "/block_users"
		both := envelope(`"block_users":[{"user":"+` + user + `"},{"user":"15550100999"}]`)
		var some struct {
			Users struct {
				Added, Failed []struct{ Input, WAID string }
			} `json:"block_users"`
			Error struct{ Code int }
		}
		w := askJSON(s.Graph(), "POST", path, token, both)
		if err := json.Unmarshal(w.Body.Bytes(), &some); err != nil || w.Code != 400 || some.Error.Code != 139100 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, want := range []string{`"added_users":[{"input":"+` + user + `","wa_id":"` + user + `"}]`, `"failed_users":[{"input":"15550100999","errors":[`} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("no %s in %s", want, w.Body)
			}
		}
		if got := get(t, s, path); !strings.Contains(got, `"data":[{"messaging_product":"whatsapp","wa_id":"`+user+`"}]`) {
			t.Errorf("blocked: %s", got)
		}
		if _, err := s.Say(t.Context(), sim.Inbound{From: user, To: numberID, Text: "let me in"}); err == nil {
			t.Error("a blocked phone was heard")
		}
		send(t, s, "are you angry?")
		time.Sleep(time.Minute)
		if got := s.Sends()[0].Statuses; len(got) != 1 || got[0].Code != 131026 {
			t.Errorf("statuses %+v", got)
		}
		one := envelope(`"block_users":[{"user":"` + user + `"}]`)
		if w := askJSON(s.Graph(), "DELETE", path, token, one); w.Code != 200 || !strings.Contains(w.Body.String(), `"removed_users":[`) {
			t.Errorf("unblocked: %d %s", w.Code, w.Body)
		}
		if w := askJSON(s.Graph(), "DELETE", path, token, one); w.Code != 400 {
			t.Errorf("unblocked again: %d %s", w.Code, w.Body)
		}
		if got := get(t, s, path); got != `{"data":[]}` {
			t.Errorf("blocked: %s", got)
		}
	})
}

func TestTemplatesAreCountedByDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, options(t, newReceiver()))
		var page struct{ Data []struct{ ID string } }
		decode(t, askJSON(s.Graph(), "GET", templates+"?name=hello_world", token, ""), 200, &page)
		id := page.Data[0].ID
		sending := toUser(`"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}`)
		for range 2 {
			askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, sending)
			time.Sleep(24 * time.Hour)
		}
		if err := s.SetPhone(sim.Phone{Number: user, Online: true}); err != nil { // no receipts from now on
			t.Fatal(err)
		}
		askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, sending)
		time.Sleep(time.Minute)
		begin := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2).Unix()
		day := func(n int64, rest string) string {
			return fmt.Sprintf(`{"delivered":1,"end":%d,%s"sent":1,"start":%d,"template_id":"%s"}`, begin+(n+1)*86400, rest, begin+n*86400, id)
		}
		want := `{"data":[{"granularity":"DAILY","product_type":"cloud_api","data_points":[` + day(0, `"read":1,`) + `,` + day(1, `"read":1,`) + `,` + day(2, `"read":0,`) + `]}],` +
			`"paging":{"cursors":{"before":"MAZDZD","after":"MAZDZD"}}}`
		for _, ids := range []string{"[" + id + "]", `["` + id + `"]`, id, "['" + id + "']"} {
			query := url.Values{"start": {fmt.Sprint(begin)}, "end": {fmt.Sprint(begin + 3*86400)}, "granularity": {"DAILY"}, "template_ids": {ids}}
			if got := get(t, s, "/900001/template_analytics?"+query.Encode()); got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", ids, got, want)
			}
		}
		only := get(t, s, fmt.Sprintf("/900001/template_analytics?start=%d&end=%d&granularity=daily&template_ids=%s&metric_types=sent", begin, begin+86400, id))
		if strings.Contains(only, "delivered") || !strings.Contains(only, `"sent":1`) {
			t.Errorf("only sent: %s", only)
		}
	})
}

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ask calls the API and returns the answer.
func (r *rig) ask(method, path, body string) string {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.address+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s %s: %d %s, %v", method, path, resp.StatusCode, text, err)
	}
	return string(text)
}

// awaitAnswer asks until the answer has the words. Meta reviews a template for
// as long as it likes, so there is nothing else to wait for.
func (r *rig) awaitAnswer(path string, words ...string) {
	r.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		answer := r.ask(http.MethodGet, path, "")
		missing := ""
		for _, w := range words {
			if !strings.Contains(answer, w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			r.t.Fatalf("%s never has %s: %s", path, missing, answer)
		}
	}
}

// TestATemplateIsMadeApprovedAndSent takes a template from the first idea to the
// phone: Meta's approval comes by callback, as no list is made for a while.
func TestATemplateIsMadeApprovedAndSent(t *testing.T) {
	r := newRig(t)
	const base = "/api/v3/metainfo/template/"
	list := r.ask(http.MethodGet, base+"list", "")
	for _, name := range []string{"hello_world", "order_update", "invoice_ready", "spring_sale", "login_code", "deal_cards", "flash_offer"} {
		if !strings.Contains(list, `"template_name":"`+name+`"`) {
			t.Errorf("%s is not in the list", name)
		}
	}
	made := r.ask(http.MethodPost, base+"create", `{"meta_payload":{"name":"fresh_deal","language":"en","category":"MARKETING",`+
		`"components":[{"type":"BODY","text":"A deal for {{1}}, only today.","example":{"body_text":[["Ada"]]}}]}}`)
	if !strings.Contains(made, `"status":"PENDING"`) {
		t.Errorf("made %s", made)
	}
	r.awaitAnswer(base+"status?templatename=fresh_deal", `"status":"APPROVED"`)

	send := func(attributes string) string {
		return r.ask(http.MethodPost, "/api/v2/message/", `{"message":[{"recipient_whatsapp":"`+demoPhone+`","message_type":"template",`+
			`"type_template":[{"name":"fresh_deal","attributes":`+attributes+`,"language":{"locale":"en"}}]}]}`)
	}
	if refused := send(`[]`); !strings.Contains(refused, `"code":"8010"`) {
		t.Errorf("without its value: %s", refused)
	}
	var accepted struct{ Data struct{ ID string } }
	if err := json.Unmarshal([]byte(send(`["Ada"]`)), &accepted); err != nil {
		t.Fatal(err)
	}
	r.awaitRead(accepted.Data.ID)

	r.kill()
	r.restart()
	if again := r.ask(http.MethodGet, base+"preview?templatename=fresh_deal", ""); !strings.Contains(again, "A deal for {{1}}, only today.") {
		t.Errorf("after a restart: %s", again)
	}
	r.ask(http.MethodPost, base+"delete", `{"name":"fresh_deal","language":"en"}`)
	r.awaitAnswer(base+"status?templatename=fresh_deal", `"code":"8009"`)
	if refused := send(`["Ada"]`); strings.Contains(refused, `"failure"`) {
		t.Errorf("what is not known is Meta's to refuse: %s", refused)
	}
}

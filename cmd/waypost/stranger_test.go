package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// stranger is a program that knows Meta's documentation and nothing of Waypost: an address of the Graph API, a number, a token, an
// app secret and a verify token. Everything in this file but the two calls of person goes by Meta's public interface.
type stranger struct {
	t       *testing.T
	graph   string
	control string // for the person with the phone, who is no program
	hook    *httptest.Server

	mu       sync.Mutex
	verified bool
	statuses map[string][]string // by wamid, in order of arrival
	messages []map[string]any
	events   []string // template and event
	troubles []string
	news     chan struct{}
}

const (
	strangerPhone  = "15550100077"
	strangerToken  = "graph-token"
	strangerSecret = "the app's own secret"
	strangerVerify = "a token of my choice"
)

func newStranger(t *testing.T) *stranger {
	graph, control := simURLs(t, "--seed", "1")
	s := &stranger{t: t, graph: graph + "/v23.0/", control: control, statuses: map[string][]string{}, news: make(chan struct{}, 1)}
	s.hook = httptest.NewServer(http.HandlerFunc(s.webhook))
	t.Cleanup(s.hook.Close)
	return s
}

// webhook is the callback endpoint, as Meta's page on creating one describes it.
func (s *stranger) webhook(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		query := r.URL.Query()
		if query.Get("hub.mode") != "subscribe" || query.Get("hub.verify_token") != strangerVerify {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		s.verified = true
		io.WriteString(w, query.Get("hub.challenge"))
		return
	}
	body, err := io.ReadAll(r.Body)
	mac := hmac.New(sha256.New, []byte(strangerSecret))
	mac.Write(body)
	if err != nil || r.Header.Get("X-Hub-Signature-256") != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
		s.troubles = append(s.troubles, "a callback is not signed: "+string(body))
		w.WriteHeader(http.StatusForbidden)
		return
	}
	s.take(body)
	select {
	case s.news <- struct{}{}:
	default: // whoever waits will look at everything
	}
}

// take reads a callback, which may have several updates. The lock is held.
func (s *stranger) take(body []byte) {
	var callback struct {
		Object string
		Entry  []struct {
			Changes []struct {
				Field string
				Value struct {
					Statuses []struct{ ID, Status string }
					Messages []map[string]any
					Event    string
					Template string `json:"message_template_name"`
				}
			}
		}
	}
	if err := json.Unmarshal(body, &callback); err != nil || callback.Object != "whatsapp_business_account" {
		s.troubles = append(s.troubles, "a callback cannot be read: "+string(body))
	}
	for _, entry := range callback.Entry {
		for _, change := range entry.Changes {
			for _, status := range change.Value.Statuses {
				s.statuses[status.ID] = append(s.statuses[status.ID], status.Status)
			}
			s.messages = append(s.messages, change.Value.Messages...)
			if change.Field == "message_template_status_update" {
				s.events = append(s.events, change.Value.Template+" "+change.Value.Event)
			}
		}
	}
}

// await waits until something has come.
func (s *stranger) await(what string, there func() bool) {
	s.t.Helper()
	limit := time.After(patience)
	for {
		s.mu.Lock()
		done := there()
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-s.news:
		case <-limit:
			s.t.Fatalf("%s did not come: statuses %v, messages %v, events %v", what, s.statuses, s.messages, s.events)
		}
	}
}

// ask makes a request to Graph and reads the answer.
func (s *stranger) ask(method, path, contentType string, body io.Reader, answer any) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.graph+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strangerToken)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s (%v)", method, path, resp.StatusCode, text, err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		s.t.Fatalf("%s %s: %s: %v", method, path, text, err)
	}
}

// number is the only one that the token sees.
func (s *stranger) number(waba string) string {
	s.t.Helper()
	var page struct{ Data []struct{ ID string } }
	s.ask(http.MethodGet, waba+"/phone_numbers", "", http.NoBody, &page)
	return page.Data[0].ID
}

// send posts a message and returns its id.
func (s *stranger) send(number, content string) string {
	s.t.Helper()
	body := `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+` + strangerPhone + `",` + content + `}`
	var answer struct {
		Contacts []struct{ Input, WAID string }
		Messages []struct{ ID string }
	}
	s.ask(http.MethodPost, number+"/messages", "application/json", strings.NewReader(body), &answer)
	if len(answer.Messages) != 1 || !strings.HasPrefix(answer.Messages[0].ID, "wamid.") {
		s.t.Fatalf("%s: answer %+v", content, answer)
	}
	return answer.Messages[0].ID
}

// upload puts a file on Meta's servers and returns its id.
func (s *stranger) upload(number, mimeType string, data []byte) string {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("messaging_product", "whatsapp")
	form.WriteField("type", mimeType)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="a file"`}, "Content-Type": {mimeType},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	part.Write(data)
	form.Close()
	var answer struct{ ID string }
	s.ask(http.MethodPost, number+"/media", form.FormDataContentType(), &body, &answer)
	return answer.ID
}

// person is somebody with the phone: not a program, and no part of Meta's interface.
func (s *stranger) person(path, contentType string, body io.Reader) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.control+path, body)
	if path == "/callback" {
		req.Method = http.MethodPut // the settings of the app, which Meta has in its dashboard
	}
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, resp.StatusCode, text)
	}
}

// subscribe enters the callback address and waits for the handshake.
func (s *stranger) subscribe() {
	s.t.Helper()
	s.person("/callback", "application/json", strings.NewReader(fmt.Sprintf(`{"url":%q,"verify_token":%q,"app_secret":%q}`, s.hook.URL, strangerVerify, strangerSecret)))
	if !s.verified {
		s.t.Fatal("the address was not verified")
	}
}

// TestAStrangerNeedsOnlyMetasDocumentation lets a program that was written for Meta do everything that a business does.
func TestAStrangerNeedsOnlyMetasDocumentation(t *testing.T) {
	s := newStranger(t)
	s.subscribe()
	number := s.number(demoWABAID)
	phone := "/phones/" + strangerPhone + "/messages"

	s.person(phone, "application/json", strings.NewReader(`{"text":"Grüße! 😀"}`))
	s.await("the greeting", func() bool { return len(s.messages) > 0 })
	greeting := s.messages[0]
	if text, _ := greeting["text"].(map[string]any); text["body"] != "Grüße! 😀" || greeting["from"] != strangerPhone || greeting["type"] != "text" {
		t.Errorf("the greeting reads %v", greeting)
	}
	var done struct{ Success bool }
	s.ask(http.MethodPost, number+"/messages", "application/json",
		strings.NewReader(fmt.Sprintf(`{"messaging_product":"whatsapp","status":"read","message_id":%q,"typing_indicator":{"type":"text"}}`, greeting["id"])), &done)

	s.sendEverything(number, fmt.Sprint(greeting["id"]))
	s.downloadWhatAPhoneSends(phone)
	s.haveATemplateApproved(number)
	for _, trouble := range s.troubles {
		t.Error(trouble)
	}
}

// sendEverything sends a message of each type and waits until each was read.
func (s *stranger) sendEverything(number, greeting string) {
	s.t.Helper()
	media := func(kind, mimeType, more string) string {
		return fmt.Sprintf(`"type":%q,%q:{"id":%q%s}`, kind, kind, s.upload(number, mimeType, []byte("the bytes of "+kind)), more)
	}
	interactive := func(kind, action string) string {
		return fmt.Sprintf(`"type":"interactive","interactive":{"type":%q,"body":{"text":"Choose"},"action":%s}`, kind, action)
	}
	contents := []string{
		`"type":"text","text":{"body":"Hello","preview_url":false}`,
		`"context":{"message_id":"` + greeting + `"},"type":"text","text":{"body":"an answer"}`,
		media("image", "image/jpeg", `,"caption":"a picture"`), media("audio", "audio/mpeg", ""), media("video", "video/mp4", ""),
		media("document", "application/pdf", `,"filename":"a.pdf"`), media("sticker", "image/webp", ""),
		`"type":"image","image":{"link":"https://example.com/a.png"}`,
		`"type":"location","location":{"latitude":37.48,"longitude":-122.15,"name":"Here","address":"A street"}`,
		`"type":"contacts","contacts":[{"name":{"formatted_name":"Ada Example","first_name":"Ada"},"phones":[{"phone":"+15550100078","type":"HOME"}]}]`,
		interactive("button", `{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}},{"type":"reply","reply":{"id":"no","title":"No"}}]}`),
		interactive("list", `{"button":"Open","sections":[{"title":"All","rows":[{"id":"1","title":"One","description":"the first"}]}]}`),
		interactive("cta_url", `{"name":"cta_url","parameters":{"display_text":"Look","url":"https://example.com"}}`),
		interactive("location_request_message", `{"name":"send_location"}`),
		`"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}`,
	}
	var sent []string
	for _, content := range contents {
		sent = append(sent, s.send(number, content))
	}
	reaction := s.send(number, `"type":"reaction","reaction":{"message_id":"`+greeting+`","emoji":"👍"}`)
	for i, wamid := range sent {
		// Order is not promised, nor that each comes once.
		s.await("every status of "+contents[i], func() bool {
			return slices.Contains(s.statuses[wamid], "sent") && slices.Contains(s.statuses[wamid], "read")
		})
	}
	s.await("the status of the reaction", func() bool { return slices.Contains(s.statuses[reaction], "sent") })
}

// downloadWhatAPhoneSends takes a picture that a phone sent: its id from the callback, the address from Graph, and the bytes from
// there, with the token.
func (s *stranger) downloadWhatAPhoneSends(phone string) {
	s.t.Helper()
	picture := []byte("\x89PNG\r\n\x1a\nnot much of a picture")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a.png")
	if err != nil {
		s.t.Fatal(err)
	}
	part.Write(picture)
	form.Close()
	s.person(phone, form.FormDataContentType(), &body)
	var image map[string]any
	s.await("the picture", func() bool {
		for _, m := range s.messages {
			if m["type"] == "image" {
				image, _ = m["image"].(map[string]any)
			}
		}
		return image != nil
	})
	var info struct {
		URL      string
		MIMEType string `json:"mime_type"`
		SHA256   string
	}
	s.ask(http.MethodGet, fmt.Sprint(image["id"]), "", http.NoBody, &info)
	sum := sha256.Sum256(picture)
	if info.SHA256 != hex.EncodeToString(sum[:]) || image["sha256"] != base64.StdEncoding.EncodeToString(sum[:]) || info.MIMEType != "image/png" {
		s.t.Errorf("the picture is told as %+v and %v", info, image)
	}
	for token, want := range map[string]int{strangerToken: http.StatusOK, "another": http.StatusUnauthorized} {
		if got := statusOf(s.t, info.URL, token); got != want {
			s.t.Errorf("download with the token %s: %d", token, got)
		}
	}
	req, err := http.NewRequest(http.MethodGet, info.URL, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strangerToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, picture) {
		s.t.Errorf("downloaded %q, %v", got, err)
	}
}

// haveATemplateApproved creates a template, waits for Meta's decision and sends it.
func (s *stranger) haveATemplateApproved(number string) {
	s.t.Helper()
	var made struct{ ID, Status, Category string }
	s.ask(http.MethodPost, demoWABAID+"/message_templates", "application/json", strings.NewReader(`{"name":"order_shipped","language":"en_US","category":"UTILITY",`+
		`"components":[{"type":"BODY","text":"Your order {{1}} is on its way.","example":{"body_text":[["4711"]]}}]}`), &made)
	if made.ID == "" || made.Status != "PENDING" {
		s.t.Errorf("made %+v", made)
	}
	s.await("the approval", func() bool { return slices.Contains(s.events, "order_shipped APPROVED") })
	wamid := s.send(number, `"type":"template","template":{"name":"order_shipped","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"4711"}]}]}`)
	s.await("the template's last status", func() bool { return slices.Contains(s.statuses[wamid], "read") })
}

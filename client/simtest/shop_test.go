package simtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"

	"github.com/waypost/waypost/client/simtest"
)

// shop is a program as somebody may have written it: it takes callbacks and sends messages, and knows nothing of any simulator.
type shop struct {
	*httptest.Server
	graphURL, token, numberID string

	mu    sync.Mutex
	heard []string // statuses and types of messages
	bad   []error
}

func newShop(sim *simtest.Sim) *shop {
	s := &shop{graphURL: sim.GraphURL, token: sim.AccessToken, numberID: sim.NumberID}
	s.Server = httptest.NewServer(http.HandlerFunc(s.callback))
	return s
}

// callback answers whoever writes with a question, and whoever answers it with thanks.
func (s *shop) callback(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		fmt.Fprint(w, r.URL.Query().Get("hub.challenge"))
		return
	}
	var body struct {
		Entry []struct {
			Changes []struct {
				Value struct {
					Messages []struct{ From, Type string }
					Statuses []struct{ Status string }
				}
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.note(err)
	}
	for _, e := range body.Entry {
		for _, c := range e.Changes {
			for _, st := range c.Value.Statuses {
				s.hear(st.Status)
			}
			for _, m := range c.Value.Messages {
				s.hear(m.Type)
				s.answer(m.From, m.Type)
			}
		}
	}
}

func (s *shop) hear(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, what)
}

// all is what was heard so far.
func (s *shop) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

func (s *shop) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad = append(s.bad, err)
}

func (s *shop) answer(to, kind string) {
	switch kind {
	case "text":
		s.send(to, `"type":"interactive","interactive":{"type":"button","body":{"text":"With milk?"},"action":{"buttons":[`+
			`{"type":"reply","reply":{"id":"milk","title":"Yes"}},{"type":"reply","reply":{"id":"black","title":"No"}}]}}`)
	case "interactive":
		s.send(to, `"type":"text","text":{"body":"Thank you, it is on its way."}`)
	}
}

// send returns the HTTP status and the answer.
func (s *shop) send(to, rest string) (int, string) {
	body := []byte(`{"messaging_product":"whatsapp","to":"` + to + `",` + rest + `}`)
	req, err := http.NewRequest(http.MethodPost, s.graphURL+"/v26.0/"+s.numberID+"/messages", bytes.NewReader(body))
	if err != nil {
		s.note(err)
		return 0, ""
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.note(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.note(err)
	}
	return resp.StatusCode, string(text)
}

package waapi

import (
	"net/http"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/send"
)

// What is left of the vendor's management paths: a second way to send, in the
// shape of Meta's own API, the settings, and what Waypost does not do.

// otherRoutes are served as the vendor's client sends them; some have no /api.
func (s *Server) otherRoutes() []route {
	all := []route{
		{"/api/v3/metainfo/messages", map[string]handler{http.MethodPost: s.postConversation}},
		{"/settings", map[string]handler{http.MethodGet: s.getSettings}},
	}
	for _, pattern := range notProvided() {
		all = append(all, route{pattern, nil})
	}
	return all
}

// notProvided are paths of the vendor's for things that this gateway does not
// do. They answer so to whoever has a token, whatever the method, because a
// client's author should not look for a mistake in the path.
func notProvided() []string {
	return []string{
		// Flows are made at Meta; a message can open one.
		"/api/v3/metainfo/flow/{call}",
		"/api/v3/metainfo/flow/edit/metadata",
		// Payments are set up and settled at Meta.
		"/api/v2/payments/status/{configuration}/{reference}",
		"/api/v2/payments/refund/payments_refund",
		"/api/v2/payments/configuration",
		"/api/v2/payments/configuration/{name}",
		// The doubled v2 is in the vendor's client.
		"/api/v2/v2/payments/configuration",
		"/api/v2/v2/payments/configuration/{name}",
		"/api/v3/metainfo/dispatch_capi_event",
		"/stats",
		"/messages",
		"/summary_stats",
	}
}

// settingsView is what the vendor's client asks for by these names. Links in
// messages are never tracked.
type settingsView struct {
	LinkTrack bool `json:"linktrack"`
	SkipOptIn bool `json:"skipoptin"`
}

// getSettings shows those of the account's default source.
func (s *Server) getSettings(w http.ResponseWriter, r *http.Request, c caller) error {
	source, err := s.sources.DefaultSource(r.Context(), c.account)
	if err != nil && wa.CodeOf(err) != wa.CodeNotFound {
		return err
	}
	return succeed(w, "", settingsView{SkipOptIn: source.SkipOptIn})
}

// sentMessage is the data of a send in Meta's shape.
type sentMessage struct {
	MessageID wa.MessageID `json:"message_id"`
}

// postConversation takes one message in Meta's shape.
func (s *Server) postConversation(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	request, err := send.DecodeConversation(body)
	if err != nil {
		return err
	}
	if err := s.take(r.Context(), c.account, request); err != nil {
		return err
	}
	return succeed(w, textReceived, sentMessage{MessageID: request.Messages[0].ID})
}

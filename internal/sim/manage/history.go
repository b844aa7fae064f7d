package manage

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/rule"
)

// A history's id is a number that holds its place in the ledger; so is an event's.
const (
	historyBase = 4e15
	eventBase   = 5e15
	eventsMost  = 100 // per message, for their ids alone: no message has as many
)

// occurrence is one status of a send and what became of its callback.
type occurrence struct {
	id     string
	status string // as the OpenAPI file spells it
	state  string // PENDING, DELIVERED, RETRYING or FAILED
	uri    string
	at     time.Time // of the status
	told   time.Time // of the last attempt to call it back; zero if there was none
	why    string
}

// listHistory tells what became of a number's sends, and of the callbacks about them.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-history-api (read 2026-09)
func (s *Face) listHistory(_ context.Context, c call) (any, error) {
	list := s.Ledger.Messages(ledger.Filter{
		Direction: ledger.Out, Outcome: ledger.Accepted, NumberID: c.number.ID, WAMID: c.query.Get("message_id"),
	})
	slices.Reverse(list) // the newest first
	page, err := rule.Paged(list, func(m ledger.Message) int { return -m.Seq }, c.query, c.address)
	out := rule.Page[map[string]any]{Data: []map[string]any{}, Paging: page.Paging}
	if err != nil {
		return nil, err
	}
	for _, m := range page.Data {
		events := []map[string]any{}
		for _, o := range s.occurrences(m) {
			events = append(events, o.event(s.AppID))
		}
		node, err := rule.Select(c.query.Get("fields"), map[string]any{
			"id": historyID(m), "message_id": m.WAMID, "events": map[string]any{"data": events},
		}, "message_id", "events")
		if err != nil {
			return nil, err
		}
		out.Data = append(out.Data, node)
	}
	return out, nil
}

func historyID(m ledger.Message) string { return strconv.Itoa(historyBase + m.Seq) }

// occurrences lists the statuses of a send.
func (s *Face) occurrences(m ledger.Message) (list []occurrence) {
	posts := s.Ledger.Callbacks(ledger.Filter{WAMID: m.WAMID})
	n, _ := s.Accounts.ByID(m.NumberID)
	target, _ := s.Target(s.Callback(), n.WABAID, n.ID)
	for i, step := range m.Statuses {
		o := occurrence{
			id: strconv.Itoa(eventBase + m.Seq*eventsMost + i), status: strings.ToUpper(step.Name), state: "PENDING", uri: target.URL, at: step.At,
		}
		if step.Name == ledger.StatusFailed {
			o.why = "the message failed with the code " + strconv.Itoa(step.Code)
		}
		if p := callbackOf(posts, m.WAMID, step.Name); p != nil {
			o.state, o.told = updateState(*p), p.LastTry
		}
		list = append(list, o)
	}
	return list
}

// callbackOf finds the callback that tells a status, or nil.
func callbackOf(posts []ledger.Callback, wamid, status string) *ledger.Callback {
	for i, p := range posts {
		if slices.Contains(p.Updates, wamid+" "+status) {
			return &posts[i]
		}
	}
	return nil
}

func updateState(p ledger.Callback) string {
	switch {
	case p.Outcome == ledger.Delivered:
		return "DELIVERED"
	case p.Outcome != ledger.Pending:
		return "FAILED"
	case p.Attempts > 0:
		return "RETRYING"
	}
	return "PENDING"
}

// event is an occurrence inside of a message history.
func (o occurrence) event(appID string) map[string]any {
	event := map[string]any{
		"id": o.id, "delivery_status": o.status, "webhook_update_state": o.state, "timestamp": o.at.Unix(),
		"application": map[string]any{"id": appID},
	}
	if o.uri != "" {
		event["webhook_uri"] = o.uri
	}
	if o.why != "" {
		event["error_description"] = o.why
	}
	return event
}

// listEvents lists the statuses of one message by the id of its history.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-message-history/events-api (read 2026-09)
func (s *Face) listEvents(w http.ResponseWriter, r *http.Request, token string) error {
	id, query := r.PathValue("object"), r.URL.Query()
	seq, err := strconv.Atoi(id)
	m, ok := s.Ledger.Numbered(seq - historyBase)
	if _, own := s.Accounts.Of(token, m.NumberID); err != nil || !ok || !own || m.Outcome != ledger.Accepted {
		return rule.NoObject(r.Method, id)
	}
	type place struct {
		occurrence
		at int
	}
	var list []place
	for i, o := range s.occurrences(m) {
		if wish := query.Get("status_filter"); wish == "" || strings.EqualFold(wish, o.status) {
			list = append(list, place{o, i})
		}
	}
	page, err := rule.Paged(list, func(p place) int { return p.at }, query, s.ListAddress(r))
	out := rule.Page[map[string]any]{Data: []map[string]any{}, Paging: page.Paging}
	if err != nil {
		return err
	}
	for _, p := range page.Data {
		node := map[string]any{
			"id": p.id, "delivery_status": p.status, "occurrence_timestamp": p.occurrence.at.Unix(),
			"status_timestamp": p.occurrence.at.Unix(), "application": map[string]any{"id": s.AppID, "name": "Simulated App"},
		}
		if !p.told.IsZero() {
			node["status_timestamp"] = p.told.Unix()
		}
		if p.why != "" {
			node["error_description"] = p.why
		}
		out.Data = append(out.Data, map[string]any{"cursor": base64.StdEncoding.EncodeToString([]byte(p.id)), "node": node})
	}
	return face.WriteJSON(w, http.StatusOK, out)
}

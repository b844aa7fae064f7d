package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

// accept keeps a message of the first account.
func (w *world) accept(category wa.Category) wa.Message {
	w.t.Helper()
	sources, err := w.db.SourcesByNumber(w.t.Context(), numberID)
	w.check(err)
	m := wa.Message{
		ID: wa.NewID[wa.MessageID](), AccountID: sources[0].AccountID, SourceID: sources[0].ID, NumberID: numberID,
		Recipient: wa.Recipient{Kind: wa.Individual, ID: phone}, Content: wa.Text{Body: "hello canary"}, Category: category,
		Status: wa.StatusAccepted, AcceptedAt: time.Now(),
	}
	w.check(w.db.Accept(w.t.Context(), []wa.Message{m}))
	return m
}

// try takes a message to its first outcome.
func (w *world) try(m wa.Message, o wa.Outcome) {
	w.t.Helper()
	queues, err := w.db.Queues(w.t.Context())
	w.check(err)
	var all []store.Share
	for _, q := range queues {
		all = append(all, store.Share{Queue: q.ID, Limit: 10})
	}
	claimed, err := w.db.ClaimMessages(w.t.Context(), all, time.Minute)
	w.check(err)
	for _, c := range claimed {
		if c.ID == m.ID {
			c, err = w.db.BeginMessage(w.t.Context(), c)
			w.check(err)
			w.check(w.db.SettleMessage(w.t.Context(), c, o))
			return
		}
	}
	w.t.Fatalf("message %s is not due", m.ID)
}

func (w *world) message(id wa.MessageID, path string, into any) {
	w.t.Helper()
	got := w.ask("GET", "/v1/messages/"+string(id)+path, w.mine, "")
	if got.Code != 200 {
		w.t.Fatalf("%s: %d %s", path, got.Code, got.Body)
	}
	w.check(json.Unmarshal(got.Body.Bytes(), into))
}

func TestAMessageIsToldWithItsAttempts(t *testing.T) {
	w := newWorld(t)
	m := w.accept(wa.CategoryMarketing)
	w.try(m, wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "no answer came"}})
	var v api.Message
	w.message(m.ID, "", &v)
	if v.Status != wa.StatusUncertain || len(v.Attempts) != 1 || v.Attempts[0].Outcome != wa.OutcomeUnknown || v.DispatchedAt == nil {
		t.Errorf("message %+v", v)
	}
	if u := v.Uncertain; u == nil || u.Policy != wa.PolicyHold || u.Why != "no answer came" || u.Next == "" {
		t.Errorf("uncertain %+v", u)
	}
	var f api.Forecast
	w.message(m.ID, "/forecast", &f)
	if f.Reason != wa.ForecastUncertain || f.At != nil {
		t.Errorf("forecast %+v", f)
	}
}

func TestAMessageSaysWhenItGoes(t *testing.T) {
	w := newWorld(t)
	w.accept(wa.CategoryMarketing)
	m := w.accept(wa.CategoryMarketing)
	var f api.Forecast
	w.message(m.ID, "/forecast", &f)
	if f.Reason != wa.ForecastQueue || f.At == nil || f.PerSecond != wa.ThroughputStandard {
		t.Errorf("forecast %+v", f)
	}
	first := w.accept(wa.CategoryService)
	w.try(first, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.SYNTHETIC1"})
	w.message(first.ID, "/forecast", &f)
	if f.Reason != wa.ForecastNone {
		t.Errorf("of a sent one: %+v", f)
	}
}

func TestAMessageIsTheAccountsOwn(t *testing.T) {
	w := newWorld(t)
	m := w.accept(wa.CategoryMarketing)
	for _, path := range []string{"", "/forecast"} {
		for name, got := range map[string]struct{ id, token string }{
			"another account's": {string(m.ID), w.theirs}, "nobody's": {string(wa.NewID[wa.MessageID]()), w.mine}, "no id": {"x", w.mine},
		} {
			answer := w.ask("GET", "/v1/messages/"+got.id+path, got.token, "")
			if p := w.problem(answer); answer.Code != 404 || p.Code != "not_found" {
				t.Errorf("%s%s: %d %+v", name, path, answer.Code, p)
			}
		}
	}
	if got := w.ask("GET", "/v1/messages/"+string(m.ID), "", ""); got.Code != 401 {
		t.Errorf("without a token: %d", got.Code)
	}
	if doc := string(w.face.OpenAPI()); !strings.Contains(doc, `"/v1/messages/{id}/forecast"`) {
		t.Error("the route is not described")
	}
}

var _ api.Timeline = (*sqlstore.Store)(nil)

func TestAStatusIsToldWhole(t *testing.T) {
	w := newWorld(t)
	m := w.accept(wa.CategoryMarketing)
	w.try(m, wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "no answer came"}})
	billable, said := true, time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	report := wa.StatusReport{
		NumberID: numberID, Status: wa.StatusFailed, At: said, Recipient: "group", Participant: phone, Tag: "tag",
		Failure: &wa.Failure{Code: 131026, Title: "first"}, Failures: []wa.Failure{{Code: 131049, Title: "second"}},
		Person: wa.PersonIDs{UserID: "US.1"}, IdentityHash: "hash", Conversation: &wa.Conversation{ID: "c1", Origin: "marketing"},
		Pricing: &wa.Pricing{Billable: &billable, Model: "PMP"}, Rest: json.RawMessage(`{"new":1}`),
	}
	// Without a wamid: the tag names the message.
	w.apply(wa.Update{NumberID: numberID, MessageID: m.ID, Attempt: 1, Status: &report})
	var v api.Message
	w.message(m.ID, "", &v)
	if len(v.Events) != 1 {
		t.Fatalf("events %+v", v.Events)
	}
	got := v.Events[0]
	if got.At.IsZero() || got.MetaAt == nil {
		t.Fatalf("times of %+v", got)
	}
	rest := new(bytes.Buffer)
	w.check(json.Compact(rest, got.Rest))
	got.At, got.Rest = time.Time{}, rest.Bytes()
	want := api.StatusLine{
		Status: wa.StatusFailed, By: "meta", MetaAt: &said, Attempt: 1, Recipient: "group", Participant: phone, Person: &report.Person,
		IdentityHash: "hash", Failure: report.Failure, Failures: report.Failures, Conversation: report.Conversation,
		Pricing: report.Pricing, Rest: report.Rest,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWhatTheGatewayEndedItself(t *testing.T) {
	w := newWorld(t)
	m := w.accept(wa.CategoryMarketing)
	w.try(m, wa.Outcome{Kind: wa.OutcomeRejected, Failure: wa.Failure{VendorCode: "8007", Title: "outside the window"}})
	var v api.Message
	w.message(m.ID, "", &v)
	if len(v.Events) != 1 || v.Events[0].By != "gateway" || v.Events[0].MetaAt != nil || v.Events[0].Failure == nil {
		t.Errorf("events %+v", v.Events)
	}
}

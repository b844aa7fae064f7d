package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/wa"
)

// apply applies updates to the first account, as if a callback had brought them.
func (w *world) apply(updates ...wa.Update) {
	w.t.Helper()
	ctx := w.t.Context()
	sources, err := w.db.SourcesByNumber(ctx, numberID)
	w.check(err)
	w.check(w.db.KeepCallback(ctx, wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte("{}")}))
	callbacks, err := w.db.ClaimCallbacks(ctx, 1, time.Minute)
	w.check(err)
	w.check(w.db.SettleCallback(ctx, callbacks[0], []wa.AccountUpdates{{AccountID: sources[0].AccountID, Updates: updates}}))
}

// received keeps a media that somebody sent, claimed for its fetch.
func (w *world) received() wa.StoredMedia {
	w.t.Helper()
	w.apply(wa.Update{NumberID: numberID, Inbound: &wa.Inbound{
		WAMID: "wamid.SYNTHETIC9", NumberID: numberID, From: phone, At: time.Now(), Type: "document", Media: &wa.InboundMedia{
			ID: wa.NewID[wa.MediaID](), MetaID: "7788", Kind: wa.KindDocument, MIMEType: "application/pdf", Filename: "../a/offer.pdf",
		},
	}})
	claimed, err := w.db.ClaimFetches(w.t.Context(), 1, time.Minute)
	w.check(err)
	if len(claimed) != 1 {
		w.t.Fatalf("%d media are due", len(claimed))
	}
	return claimed[0]
}

func (w *world) media(id wa.MediaID) (v api.Media) {
	w.t.Helper()
	answer := w.ask("GET", "/v1/media/"+string(id), w.mine, "")
	if answer.Code != 200 {
		w.t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	w.check(json.Unmarshal(answer.Body.Bytes(), &v))
	return v
}

func TestAMediaSaysWhenItWasReadyOrLost(t *testing.T) {
	for _, state := range []wa.MediaState{wa.MediaReady, wa.MediaLost} {
		w := newWorld(t)
		m := w.received()
		v := w.media(m.ID)
		if v.ID != m.ID || v.State != wa.MediaPending || v.Kind != wa.KindDocument || v.Filename != "offer.pdf" || len(v.Events) != 0 || v.CreatedAt.IsZero() {
			t.Errorf("before the fetch: %+v", v)
		}
		m.State = state
		if state == wa.MediaReady {
			m.SHA256, m.Size = strings.Repeat("a", 64), 42
		}
		w.check(w.db.SettleFetch(t.Context(), m, 0))
		v = w.media(m.ID)
		if v.State != state || v.MIMEType != "application/pdf" || v.SHA256 != m.SHA256 || v.Size != m.Size {
			t.Errorf("%s: %+v", state, v)
		}
		if len(v.Events) != 1 || v.Events[0].State != state || v.Events[0].At.Before(v.CreatedAt) {
			t.Errorf("%s: events %+v", state, v.Events)
		}
	}
}

func TestAMediaIsTheAccountsOwn(t *testing.T) {
	w := newWorld(t)
	m := w.received()
	for name, got := range map[string]struct{ id, token string }{
		"another account's": {string(m.ID), w.theirs}, "nobody's": {string(wa.NewID[wa.MediaID]()), w.mine}, "no id": {"x", w.mine},
	} {
		answer := w.ask("GET", "/v1/media/"+got.id, got.token, "")
		if p := w.problem(answer); answer.Code != 404 || p.Code != "not_found" {
			t.Errorf("%s: %d %+v", name, answer.Code, p)
		}
	}
	if got := w.ask("GET", "/v1/media/"+string(m.ID), "", ""); got.Code != 401 {
		t.Errorf("without a token: %d", got.Code)
	}
}

package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// keptEvent is the JSON of an event in the store. Fields may be added; one that
// was ever kept is never renamed.
type keptEvent struct {
	Status  *wa.StatusReport `json:"status,omitempty"`
	Inbound *wa.Inbound      `json:"inbound,omitempty"`
	Media   *wa.MediaReport  `json:"media,omitempty"`
	Notice  *wa.Notice       `json:"notice,omitempty"`
}

func statusEvent(m wa.Message, at time.Time, r wa.StatusReport) wa.Event {
	return wa.Event{
		ID: wa.NewID[wa.EventID](), AccountID: m.AccountID, Kind: wa.EventStatus, MessageID: m.ID, At: at, Status: &r,
	}
}

// subjectAndFact say what an event is about and what it says: together they
// tell it from every other event of the account. A status that Meta reports
// twice, with whatever time, is one fact.
func subjectAndFact(e wa.Event) (subject, fact string) {
	if e.Inbound != nil {
		return e.Inbound.WAMID, "inbound"
	}
	if e.Media != nil {
		return string(e.Media.MediaID), "media"
	}
	if e.Notice != nil {
		return noticeFact(*e.Notice)
	}
	return string(e.MessageID), statusFact(*e.Status)
}

func statusFact(r wa.StatusReport) string { return string(r.Status) + "/" + r.Participant }

// addEvent keeps an event and what is to be delivered of it. It reports false
// if the event was there before; then nothing is changed.
func (s *Store) addEvent(t *tx, e wa.Event) (added bool, err error) {
	data, err := json.Marshal(keptEvent{Status: e.Status, Inbound: e.Inbound, Media: e.Media, Notice: e.Notice})
	if err != nil {
		return false, fmt.Errorf("keep event: %w", err)
	}
	subject, fact := subjectAndFact(e)
	n, err := t.exec(`INSERT INTO events (account_id, id, kind, subject, fact, message_id, at, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_id, subject, fact) DO NOTHING`,
		e.AccountID, e.ID, e.Kind, subject, fact, e.MessageID, micros(e.At), data)
	if err != nil || n == 0 {
		return false, wrap("keep event", err)
	}
	if !e.Kind.Valid() {
		return true, nil // it is in the journal only
	}
	endpoints, err := t.endpointsOf(e)
	if err != nil {
		return false, fmt.Errorf("keep event: %w", err)
	}
	for _, endpoint := range endpoints {
		if _, err := t.exec(`INSERT INTO deliveries (account_id, id, endpoint_id, event_id, state, created_at, due_at)
			VALUES ($1, $2, $3, $4, 'due', $5, $5)`,
			e.AccountID, wa.NewID[wa.DeliveryID](), endpoint, e.ID, micros(e.At)); err != nil {
			return false, fmt.Errorf("keep delivery: %w", err)
		}
		t.wake(store.StageDeliveries)
	}
	return true, nil
}

// Message implements [store.Journal].
func (s *Store) Message(ctx context.Context, account wa.AccountID, id wa.MessageID) (wa.Message, error) {
	return found[wa.Message]("message")(scanMessage(s.reads.QueryRowContext(ctx,
		`SELECT `+messageColumns+` FROM messages WHERE account_id = $1 AND id = $2`, account, id)))
}

// Events implements [store.Journal].
func (s *Store) Events(ctx context.Context, account wa.AccountID, message wa.MessageID) ([]wa.Event, error) {
	events, err := s.eventsOf(ctx, account, string(message))
	wa.MarkConflicts(events)
	return events, err
}

// MediaEvents implements [store.Journal].
func (s *Store) MediaEvents(ctx context.Context, account wa.AccountID, media wa.MediaID) ([]wa.Event, error) {
	return s.eventsOf(ctx, account, string(media))
}

// Received implements [store.Journal].
func (s *Store) Received(ctx context.Context, account wa.AccountID, wamid string) (wa.Inbound, error) {
	events, err := s.eventsOf(ctx, account, wamid)
	if err != nil {
		return wa.Inbound{}, err
	}
	for _, e := range events {
		if e.Inbound != nil {
			return *e.Inbound, nil
		}
	}
	return wa.Inbound{}, wa.NotFound("inbound message")
}

func (s *Store) eventsOf(ctx context.Context, account wa.AccountID, subject string) ([]wa.Event, error) {
	events, err := collect(scanEvent)(s.reads.QueryContext(ctx,
		`SELECT account_id, id, kind, message_id, at, data FROM events
			WHERE account_id = $1 AND subject = $2 AND fact >= ''`, account, subject))
	// Without the last condition, or asked to sort by id, SQLite would rather
	// read all events of the account.
	slices.SortFunc(events, func(a, b wa.Event) int { return cmp.Compare(a.ID, b.ID) })
	return events, wrap("read events", err)
}

func scanEvent(row scanner) (e wa.Event, err error) {
	var at int64
	var data []byte
	if err = row.Scan(&e.AccountID, &e.ID, &e.Kind, &e.MessageID, &at, &data); err != nil {
		return e, err
	}
	e.At = fromMicros(at)
	return e, unkeep(data, &e)
}

func unkeep(data []byte, e *wa.Event) error {
	var kept keptEvent
	if err := json.Unmarshal(data, &kept); err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	e.Status, e.Inbound, e.Media, e.Notice = kept.Status, kept.Inbound, kept.Media, kept.Notice
	return nil
}

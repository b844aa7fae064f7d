// Package webhook owns the way back to the customer: it takes deliveries from
// the store, posts each to its endpoint and records what became of it.
//
// It never knows the shape of what it posts (the encoder is handed in), never
// follows a redirect, and never drops an event that the endpoint has not taken,
// before it has tried for three days.
//
// It stands at the end: whatever makes an event writes its deliveries in the
// same transaction, and wakes it.
//
// The posts under way are shared out among the endpoints (see shares), so that
// one that does not answer does not hold up the others. To each endpoint there
// is one post at a time about each contact. So events about a contact come in
// their order for as long as the endpoint takes each and the process lives. One
// that it did not take, or that was in hand when the process ended, comes again
// later, behind those that it took meanwhile.
//
// Failure: an event is delivered at least once. A process that dies between the
// endpoint's answer and the settle posts it again.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

// Options says what a Dispatcher works with. All fields but Width and Now must
// be set.
type Options struct {
	Store store.Deliveries
	// Client posts to addresses that customers name: it must refuse internal
	// ones and must not follow redirects.
	Client *http.Client
	// Encode makes the body of a delivery.
	Encode func(wa.Delivery) ([]byte, error)
	Wake   <-chan struct{}
	Logger *slog.Logger
	// Width is how many posts are under way at a time; 0 is 64.
	Width int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Dispatcher delivers events.
type Dispatcher struct {
	Options
	poll   time.Duration
	shares *shares
}

// job is a delivery and until when it is ours.
type job struct {
	wa.Delivery
	until time.Time
}

const (
	defaultWidth = 64
	poll         = time.Second
	// lease outlasts the client's time limit.
	lease = 5 * time.Minute
	// firstRetry to lastRetry: 2 s, 4 s, 8 s … 1 h, and then every hour until
	// keepTrying is over.
	firstRetry = 2 * time.Second
	lastRetry  = time.Hour
	keepTrying = 72 * time.Hour
	// leastTries is how often an event is tried however old it is, because the
	// gateway itself may have been down: as often as it takes to get to lastRetry.
	leastTries = 12
	// maxAnswer is how much of an answer is read so that the connection can be
	// used again.
	maxAnswer = 20 << 10
)

var errAddress = errors.New("the address cannot be posted to")

// New makes a dispatcher.
func New(o Options) *Dispatcher {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Dispatcher{Options: o, poll: poll, shares: newShares(o.Width)}
}

// Recover takes over from the last process; call it once, before Run.
func (d *Dispatcher) Recover(ctx context.Context) error {
	_, err := d.Store.RecoverDeliveries(ctx)
	return err
}

// Run delivers until ctx ends, and returns once the posts in flight are
// settled.
func (d *Dispatcher) Run(ctx context.Context) {
	work.Loop[job]{
		Name: "webhook", Poll: d.poll, Width: d.Width, Wake: d.Wake, Logger: d.Logger,
		Claim: d.claim,
		// So two posts about a contact do not overtake each other. A retry waits
		// in no lane: the endpoint would hear nothing more about the contact for
		// up to three days.
		Lane: func(j job) string { return string(j.Endpoint.ID) + "/" + j.Contact() },
		Do:   d.deliver,
	}.Run(ctx)
}

func (d *Dispatcher) claim(ctx context.Context, limit int) ([]job, error) {
	until := d.Now().Add(lease)
	claimed, err := d.Store.ClaimDeliveries(ctx, limit, lease, d.shares.room)
	if err != nil {
		return nil, err
	}
	jobs := make([]job, len(claimed))
	for i, v := range claimed {
		d.shares.take(v.Endpoint.ID)
		jobs[i] = job{v, until}
	}
	return jobs, nil
}

func (d *Dispatcher) deliver(ctx context.Context, j job) {
	start, v := d.Now(), j.Delivery
	defer d.shares.free(v.Endpoint.ID)
	// Behind slow answers a delivery may wait in its lane until its lease has
	// run out. It is claimed again, so a post now would be one too many, and its
	// result would be lost.
	if start.Add(d.Client.Timeout).After(j.until) {
		return
	}
	result := d.attempt(ctx, v)
	result.Took = d.Now().Sub(start)
	d.shares.judge(v.Endpoint.ID, result)
	err := d.Store.SettleDelivery(ctx, v, result)
	level := slog.LevelInfo
	if result.GiveUp || err != nil {
		level = slog.LevelWarn
	}
	d.Logger.LogAttrs(ctx, level, "delivery attempted",
		slog.String("event_id", string(v.Event.ID)), slog.String("endpoint_id", string(v.Endpoint.ID)),
		slog.String("message_id", string(v.Event.MessageID)), slog.Int("attempt", v.Attempts+1),
		slog.Bool("done", result.Done), slog.Bool("given_up", result.GiveUp), slog.Int("status", result.Status),
		slog.String("reason", result.Reason), slog.Duration("after", result.After),
		slog.Int64("duration_ms", result.Took.Milliseconds()), slog.Any("err", err))
}

// attempt posts once.
func (d *Dispatcher) attempt(ctx context.Context, v wa.Delivery) wa.DeliveryResult {
	body, err := d.Encode(v)
	if err != nil {
		// It would not be encoded next time either.
		return wa.DeliveryResult{GiveUp: true, Reason: "the event cannot be encoded: " + err.Error()}
	}
	status, err := d.post(ctx, v.Endpoint, body)
	switch {
	case err != nil:
		return d.again(v, status, reason(err))
	case status < 200 || status > 299:
		return d.again(v, status, fmt.Sprintf("the endpoint answered %d, not 2xx", status))
	}
	return wa.DeliveryResult{Done: true, Status: status}
}

func (d *Dispatcher) post(ctx context.Context, e wa.Endpoint, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return 0, errAddress
	}
	req.Header.Set("User-Agent", "Waypost")
	for name, value := range e.Headers {
		req.Header.Set(name, value.Reveal())
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	// What the answer says does not matter, and neither does its end.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, nil
}

// again says when to try next, or that it is over.
func (d *Dispatcher) again(v wa.Delivery, status int, reason string) wa.DeliveryResult {
	r := wa.DeliveryResult{Status: status, Reason: reason, After: work.Backoff(v.Attempts+1, firstRetry, lastRetry)}
	if v.Attempts+1 >= leastTries && d.Now().Add(r.After).Sub(v.CreatedAt) > keepTrying {
		r.GiveUp, r.After = true, 0
	}
	return r
}

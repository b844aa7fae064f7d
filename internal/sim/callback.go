package sim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	keptPosts    = 1000 // callbacks that are remembered once they are delivered
	firstBackoff = 200 * time.Millisecond
	maxBackoff   = 5 * time.Second
)

// Post is one callback and how posting it went so far.
type Post struct {
	ID        int             `json:"id"` // counts from 1
	WABAID    string          `json:"waba_id"`
	NumberID  string          `json:"number_id,omitempty"` // absent when the callback is about the account
	Field     string          `json:"field"`
	Created   time.Time       `json:"created"`
	Attempts  int             `json:"attempts"`
	LastTry   time.Time       `json:"last_try,omitzero"`
	Status    int             `json:"status"` // HTTP status of the last attempt, 0 when there was no answer
	Error     string          `json:"error,omitempty"`
	Delivered bool            `json:"delivered"`
	Body      json.RawMessage `json:"body"`
}

type posting struct{ Post }

// Callbacks returns the last thousand callbacks, oldest first.
func (s *Sim) Callbacks() []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Post, len(s.posts))
	for i, p := range s.posts {
		list[i] = p.Post
	}
	return list
}

// Callback returns where callbacks go at present.
func (s *Sim) Callback() Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.callback
}

// SetCallback moves the callbacks to another receiver, which must first prove itself as Meta asks: it gets a GET with a
// challenge and must echo it with 200. Callbacks that are being retried go to the new receiver too. An empty URL ends the
// subscription without asking.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func (s *Sim) SetCallback(ctx context.Context, c Callback) error {
	if c.URL != "" {
		if err := c.check(); err != nil {
			return err
		}
		if err := s.shakeHands(ctx, c); err != nil {
			return fmt.Errorf("verify callback: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callback = c
	return nil
}

func (s *Sim) shakeHands(ctx context.Context, c Callback) error {
	s.mu.Lock()
	challenge := s.random.digits()
	s.mu.Unlock()
	target, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("read url: %w", err)
	}
	query := target.Query()
	query.Set("hub.mode", "subscribe")
	query.Set("hub.challenge", challenge)
	query.Set("hub.verify_token", c.VerifyToken)
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return errors.New("the receiver does not answer") // the client's own error would carry the verify token
	}
	defer func() { _ = resp.Body.Close() }()
	echo, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the receiver answered %d: check the verify token", resp.StatusCode)
	}
	if string(echo) != challenge {
		return errors.New("the receiver answered 200 but did not echo hub.challenge, and nothing else, as the body")
	}
	return nil
}

// emit calls back about messages of a number. The lock must be held.
func (s *Sim) emit(n Number, v value, now time.Time) {
	v.Product, v.Metadata = messagingProduct, metadata{Display: n.Display, NumberID: n.ID}
	s.emitField(Post{WABAID: n.WABAID, NumberID: n.ID, Field: fieldMessages}, v, now)
}

// emitField records a callback of any field and puts it in line. about says what it is about. The lock must be held.
func (s *Sim) emitField(about Post, v any, now time.Time) {
	body, err := encodeCallback(about.WABAID, about.Field, v, now)
	if err != nil {
		s.log.Error("callback not encoded", slog.Any("err", err))
		return
	}
	s.posted++
	about.ID, about.Created, about.Body = s.posted, now, body
	p := &posting{about}
	s.posts = append(s.posts, p)
	if extra := len(s.posts) - keptPosts; extra > 0 {
		s.posts = slices.Delete(s.posts, 0, extra)
	}
	if s.callback.URL == "" {
		p.Error = "dropped: no callback is set"
		return
	}
	s.ready = append(s.ready, p)
	s.rouse()
}

// post makes one attempt. Anything but 200 is tried again later with the same bytes, for as long as Run lives.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func (s *Sim) post(ctx context.Context, p *posting) {
	target := s.Callback()
	status, err := s.attempt(ctx, target, p.Body)
	s.mu.Lock()
	p.Attempts++
	p.LastTry = time.Now()
	p.Status, p.Error = status, ""
	p.Delivered = status == http.StatusOK
	if err != nil {
		p.Error = err.Error()
	}
	if !p.Delivered {
		s.at(p.LastTry.Add(backoff(p.Attempts)), func(time.Time) { s.ready = append(s.ready, p) })
	}
	attempt := p.Attempts
	s.inFlight--
	s.rouse()
	s.mu.Unlock()
	s.log.DebugContext(ctx, "callback attempted", slog.Int("attempt", attempt), slog.Int("status", status))
}

func (s *Sim) attempt(ctx context.Context, target Callback, body []byte) (int, error) {
	if target.URL == "" {
		return 0, errors.New("no callback is set")
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := newCallbackRequest(ctx, target, body)
	if err != nil {
		return 0, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("post callback: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // lets the connection be used again
	return resp.StatusCode, nil
}

// newCallbackRequest signs the raw bytes with the app secret.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func newCallbackRequest(ctx context.Context, target Callback, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make callback request: %w", err)
	}
	mac := hmac.New(sha256.New, []byte(target.AppSecret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return req, nil
}

// backoff is how long after the nth failed attempt the next one is due: 200 ms, 400 ms, … 5 s.
func backoff(attempt int) time.Duration {
	wait := firstBackoff
	for i := 1; i < attempt && wait < maxBackoff; i++ {
		wait *= 2
	}
	return min(wait, maxBackoff)
}

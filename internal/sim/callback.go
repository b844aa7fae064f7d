package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Callback returns where callbacks go at present.
func (s *Sim) Callback() Callback {
	return *s.callback.Load()
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
	s.callback.Store(&c)
	return nil
}

// UseCallback is SetCallback for a receiver that need not prove itself, because it is known.
func (s *Sim) UseCallback(c Callback) error {
	if c.URL != "" {
		if err := c.check(); err != nil {
			return err
		}
	}
	s.callback.Store(&c)
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

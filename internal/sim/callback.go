package sim

import (
	"context"
	"fmt"
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
		if err := c.Check(); err != nil {
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
		if err := c.Check(); err != nil {
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
	return c.ShakeHands(ctx, s.client, challenge)
}

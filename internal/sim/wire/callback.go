package wire

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Callback is where callbacks go and how they are signed. An empty URL means there is none yet: callbacks are then dropped,
// as Meta drops those of an app without a subscription.
type Callback struct {
	URL         string
	VerifyToken string
	AppSecret   string
}

// Check reports every mistake in c at once.
func (c Callback) Check() error {
	var errs []error
	if !rule.IsWebURL(c.URL) {
		errs = append(errs, fmt.Errorf("callback url %q: give an http or https address", c.URL))
	}
	if c.AppSecret == "" {
		errs = append(errs, errors.New("callback app secret is missing: callbacks are signed with it"))
	}
	return errors.Join(errs...)
}

// ShakeHands asks the receiver to prove itself: it must echo the challenge with 200.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func (c Callback) ShakeHands(ctx context.Context, client *http.Client, challenge string) error {
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
	resp, err := client.Do(req)
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

// Request makes the request that posts a callback. It signs the raw bytes with the app secret.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func (c Callback) Request(ctx context.Context, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make callback request: %w", err)
	}
	mac := hmac.New(sha256.New, []byte(c.AppSecret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return req, nil
}

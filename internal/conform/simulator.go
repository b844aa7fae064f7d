package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// control asks the simulator's control face with JSON; body is nil for none.
// The answer goes into into, which may be nil.
func (r *Remote) control(ctx context.Context, method, where string, body, into any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return fmt.Errorf("--simulator: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, r.Simulator+where, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("--simulator: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	status, text, err := r.do(req)
	if err != nil {
		return fmt.Errorf("--simulator: %w", err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("--simulator: %s %s was answered with %d %s", method, where, status, shorten(string(text)))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("--simulator: %s %s: %w", method, where, err)
	}
	return nil
}

// openWindow lets a phone of the simulator write to the source, and returns
// Meta's id of the message once the server lets it be answered.
func (r *Remote) openWindow(ctx context.Context, number string) (wamid string, err error) {
	if _, err := r.get(ctx, "source"); err != nil {
		return "", err
	}
	message := map[string]string{"text": "hello"}
	if to := raw(r.first.NumberID); to != "" {
		message["to"] = to
	}
	var written struct {
		ID string `json:"id"`
	}
	if err := r.control(ctx, http.MethodPost, "/phones/"+number+"/messages", message, &written); err != nil {
		return "", err
	}
	return written.ID, r.awaitWindow(ctx, number, "individual")
}

const (
	// outsideWindow is the code for a recipient who has not written.
	outsideWindow = "8007"
	// notReceived is the code for a message that has not come in.
	notReceived = "8006"
)

// awaitWindow returns once a text is accepted for somebody who has written.
func (r *Remote) awaitWindow(ctx context.Context, to, kind string) error {
	return r.awaitLearned(ctx, to, outsideWindow, "/api/v2/message/", map[string]any{"message": []map[string]any{{
		"recipient_whatsapp": to, "recipient_type": kind, "message_type": "text", "source": raw(r.first.ID),
		"type_text": []map[string]string{{"content": "hello"}},
	}}})
}

// awaitLearned returns once a request is no longer refused with the code that it
// has as long as the server does not know what somebody wrote.
func (r *Remote) awaitLearned(ctx context.Context, who, code, where string, body map[string]any) error {
	ctx, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		_, err := r.call(ctx, http.MethodPost, where, r.Token, body)
		no, ok := errors.AsType[*refused](err)
		if err == nil || ok && no.code != code {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s wrote by the simulator, but the server did not learn of it within %s: point the simulator's "+
				"callbacks at the server, with the source's app secret", who, r.Patience)
		case <-again.C:
		}
	}
}

// needsSimulator is why somebody has not written.
func needsSimulator(name, who string) error {
	return NotKnown("give " + who + " with --set " + name + "=…, or let --simulator write")
}

// writes is how somebody gets to have written to the source in the last 24
// hours.
func (r *Remote) writes(name, number string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if r.Simulator == "" {
			return "", needsSimulator(name, "a number that has written to the source in the last 24 hours")
		}
		_, err := r.openWindow(ctx, number)
		return number, err
	}
}

// incoming is the id of a message that somebody has written to the source.
func (r *Remote) incoming(ctx context.Context) (string, error) {
	if r.Simulator == "" {
		return "", needsSimulator("incoming", "the message_id of a webhook of the last days")
	}
	id, err := r.openWindow(ctx, defaultWriter)
	if err != nil {
		return "", err
	}
	return id, r.awaitLearned(ctx, defaultWriter, notReceived, "/api/v2/message/read/", map[string]any{"message_id": id})
}

// The edges of the window. A run has some minutes to use the one that is open.
const (
	window = 24 * time.Hour
	margin = 15 * time.Minute
)

// wroteBefore is how somebody gets to have written some time ago: as long as
// that is in the window, it is waited for.
func (r *Remote) wroteBefore(name, number string, ago time.Duration) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if r.Simulator == "" {
			return "", needsSimulator(name, "a number that wrote about 24 hours ago")
		}
		err := r.callBack(ctx, number, "", ago)
		if err == nil && ago < window {
			err = r.awaitWindow(ctx, number, "individual")
		}
		return number, err
	}
}

// group is a group in which somebody has written.
func (r *Remote) group(ctx context.Context) (string, error) {
	if r.Simulator == "" {
		return "", needsSimulator("group", "a group in which somebody wrote in the last 24 hours")
	}
	if err := r.callBack(ctx, defaultMember, defaultGroup, 0); err != nil {
		return "", err
	}
	return defaultGroup, r.awaitWindow(ctx, defaultGroup, "group")
}

// callBack lets the simulator call back a text that its phones cannot write: in
// a group, or of another time.
func (r *Remote) callBack(ctx context.Context, from, group string, ago time.Duration) error {
	if _, err := r.get(ctx, "source"); err != nil {
		return err
	}
	message := map[string]any{
		"from": from, "id": "wamid.conform." + string(wa.NewID[wa.MessageID]()), "type": "text", "text": map[string]string{"body": "hello"},
		"timestamp": strconv.FormatInt(time.Now().Add(-ago).Unix(), 10),
	}
	if group != "" {
		message["group_id"] = group
	}
	return r.control(ctx, http.MethodPost, "/callbacks", map[string]any{
		"waba_id": raw(r.first.WABAID), "field": "messages", "value": map[string]any{
			"messaging_product": "whatsapp",
			"metadata":          map[string]string{"display_phone_number": raw(r.first.Display), "phone_number_id": raw(r.first.NumberID)},
			"contacts":          []map[string]any{{"profile": map[string]string{"name": "Ada"}, "wa_id": from}},
			"messages":          []map[string]any{message},
		},
	}, nil)
}

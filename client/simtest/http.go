package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Error is a refusal of the control face. Text says what to do.
type Error struct {
	Status int // HTTP status
	Text   string
}

func (e *Error) Error() string {
	return fmt.Sprintf("the simulator says: %s (HTTP %d)", e.Text, e.Status)
}

func (s *Sim) get(ctx context.Context, path string, into any) error {
	return s.call(ctx, http.MethodGet, path, "", http.NoBody, into)
}

// send sends v as JSON; into may be nil.
func (s *Sim) send(ctx context.Context, method, path string, v, into any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", path, err)
	}
	return s.call(ctx, method, path, "application/json", bytes.NewReader(body), into)
}

func (s *Sim) call(ctx context.Context, method, path, contentType string, body io.Reader, into any) error {
	resp, err := s.do(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if into == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	} else {
		err = json.NewDecoder(resp.Body).Decode(into)
	}
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}

// do returns an answer with status 200, or an error. The caller closes the body.
func (s *Sim) do(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.ControlURL+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask the simulator: %w", err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the simulator: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var told struct {
		Error string `json:"error"`
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil || json.Unmarshal(text, &told) != nil {
		told.Error = string(text)
	}
	return nil, &Error{Status: resp.StatusCode, Text: told.Error}
}

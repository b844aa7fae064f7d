package waapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// success is the vendor's envelope; the order of the keys is the vendor's.
// Clients with strict readers fail on any key more.
type success struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
	Data    any    `json:"data,omitempty"`
}

// refusal is the vendor's envelope of a failure. It has no message at the top.
type refusal struct {
	Status string       `json:"status"`
	Error  refusalError `json:"error"`
}

type refusalError struct {
	// Code is a string in every reply of the vendor's. It is missing in one: the
	// lookup of somebody who has not opted in.
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// forbidden is the body for every kind of bad token, as the vendor sends it:
// another shape than every other failure.
const forbidden = `{"error":"Forbidden","message":"Access Denied","status":403}`

// retryAfter is what a 503 asks for. The store is back, or the process is
// restarted, within seconds.
const retryAfter = 5 * time.Second

// succeed answers 200: clients test for exactly that, never 201 or 202.
func succeed(w http.ResponseWriter, message string, data any) error {
	body, err := lenient.Encode(success{Status: "success", Message: message, Data: data})
	if err != nil {
		return fmt.Errorf("encode reply: %w", err)
	}
	write(w, http.StatusOK, body)
	return nil
}

// writeFailure answers an error; refused is the status of a request that was
// understood and refused.
func writeFailure(w http.ResponseWriter, refused int, err error) {
	if errors.Is(err, errForbidden) {
		write(w, http.StatusForbidden, []byte(forbidden))
		return
	}
	f := failure.Of(err)
	switch f.Status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	case http.StatusRequestEntityTooLarge:
		// The rest of the body is not worth reading.
		w.Header().Set("Connection", "close")
	}
	body, err := lenient.Encode(refusal{Status: "failure", Error: refusalError{Code: f.Code, Message: f.Message}})
	if err != nil {
		body = nil // two strings always encode
	}
	status := f.Status
	if status == http.StatusOK {
		status = refused
	}
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// An error means that the client is gone; what was accepted stays accepted.
	_, _ = w.Write(body)
}

package waapi

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/waapi/lenient"
)

// Limits of a JSON request. A send of 1,000 messages fits.
const (
	maxJSON     = 1 << 20
	jsonTimeout = 30 * time.Second
)

// readJSON reads the body and checks everything about it but what it says.
// The Content-Type is not looked at: clients send whatever their library does.
func readJSON(w http.ResponseWriter, r *http.Request) (lenient.Object, error) {
	data, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	return lenient.Parse(data)
}

// readBody reads the whole body of a JSON request.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := limited(w, r, maxJSON, jsonTimeout)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, unreadable(err)
	}
	// The deadline was for the body; if it passed while the request is worked
	// on, the server would take it for a client that is gone.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return data, nil
}

// limited returns the body with a limit on its size, and sets how long it may
// take to arrive.
func limited(w http.ResponseWriter, r *http.Request, size int64, timeout time.Duration) (io.ReadCloser, error) {
	// A compressed body is a bomb until proven otherwise, and no client sends one.
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, errEncoded
	}
	if r.ContentLength > size {
		return nil, errTooLarge
	}
	// Not every ResponseWriter has deadlines; the size limit holds without.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(timeout))
	return http.MaxBytesReader(w, r.Body, size), nil
}

// unreadable says why a body could not be read.
func unreadable(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTimeout
	}
	return errCut
}

package fault

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"
)

// badGateway is what a proxy answers when it does not reach what is behind it.
const badGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"

const pieces = 20 // of an answer that drips

// Answer is an answer that was about to be given.
type Answer struct {
	Status int
	Type   string // of the body
	Body   []byte
}

// Break gives an answer in the way that the action says. Waiting ends when the client has gone. Where the connection itself is to
// fail, it panics with [http.ErrAbortHandler], which a server takes for just that.
func Break(w http.ResponseWriter, r *http.Request, a Act, answer Answer) error {
	switch a.Do {
	case Refuse:
		panic(http.ErrAbortHandler)
	case Hang:
		pause(r.Context(), a.After)
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
		panic(http.ErrAbortHandler)
	case Gateway:
		return Answer{Status: http.StatusBadGateway, Type: "text/html", Body: []byte(badGateway)}.write(w)
	case Cut:
		answer.announce(w)
		_, _ = w.Write(answer.Body[:len(answer.Body)/2])
		flush(w)
		panic(http.ErrAbortHandler)
	case Drip:
		return answer.drip(w, r, a.After)
	case Slow:
		pause(r.Context(), a.After)
	}
	return answer.write(w)
}

func (a Answer) announce(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
}

func (a Answer) write(w http.ResponseWriter) error {
	a.announce(w)
	_, err := w.Write(a.Body)
	return err //nolint:wrapcheck // whoever gave the answer says what was lost
}

func (a Answer) drip(w http.ResponseWriter, r *http.Request, span time.Duration) error {
	a.announce(w)
	size := len(a.Body)/pieces + 1
	for body := a.Body; len(body) > 0; {
		piece := body[:min(size, len(body))]
		body = body[len(piece):]
		if _, err := w.Write(piece); err != nil {
			return err //nolint:wrapcheck // as in write
		}
		flush(w)
		pause(r.Context(), span/pieces)
	}
	return nil
}

// pause waits in real time, because the client on the other side does.
func pause(ctx context.Context, span time.Duration) {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// reset closes the connection so that the other side hears of a reset and not of an end, where the connection can be had.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetLinger(0)
	}
	_ = errors.Join(err, conn.Close())
}

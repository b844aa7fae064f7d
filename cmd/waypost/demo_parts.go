package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// parts are the things that run beside each other in a demo.
type parts struct {
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	errs    []error
	// failed receives the first failure of a part.
	failed chan error
}

func newParts(stop context.CancelFunc) *parts { return &parts{stop: stop, failed: make(chan error, 1)} }

// run starts a part that ends when the demo's context does.
func (p *parts) run(name string, do func() error) {
	p.running.Go(func() {
		if err := do(); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			p.mu.Lock()
			p.errs = append(p.errs, err)
			p.mu.Unlock()
			select {
			case p.failed <- err:
			default: // one is enough to end the demo
			}
		}
	})
}

// serve starts an HTTP server as a part.
func (p *parts) serve(ctx context.Context, name string, l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(stopped)
		// Whoever is still connected is the gateway, which is stopping too.
		_ = server.Close()
	})
	p.run(name, func() error {
		err := server.Serve(l)
		if errors.Is(err, http.ErrServerClosed) {
			<-stopped
			return nil
		}
		return err
	})
}

// end stops all parts and returns what went wrong in them.
func (p *parts) end() error {
	p.stop()
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.errs...)
}

func listenLoopback(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

// receiver is the demo's stand-in for the customer's own webhook receiver: POST
// takes an event, GET shows the last ones.
type receiver struct {
	url    string
	events chan received

	mu   sync.Mutex
	last []received
}

// received is one webhook as it came.
type received struct {
	At   time.Time       `json:"at"`
	Body json.RawMessage `json:"body"`
}

// keptEvents bounds what the receiver remembers.
const keptEvents = 1000

func startReceiver(ctx context.Context, p *parts) (*receiver, error) {
	l, err := listenLoopback(ctx)
	if err != nil {
		return nil, err
	}
	r := &receiver{url: httpURL(l) + "/webhook", events: make(chan received, keptEvents)}
	p.serve(ctx, "webhook receiver", l, r)
	return r, nil
}

// ServeHTTP implements [http.Handler].
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		r.show(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil || !json.Valid(body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.keep(received{At: time.Now(), Body: body})
}

// show writes the last webhooks, the oldest first.
func (r *receiver) show(w http.ResponseWriter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := json.Marshal(struct {
		Received []received `json:"received"`
	}{append([]received{}, r.last...)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // the client went away
}

func (r *receiver) keep(e received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = append(r.last, e)
	if len(r.last) > keptEvents {
		r.last = r.last[1:]
	}
	select {
	case r.events <- e:
	default: // nobody is watching
	}
}

package waapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
)

// caller is who makes a request.
type caller struct{ account wa.AccountID }

// served is what a request's log line tells.
type served struct {
	method  string
	route   string
	account wa.AccountID
}

// ServeHTTP answers one request, whatever becomes of it, and logs one line.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := s.now()
	a := &answer{ResponseWriter: w}
	a.Header().Set("X-Content-Type-Options", "nosniff")
	line := served{method: r.Method, route: "none"}

	err := s.serve(a, r, &line)
	cut := err != nil && a.status != 0
	if err != nil && !cut {
		writeFailure(a, s.failureStatus, err)
	}
	s.logServed(r.Context(), line, a.status, s.now().Sub(start), err)
	if cut {
		// Half an answer is out; only a broken connection tells the client.
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, line *served) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	if r.Method == http.MethodConnect {
		// A client that has us as its proxy, with an address of https.
		w.Header().Set("Allow", "")
		return errNoTunnel
	}
	rt, ok := find(s.table, r)
	if !ok {
		return errNoPath
	}
	line.route = rt.pattern
	h, ok := rt.handler(r.Method)
	if !ok && rt.methods != nil {
		w.Header().Set("Allow", rt.allow())
		return errNoMethod
	}
	// Before the body is read: whoever has no token costs us a header.
	account, err := s.authenticate(r)
	if err != nil {
		return err
	}
	line.account = account
	if rt.methods == nil {
		return errNotProvided
	}
	return h(w, r, caller{account: account})
}

// authenticate returns the account of the request's token. Whatever is wrong
// with the token, the answer is the same.
func (s *Server) authenticate(r *http.Request) (wa.AccountID, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", errForbidden
	}
	// The vendor refuses a token without the word Bearer, too.
	words := strings.FieldsFunc(values[0], func(c rune) bool { return c == ' ' || c == '\t' })
	if len(words) != 2 || !strings.EqualFold(words[0], "Bearer") {
		return "", errForbidden
	}
	hash, ok := wa.ParseToken(words[1])
	if !ok {
		return "", errForbidden
	}
	account, err := s.accounts.Authenticate(r.Context(), hash)
	if wa.CodeOf(err) == wa.CodeUnauthorized {
		return "", errForbidden
	}
	return account, err
}

func panicked(p any) error { return wa.Recovered(p) }

func (s *Server) logServed(ctx context.Context, line served, status int, took time.Duration, err error) {
	if !slices.Contains(knownMethods(), line.method) {
		line.method = "other"
	}
	level, outcome, code := slog.LevelInfo, "success", ""
	attrs := []slog.Attr{
		slog.String("method", line.method), slog.String("route", line.route), slog.Int("status", status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.String("account", string(line.account)),
	}
	if err != nil {
		f := failure.Of(err)
		outcome, code = "failure", f.Code
		switch {
		case ctx.Err() != nil:
			outcome = "cancelled"
		case f.Status == http.StatusServiceUnavailable:
			level = slog.LevelWarn
		case f.Status == http.StatusInternalServerError:
			level = slog.LevelError
		}
		// What the client was told is in its code; the cause is for us.
		if f.Err != nil {
			attrs = append(attrs, slog.String("err", f.Err.Error()))
		}
		if p, ok := errors.AsType[*wa.Panic](err); ok {
			attrs = append(attrs, slog.String("stack", p.Stack))
		}
	}
	attrs = append(attrs, slog.String("outcome", outcome), slog.String("code", code))
	s.log.LogAttrs(ctx, level, "request served", attrs...)
}

func knownMethods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
}

// answer remembers the status that went out, for the log line.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(b)
}

// ReadFrom lets a media go from file to socket without passing through us.
func (a *answer) ReadFrom(src io.Reader) (int64, error) {
	a.begin()
	return io.Copy(a.ResponseWriter, src)
}

// begin answers 200 unless a status is out.
func (a *answer) begin() {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

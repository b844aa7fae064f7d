package webhook

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/safehttp"
	"github.com/waypost/waypost/internal/wa"
)

func TestAPrivateAddressIsRefusedAndTheReasonNamesTheSetting(t *testing.T) {
	for _, address := range []string{
		"http://127.0.0.1:8080/", "http://10.1.2.3/", "http://[::1]/", "http://169.254.169.254/latest/", "http://168.63.129.16/",
	} {
		t.Run(address, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				b.client = safehttp.NewClient(safehttp.Options{Timeout: timeout, Setting: setting})
				b.put(b.account, address, nil)
				b.wrote("hello", "15550100001")
				b.start()
				got := b.deliveries()[0]
				host := must(url.Parse(address))(t).Hostname()
				if got.State != "due" || got.Status != 0 || !strings.Contains(got.Reason, setting) || !strings.Contains(got.Reason, host) {
					t.Errorf("kept %+v, want a reason that names %s and %s", got, host, setting)
				}
				if !strings.Contains(b.log.String(), setting) {
					t.Errorf("the operator is not told: %s", b.log)
				}
			})
		})
	}
}

// The canaries of a customer.
const (
	canaryQuery  = "canary-query"
	canaryPath   = "canary-path"
	canaryHeader = "canary-header"
	canaryText   = "canary text"
	canaryPhone  = "15559876543"
)

// echo is an endpoint that gives back what it got, in each place in which a
// client may quote an answer in an error.
func echo(r *http.Request) string { return fmt.Sprint(r.URL, " ", r.Header, " ", canaryText) }

func TestNothingSecretOrPrivateIsLoggedOrKeptAsTheReason(t *testing.T) {
	hosts := map[string]func(http.ResponseWriter, *http.Request){
		"ok": func(http.ResponseWriter, *http.Request) {},
		"error": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, echo(r), http.StatusInternalServerError)
		},
		"redirect to nowhere": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://[bad/"+echo(r))
			w.WriteHeader(http.StatusFound)
		},
		"timeout": slow(time.Hour),
		"quoted error": func(_ http.ResponseWriter, r *http.Request) {
			panic(fmt.Errorf("malformed HTTP response %q", echo(r)))
		},
		"nested error": func(_ http.ResponseWriter, r *http.Request) {
			panic(&url.Error{Op: "Post", URL: r.URL.String(), Err: &url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New(echo(r))}})
		},
		"unknown name": func(_ http.ResponseWriter, r *http.Request) {
			panic(&net.DNSError{Err: "no such host " + echo(r), Name: r.Host})
		},
	}
	for name, handle := range hosts {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, handle)
				b.put(b.account, "https://acme.example/"+canaryPath+"?key="+canaryQuery, map[string]wa.Secret{
					"Authorization": wa.NewSecret("Bearer " + canaryHeader),
				})
				b.wrote(canaryText, canaryPhone)
				b.start()
				time.Sleep(time.Minute)
				synctest.Wait()
				b.checkCanaries()
			})
		})
	}
}

// The same with a real connection, because it is net/http that words the errors:
// a server that speaks no HTTP has its first line quoted.
func TestAServerThatSpeaksNoHTTPIsNotQuoted(t *testing.T) {
	ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			n, _ := conn.Read(buf)
			_, _ = conn.Write(append([]byte("no HTTP: "), buf[:n]...))
			_ = conn.Close()
		}
	}()
	b := newBench(t, nil)
	b.client = &http.Client{Timeout: timeout}
	defer b.client.CloseIdleConnections()
	b.put(b.account, "http://"+ln.Addr().String()+"/"+canaryPath+"?key="+canaryQuery, map[string]wa.Secret{
		"Authorization": wa.NewSecret("Bearer " + canaryHeader),
	})
	b.wrote(canaryText, canaryPhone)
	d := b.dispatcher(0)
	for _, v := range must(b.db.ClaimDeliveries(t.Context(), 10, lease, nil))(t) {
		d.deliver(t.Context(), job{v, time.Now().Add(lease)})
	}
	b.checkCanaries()
	if got := b.deliveries()[0]; got.Attempts != 1 || got.State != "due" {
		t.Errorf("kept %+v", got)
	}
}

// checkCanaries looks for them in the log and in what is kept of the attempts.
func (b *bench) checkCanaries() {
	b.Helper()
	lines := b.log.lines(b, "delivery attempted")
	if len(lines) == 0 || len(lines) != strings.Count(b.log.String(), "\n") {
		b.Errorf("want one line for each attempt and no other:\n%s", b.log)
	}
	for _, canary := range []string{canaryQuery, canaryPath, canaryHeader, canaryText, canaryPhone} {
		if strings.Contains(b.log.String(), canary) {
			b.Errorf("%s is in the log:\n%s", canary, b.log)
		}
		for _, k := range b.deliveries() {
			if strings.Contains(k.Reason, canary) {
				b.Errorf("%s is in the reason: %s", canary, k.Reason)
			}
		}
	}
	for _, line := range lines {
		for _, key := range []string{"event_id", "endpoint_id", "attempt", "done", "status", "duration_ms"} {
			if _, ok := line[key]; !ok {
				b.Errorf("a line has no %s: %v", key, line)
			}
		}
	}
}

func TestACertificateThatIsNotValidIsSaidSo(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.StartTLS()
	defer server.Close()
	b := newBench(t, nil)
	b.client = &http.Client{Timeout: timeout}
	defer b.client.CloseIdleConnections()
	b.put(b.account, server.URL, nil)
	b.wrote("hello", "15550100001")
	d := b.dispatcher(0)
	v := must(b.db.ClaimDeliveries(t.Context(), 1, lease, nil))(t)[0]
	if got := d.attempt(t.Context(), v); got.Reason != "the certificate of the endpoint is not valid" {
		t.Errorf("the reason is %q", got.Reason)
	}
}

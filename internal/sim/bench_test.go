package sim_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

// constant answers every send with the same bytes: what a simulator costs that does nothing.
func constant(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = io.WriteString(w, `{"messaging_product":"whatsapp","contacts":[{"input":"15550100900","wa_id":"15550100900"}],"messages":[{"id":"wamid.x"}]}`)
}

// yes is a receiver that takes everything.
type yes struct{}

func (yes) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, err
}

// running is a calm simulator that posts its callbacks to a receiver in this process.
func running(b *testing.B) *sim.Sim {
	s := start(b, sim.Options{
		GraphURL: graphBase, Dir: b.TempDir(), Seed: 7, Client: &http.Client{Transport: yes{}},
		Numbers:  []sim.Number{{ID: numberID, WABAID: "900001", Display: display, AccessToken: token}},
		Callback: sim.Callback{URL: "http://gateway.test/callback", VerifyToken: "verify", AppSecret: secret},
	})
	for user := range 1000 {
		if _, err := s.Say(b.Context(), sim.Inbound{From: fmt.Sprintf("1556%07d", user), Text: "hello"}); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkSend measures sends of texts to a thousand users over loopback, with their callbacks, against a handler that answers a
// constant. The rate has to be 5,000 a second on two cores; the ratio of the two is what the simulator itself costs.
func BenchmarkSend(b *testing.B) {
	for _, tt := range []struct {
		name string
		h    func(b *testing.B) http.Handler
	}{
		{"constant", func(*testing.B) http.Handler { return http.HandlerFunc(constant) }},
		{"simulator", func(b *testing.B) http.Handler { return running(b).Graph() }},
	} {
		b.Run(tt.name+"/network", func(b *testing.B) { overNetwork(b, tt.h(b)) })
		b.Run(tt.name+"/handler", func(b *testing.B) {
			h := tt.h(b)
			b.ReportAllocs()
			defer perSend(b)()
			for i := 0; b.Loop(); i++ {
				if status := sendDirectly(b.Context(), h, textTo(fmt.Sprintf("1556%07d", i%1000), "hello")); status != http.StatusOK && status != 0 {
					b.Fatal(status)
				}
			}
		})
	}
}

func overNetwork(b *testing.B, h http.Handler) {
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, MaxIdleConnsPerHost: 64}}
	b.SetParallelism(16)
	b.ResetTimer()
	defer perSend(b)()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			body := textTo(fmt.Sprintf("1556%07d", i%1000), "hello")
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL+"/v23.0/"+numberID+"/messages", strings.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(r)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Fatal(resp.StatusCode)
			}
		}
	})
}

// perSend reports the rate, and the work of all cores for one send, which a busy machine changes less.
func perSend(b *testing.B) (done func()) {
	work := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := work()
	return func() {
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
		b.ReportMetric(float64((work()-before).Microseconds())/float64(b.N), "cpu-µs/send")
	}
}

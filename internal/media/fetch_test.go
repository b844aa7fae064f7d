package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// receive lets a media come in as the inbox does, and returns its id from the
// event that the customer gets.
func (f *fixture) receive(in wa.InboundMedia, at time.Time) wa.MediaID {
	f.t.Helper()
	ctx := f.t.Context()
	_, err := f.store.PutEndpoint(ctx, wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: f.account, Kind: wa.EventIncoming, URL: "https://example.com", CreatedAt: at,
	})
	check(f.t, err)
	check(f.t, f.store.KeepCallback(ctx, wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: at, Body: []byte("{}")}))
	callbacks, err := f.store.ClaimCallbacks(ctx, 1, time.Minute)
	check(f.t, err)
	update := wa.Update{NumberID: testNumber, Inbound: &wa.Inbound{
		WAMID: "wamid." + in.MetaID, NumberID: testNumber, From: "919999999999", At: at, Type: "audio", Media: &in,
	}}
	check(f.t, f.store.SettleCallback(ctx, callbacks[0], []wa.AccountUpdates{{AccountID: f.account, Updates: []wa.Update{update}}}))
	deliveries, err := f.store.ClaimDeliveries(ctx, 1, time.Hour, nil)
	check(f.t, err)
	return deliveries[0].Event.Inbound.Media.ID
}

// run fetches until the test ends or stop is called.
func (f *fixture) run() (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	f.t.Cleanup(stop)
	return stop
}

func of(data []byte) wa.Download {
	return wa.Download{Body: io.NopCloser(bytes.NewReader(data)), MIMEType: "audio/ogg", Size: int64(len(data))}
}

func voiceNote(data []byte) wa.InboundMedia {
	sum := sha256.Sum256(data)
	return wa.InboundMedia{
		MetaID: "555", Kind: wa.KindAudio, MIMEType: "audio/ogg; codecs=opus", SHA256: base64.StdEncoding.EncodeToString(sum[:]),
		Filename: "../a\u202e.ogg",
	}
}

func TestOpenWaitsForTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		data := oggOf("OpusHead")
		f.meta.download = func(_ context.Context, metaID string) (wa.Download, error) {
			if metaID != "555" {
				t.Errorf("asked for %q", metaID)
			}
			time.Sleep(3 * time.Second)
			return of(data), nil
		}
		f.run()
		id := f.receive(voiceNote(data), time.Now())
		began := time.Now()
		m, got, err := f.read(id)
		check(t, err)
		if took := time.Since(began); took > 6*time.Second || !bytes.Equal(got, data) {
			t.Errorf("it took %s and %d bytes came", took, len(got))
		}
		if m.MIMEType != "audio/ogg; codecs=opus" || m.State != wa.MediaReady || m.Size != int64(len(data)) ||
			m.Filename != "a.ogg" || m.Kind != wa.KindAudio {
			t.Errorf("got %+v", m)
		}
	})
}

func TestOpenGivesUpWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		id := f.receive(voiceNote([]byte("x")), time.Now())
		began := time.Now()
		_, _, err := f.read(id)
		if took := time.Since(began); wa.CodeOf(err) != wa.CodeUnavailable || took != 10*time.Second {
			t.Errorf("got %v after %s, want unavailable after 10s", err, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = f.Open(ctx, f.account, id)
		if took := time.Since(began); wa.CodeOf(err) != wa.CodeUnavailable || took != 11*time.Second {
			t.Errorf("got %v after %s, want unavailable with the context", err, took)
		}
		_, err = f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, id)
		if e, ok := errors.AsType[*wa.OutcomeError](err); !ok || e.Outcome.Kind != wa.OutcomeLater {
			t.Errorf("meta id: got %v, want later", err)
		}
	})
}

func TestMediaWithAnotherHashIsNeverServed(t *testing.T) {
	announced := []byte("what the person sent")
	other := sha256.Sum256([]byte("something else"))
	tests := []struct {
		name string
		in   wa.InboundMedia
		d    wa.Download
	}{
		{"by the callback", voiceNote(announced), of([]byte("what somebody put in"))},
		{"by the answer", wa.InboundMedia{MetaID: "555", Kind: wa.KindAudio}, func() wa.Download {
			d := of(announced)
			d.SHA256 = hex.EncodeToString(other[:])
			return d
		}()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				f.meta.download = func(context.Context, string) (wa.Download, error) { return tt.d, nil }
				f.run()
				id := f.receive(tt.in, time.Now())
				if _, _, err := f.read(id); wa.CodeOf(err) != wa.CodeNotFound {
					t.Errorf("got %v, want not found", err)
				}
				f.wantNothingStored()
				synctest.Wait()
				if got, want := f.log.outcomes(), []string{"ERROR lost"}; !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
				_, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, id)
				if e, ok := errors.AsType[*wa.OutcomeError](err); !ok || e.Outcome.Kind != wa.OutcomeRejected {
					t.Errorf("meta id: got %v, want rejected", err)
				}
			})
		})
	}
}

func TestFetchIsTriedAgainAfterGrowingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		data := oggOf("OpusHead")
		began := time.Now()
		var tries []time.Duration
		f.meta.download = func(context.Context, string) (wa.Download, error) {
			tries = append(tries, time.Since(began))
			switch len(tries) {
			case 1:
				return wa.Download{}, errors.New("no way to the host")
			case 2: // cut, and nobody said so but the size
				d := of(data[:20])
				d.Size = int64(len(data))
				return d, nil
			case 3:
				return wa.Download{Body: io.NopCloser(&cut{data[:20]}), Size: -1}, nil
			case 4:
				return wa.Download{}, &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeLater, After: time.Minute}}
			}
			return of(data), nil
		}
		f.run()
		id := f.receive(voiceNote(data), began)
		time.Sleep(10 * time.Minute)
		if _, _, err := f.read(id); err != nil {
			t.Errorf("after 10 minutes: %v", err)
		}
		if len(tries) != 5 {
			t.Fatalf("got tries at %v, want 5", tries)
		}
		for i, atLeast := range []time.Duration{1500 * time.Millisecond, 3 * time.Second, 6 * time.Second, time.Minute} {
			wait := tries[i+1] - tries[i]
			if most := atLeast*4/3 + fetchPoll; wait < atLeast || wait > most {
				t.Errorf("wait %d is %s, want %s to %s", i+1, wait, atLeast, most)
			}
		}
	})
}

func TestMediaIsLostWhenMetaForgetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.meta.download = func(context.Context, string) (wa.Download, error) { return wa.Download{}, errors.New("gone") }
		id := f.receive(voiceNote([]byte("x")), time.Now().Add(-fetchFor+10*time.Minute))
		f.run()
		time.Sleep(9 * time.Minute)
		if m, err := f.Stat(t.Context(), f.account, id); err != nil || m.State != wa.MediaPending {
			t.Errorf("a minute before: %s, %v", m.State, err)
		}
		time.Sleep(longestWait)
		if m, err := f.Stat(t.Context(), f.account, id); err != nil || m.State != wa.MediaLost {
			t.Errorf("afterwards: %s, %v", m.State, err)
		}
		got := f.log.outcomes()
		if len(got) < 3 || got[0] != "WARN again" || got[len(got)-1] != "ERROR lost" {
			t.Errorf("got %v, want warnings and one loss", got)
		}
	})
}

func TestInboundOverTheCapIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		endless := &generated{size: 1 << 40}
		f.meta.download = func(context.Context, string) (wa.Download, error) {
			return wa.Download{Body: io.NopCloser(endless), Size: -1}, nil
		}
		id := f.receive(wa.InboundMedia{MetaID: "555", Kind: wa.KindDocument}, time.Now())
		f.run()
		time.Sleep(fetchPoll)
		if m, err := f.Stat(t.Context(), f.account, id); err != nil || m.State != wa.MediaLost || endless.read != maxInbound+1 {
			t.Errorf("got %s, %v after %d bytes", m.State, err, endless.read)
		}
		f.wantNothingStored()
	})
}

func TestStopBreaksAFetchOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		data := oggOf("OpusHead")
		block := true
		f.meta.download = func(ctx context.Context, _ string) (wa.Download, error) {
			if block {
				<-ctx.Done()
				return wa.Download{}, ctx.Err()
			}
			return of(data), nil
		}
		id := f.receive(voiceNote(data), time.Now())
		stop := f.run()
		time.Sleep(time.Second)
		before := time.Now()
		stop()
		if took := time.Since(before); took != 0 {
			t.Errorf("the stop took %s", took)
		}
		block = false
		f.run()
		if _, _, err := f.read(id); err != nil || time.Since(before) != 0 {
			t.Errorf("the next start: %v after %s, want it at once", err, time.Since(before))
		}
	})
}

func TestMediaDeletedWhileItIsFetchedLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		data := oggOf("OpusHead")
		f.meta.download = func(context.Context, string) (wa.Download, error) {
			time.Sleep(5 * time.Second)
			return of(data), nil
		}
		id := f.receive(voiceNote(data), time.Now())
		f.run()
		time.Sleep(time.Second)
		var reader sync.WaitGroup
		reader.Go(func() {
			began := time.Now()
			if _, _, err := f.read(id); wa.CodeOf(err) != wa.CodeNotFound || time.Since(began) != time.Second {
				t.Errorf("who waits gets %v after %s, want not found with the delete", err, time.Since(began))
			}
		})
		time.Sleep(time.Second)
		check(t, f.Delete(t.Context(), f.account, id))
		reader.Wait()
		time.Sleep(time.Minute)
		f.wantNothingStored()
		if got, want := f.log.outcomes(), []string{"INFO lapsed"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestMediaWithoutAnIDIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		id := f.receive(wa.InboundMedia{Kind: wa.KindImage}, time.Now())
		f.run()
		if _, _, err := f.read(id); wa.CodeOf(err) != wa.CodeNotFound {
			t.Errorf("got %v, want not found", err)
		}
	})
}

func TestManyInboundMediaOfTheSameBytesShareThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		data := oggOf("OpusHead")
		f.meta.download = func(context.Context, string) (wa.Download, error) { return of(data), nil }
		f.run()
		for i := range 20 {
			in := voiceNote(data)
			in.MetaID = fmt.Sprint(600 + i)
			if _, _, err := f.read(f.receive(in, time.Now())); err != nil {
				t.Errorf("media %d: %v", i, err)
			}
		}
		if n := len(f.files()); n != 1 {
			t.Errorf("got %d files, want 1", n)
		}
	})
}

func TestServedType(t *testing.T) {
	tests := []struct{ said, want string }{
		{"audio/ogg; codecs=opus", "audio/ogg; codecs=opus"},
		{"image/jpeg", "image/jpeg"},
		{"IMAGE/GIF", "image/gif"},
		{"text/csv", "text/csv"},
		{"text/html", "application/octet-stream"},
		{"text/html; charset=utf-8", "application/octet-stream"},
		{"image/svg+xml", "application/octet-stream"},
		{"application/xhtml+xml", "application/octet-stream"},
		{"text/javascript", "application/octet-stream"},
		{"application/x-msdownload", "application/octet-stream"},
		{"audio/ogg\r\nSet-Cookie: a=b", "application/octet-stream"},
		{"image/jpeg; a=\"x\r\ny\"", "application/octet-stream"},
		{"", "application/octet-stream"},
	}
	for _, tt := range tests {
		t.Run(tt.said, func(t *testing.T) {
			if got := servedType(tt.said); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

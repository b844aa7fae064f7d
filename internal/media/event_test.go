package media

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// events ends the test unless there are so many events of a media.
func (f *fixture) events(id wa.MediaID, want int) []wa.Event {
	f.t.Helper()
	got, err := f.store.MediaEvents(f.t.Context(), f.account, id)
	check(f.t, err)
	if len(got) != want {
		f.t.Fatalf("%d events, want %d: %+v", len(got), want, got)
	}
	return got
}

func TestOneEventTellsThatAReceivedMediaIsHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		data := oggOf("OpusHead")
		fails := 3
		f.meta.download = func(context.Context, string) (wa.Download, error) {
			if fails--; fails >= 0 {
				return wa.Download{}, errors.New("no line")
			}
			return of(data), nil
		}
		stop := f.run()
		id := f.receive(voiceNote(data), time.Now())
		time.Sleep(3 * time.Second)
		f.events(id, 0)
		stop() // between two tries
		f.Library = New(f.o)
		stop = f.run()
		time.Sleep(5 * time.Minute)
		stop()
		f.Library = New(f.o)
		f.run()
		time.Sleep(5 * time.Minute)
		m, _, err := f.read(id)
		check(t, err)
		want := wa.MediaReport{
			MediaID: id, WAMID: "wamid.555", NumberID: testNumber, State: wa.MediaReady, MIMEType: "audio/ogg; codecs=opus",
			SHA256: m.SHA256, Size: int64(len(data)),
		}
		if e := f.events(id, 1)[0]; e.Kind != wa.EventMedia || e.Media == nil || *e.Media != want {
			t.Errorf("got %+v with %+v, want %+v", e, e.Media, want)
		}
	})
}

func TestOneEventTellsThatAReceivedMediaIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.meta.download = func(context.Context, string) (wa.Download, error) { return of([]byte("something else")), nil }
		f.run()
		id := f.receive(voiceNote([]byte("what was sent")), time.Now())
		time.Sleep(5 * time.Minute)
		if e := f.events(id, 1)[0]; e.Media == nil || e.Media.State != wa.MediaLost || e.Media.SHA256 != "" || e.Media.WAMID != "wamid.555" {
			t.Errorf("got %+v with %+v", e, e.Media)
		}
	})
}

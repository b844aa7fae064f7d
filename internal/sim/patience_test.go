package sim

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPatienceEndsAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const one, other = "http://one.test", "http://other.test"
		p := &patience{silent: map[string]time.Time{}}
		want := func(when, url string, within time.Duration) {
			t.Helper()
			if got := p.with(url); got != within {
				t.Errorf("%s it may take %s, want %s", when, got, within)
			}
		}
		want("at first", one, 2*time.Second)
		p.note(one, true, nil)
		want("once it was silent", one, 0)
		want("beside one that was silent", other, 2*time.Second)
		p.note(one, false, errSilent)
		time.Sleep(time.Second)
		want("a second later", one, 100*time.Millisecond)
		p.note(one, true, nil)
		want("silent again", one, 0)
		time.Sleep(time.Second)
		p.note(one, false, nil)
		want("back", one, 2*time.Second)
		p = nil
		p.note(one, true, nil)
		want("while nobody moves the clock", one, 10*time.Second)
	})
}

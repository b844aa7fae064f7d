package sim_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

// silent is a receiver that never answers.
type silent struct{ asked int }

func (r *silent) RoundTrip(req *http.Request) (*http.Response, error) {
	r.asked++
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestSilentReceiverHoldsUpTheClockOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &silent{}
		s := stage(t, func(o *sim.Options) { o.Client = &http.Client{Transport: r} })
		for range 20 {
			say(t, s, "hello")
			send(t, s, "hi")
		}
		begin := time.Now()
		check(t, s.Advance(t.Context(), 7*24*time.Hour))
		if took := time.Since(begin); took < 2*time.Second || took > 3*time.Second || r.asked == 0 {
			t.Errorf("a week took %s", took)
		}
		if rules := s.Ledger().Counts().Broken; len(rules) != 0 {
			t.Errorf("it is blamed for what it had no time to do: %v", rules)
		}
	})
}

func TestReceiverThatIsBackIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		s := stage(t, func(o *sim.Options) {
			o.Client = &http.Client{Transport: answering(func(req *http.Request) (*http.Response, error) {
				if down {
					<-req.Context().Done()
					return nil, req.Context().Err()
				}
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
			})}
		})
		say(t, s, "hello")
		check(t, s.Advance(t.Context(), time.Second))
		if s.Callbacks()[0].Outcome != "pending" {
			t.Fatalf("%+v", s.Callbacks())
		}
		down = false
		check(t, s.Advance(t.Context(), time.Hour))
		if s.Callbacks()[0].Outcome != "delivered" {
			t.Errorf("%+v", s.Callbacks())
		}
	})
}

// answering is a receiver that does what it says.
type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestResetEndsAMoveOfTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage(t, func(o *sim.Options) { o.Client = &http.Client{Transport: &silent{}} })
		say(t, s, "hello")
		moved := make(chan error, 2)
		for range cap(moved) { // the second waits for its turn
			go func() { moved <- s.Advance(t.Context(), time.Hour) }()
		}
		synctest.Wait()
		begin := time.Now()
		check(t, s.Reset(t.Context()))
		for range cap(moved) {
			if err := <-moved; err == nil || !strings.Contains(err.Error(), "the simulator was reset") {
				t.Errorf("the move ended with %v", err)
			}
		}
		if took := time.Since(begin); took != 0 || len(s.Callbacks()) != 0 {
			t.Errorf("it took %s and left %+v", took, s.Callbacks())
		}
		check(t, s.Advance(t.Context(), time.Hour))
	})
}

func TestResetAndMovesEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		s := stage(t, func(o *sim.Options) {
			o.Client = &http.Client{Transport: answering(func(*http.Request) (*http.Response, error) {
				<-stuck // and not even a context helps
				return nil, errors.New("it was stuck")
			})}
		})
		say(t, s, "hello")
		moved := make(chan error, 1)
		go func() { moved <- s.Advance(t.Context(), time.Hour) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Advance(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("move: %v", err)
		}
		if err := s.Reset(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("reset: %v", err)
		}
		close(stuck)
		<-moved
	})
}

func TestResetGivesTheSameRunAgain(t *testing.T) {
	s := stage(t, func(*sim.Options) {})
	control(t, s, http.MethodPut, "/_sim/scripts", `{"scripts":[{"times":1,"answer":[{"text":"yes"},{"after":"2h","text":"late"}]}]}`)
	play := func() string {
		t.Helper()
		check(t, s.SetTime(t.Context(), day0()))
		var told []string
		note := func(method, path, body string) { told = append(told, path, manage(t, s, method, path, body)) }
		say(t, s, "hello")
		send(t, s, "hi")
		check(t, s.Advance(t.Context(), time.Minute)) // before the phone is blocked
		told = append(told, uploadFile(t, s, "image/png", []byte("png")), control(t, s, http.MethodGet, "/templates", ""))
		told = append(told, control(t, s, http.MethodPost, "/templates", `{"name":"mine","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"Hi"}]}`))
		for _, template := range templatesOf(t, s) {
			told = append(told, control(t, s, http.MethodPost, "/templates/"+template+"/pause", ""))
		}
		note("POST", numberID+"/message_qrdls", `{"prefilled_message":"Hi"}`)
		note("POST", numberID+"/groups", envelope(`"subject":"Friends"`))
		note("POST", numberID+"/whatsapp_business_profile", envelope(`"about":"open"`))
		note("POST", numberID+"/block_users", envelope(`"block_users":[{"user":"`+user+`"}]`))
		check(t, s.Advance(t.Context(), time.Hour))
		data, err := json.Marshal(s.Snapshot().Snapshot)
		check(t, err)
		return strings.Join(append(told, control(t, s, http.MethodGet, "/_sim/scripts", ""), control(t, s, http.MethodGet, "/groups", ""), string(data)), "\n")
	}
	first := play()
	if !strings.Contains(first, `"answered":1`) || !strings.Contains(first, "PAUSED") {
		t.Fatalf("it does not do what is to be forgotten: %s", first)
	}
	check(t, s.Reset(t.Context()))
	for path, want := range map[string]string{
		numberID + "/block_users": `{"data":[]}`, numberID + "/message_qrdls": `{"data":[]}`,
	} {
		if got := manage(t, s, "GET", path, ""); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := manage(t, s, "GET", numberID+"/whatsapp_business_profile", ""); strings.Contains(got, "open") {
		t.Errorf("profile: %s", got)
	}
	if got := control(t, s, http.MethodGet, "/groups", ""); strings.Contains(got, "Friends") {
		t.Errorf("groups: %s", got)
	}
	check(t, s.Advance(t.Context(), 3*time.Hour))
	if left := s.Phones(); len(left) != 0 {
		t.Errorf("a script went on: %+v", left)
	}
	if again := play(); again != first {
		t.Errorf("after a reset the same requests gave\n%s\nand not\n%s", again, first)
	}
}

// templatesOf lists the ids of the templates.
func templatesOf(t *testing.T, s *sim.Sim) (ids []string) {
	t.Helper()
	var page struct{ Templates []struct{ ID string } }
	check(t, json.Unmarshal([]byte(control(t, s, http.MethodGet, "/templates", "")), &page))
	for _, one := range page.Templates {
		ids = append(ids, one.ID)
	}
	return ids
}

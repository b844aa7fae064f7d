package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deaths is how often the gateway is killed in the middle of a message.
const deaths = 50

// TestKilledAnywhereAMessageIsSentOnce kills the real binary with SIGKILL
// between every two steps of a message's way, starts it again, and expects the
// message at Meta exactly once and all of its statuses at the webhook.
func TestKilledAnywhereAMessageIsSentOnce(t *testing.T) {
	r := newRig(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	places := []string{
		"accepted", "upload arrives", "upload done", "upload answered", "send done", "send answered",
		"callback leaves", "callback answered", "webhook arrives", "webhook answered", "some time",
	}
	for i := range deaths {
		place := places[i%len(places)]
		caption := fmt.Sprintf("order-%d", i)
		// One person gets no more than two, or they would wait for the rate of the pair.
		phone := fmt.Sprintf("1555010%04d", 1000+i/2)
		r.helloFrom(phone)
		media := r.upload(document(caption))
		known, dead := make(chan struct{}), make(chan struct{})
		if place != "accepted" && place != "some time" {
			r.points.at(place, func() { <-known; r.kill(); close(dead) })
		}
		id := r.sendTo(phone, media, caption)
		close(known)
		switch place {
		case "accepted":
			r.kill()
		case "some time":
			<-time.After(time.Duration(random.Int64N(int64(60 * time.Millisecond))))
			r.kill()
		default:
			wait(t, place, dead)
		}
		r.restart()
		r.awaitRead(id)
		if n := r.sends(caption); n != 1 {
			t.Fatalf("killed at %q (run %d): Meta took the message %d times, want once", place, i, n)
		}
	}
	if n := len(r.meta.Sends()); n != deaths {
		t.Errorf("Meta took %d messages, want %d", n, deaths)
	}
}

// TestKilledWithoutEvidenceAMessageIsDoubled is the control: with the marks
// taken away that tell what has left the process, the same kill must double the
// message, or the test above proves nothing.
func TestKilledWithoutEvidenceAMessageIsDoubled(t *testing.T) {
	r := newRig(t)
	media := r.upload(document("control"))
	known, dead := make(chan struct{}), make(chan struct{})
	r.points.at("send done", func() { <-known; r.kill(); close(dead) })
	// No status may tell the gateway first that Meta has the message.
	r.points.deaf.Store(true)
	id := r.send(media, "control")
	close(known)
	wait(t, "send done", dead)
	wire := filepath.Join(r.data, "wire")
	data, err := os.ReadFile(wire)
	if err != nil {
		t.Fatal(err)
	}
	const header = 128
	clear(data[header:])
	if err := os.WriteFile(wire, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r.points.at("send done", func() { r.points.deaf.Store(false) })
	r.restart()
	r.awaitRead(id)
	if n := r.sends("control"); n != 2 {
		t.Errorf("Meta took the message %d times, want 2: the control did not fail", n)
	}
}

// TestKilledWhileTheRequestIsOnItsWayAMessageIsNotSentAgain: the request left,
// but Meta never got it. Nobody on this side can know, so it must stay
// uncertain.
func TestKilledWhileTheRequestIsOnItsWayAMessageIsNotSentAgain(t *testing.T) {
	r := newRig(t)
	media := r.upload(document("lost"))
	known, dead := make(chan struct{}), make(chan struct{})
	r.points.at("send arrives", func() {
		<-known // the request is still being answered
		r.kill()
		close(dead)
		panic(http.ErrAbortHandler) // the request is lost: Meta never sees it
	})
	r.send(media, "lost")
	close(known)
	wait(t, "send arrives", dead)
	r.restart()
	// A message that was accepted later goes out before it would.
	r.awaitRead(r.send(r.upload(document("next")), "next"))
	if n := r.sends("lost"); n != 0 {
		t.Errorf("Meta took the message %d times, want 0", n)
	}
	if !strings.Contains(r.process.log.String(), "uncertain=1") {
		t.Errorf("the start does not speak of an uncertain message:\n%s", r.process.log.String())
	}
}

// TestOnlyOneProcessServesFromADirectory: a second one says what to do, and
// commands work beside the first.
func TestOnlyOneProcessServesFromADirectory(t *testing.T) {
	r := newRig(t)
	out, err := exec.Command(r.binary, "serve", "--data", r.data, "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another waypost serves from") {
		t.Errorf("the second process: %v\n%s", err, out)
	}
	r.waypost("account", "create", "second shop")
	r.process.cmd.Process.Signal(os.Interrupt)
	wait(t, "the end", r.process.done)
	if log := r.process.log.String(); r.process.err != nil || !strings.Contains(log, "gateway stopping") {
		t.Errorf("the first process ended with %v:\n%s", r.process.err, log)
	}
}

// TestStopFinishesWhatHasBegun: a stop in the middle of a send lets it end, and
// the next start goes on where the first ended.
func TestStopFinishesWhatHasBegun(t *testing.T) {
	r := newRig(t)
	media := r.upload(document("stop"))
	stopped := make(chan error, 1)
	asked := make(chan struct{})
	r.points.at("send arrives", func() {
		r.process.cmd.Process.Signal(syscall.SIGTERM)
		close(asked)
	})
	id := r.send(media, "stop")
	wait(t, "send arrives", asked)
	go func() { <-r.process.done; stopped <- r.process.err }()
	select {
	case err := <-stopped:
		if err != nil {
			t.Fatalf("the gateway ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the gateway does not stop")
	}
	r.restart()
	if strings.Contains(r.process.log.String(), "uncertain") {
		t.Errorf("an orderly stop left an uncertain message:\n%s", r.process.log.String())
	}
	r.awaitRead(id)
	if n := r.sends("stop"); n != 1 {
		t.Errorf("Meta took the message %d times, want once", n)
	}
}

// TestStopIsNotHeldUpByASlowClient: an upload that trickles is cut, and the
// sends that have begun still get their time.
func TestStopIsNotHeldUpByASlowClient(t *testing.T) {
	r := newRig(t, "--stop-timeout", "3s", "--send-timeout", "2s")
	media := r.upload(document("slow client"))
	body, trickle := io.Pipe()
	t.Cleanup(func() { trickle.Close() })
	req, err := http.NewRequest(http.MethodPost, "http://"+r.address+"/api/v2/media/upload/", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	go func() {
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	io.WriteString(trickle, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello")
	known, asked := make(chan struct{}), make(chan struct{})
	r.points.at("send arrives", func() {
		<-known
		r.process.cmd.Process.Signal(syscall.SIGTERM)
		close(asked)
	})
	id := r.send(media, "slow client")
	close(known)
	wait(t, "send arrives", asked)
	wait(t, "the end", r.process.done)
	if r.process.err != nil {
		t.Errorf("the gateway ended with %v:\n%s", r.process.err, r.process.log.String())
	}
	r.restart()
	if strings.Contains(r.process.log.String(), "uncertain") {
		t.Errorf("the stop left an uncertain message:\n%s", r.process.log.String())
	}
	r.awaitRead(id)
	if n := r.sends("slow client"); n != 1 {
		t.Errorf("Meta took the message %d times, want once", n)
	}
}

func wait(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("nothing reached %q", what)
	}
}

package simtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/client/simtest"
)

const user = "15550100001"

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const hello = `"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}`

func TestRunGivesAllThatAProgramNeeds(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{})
	if sim.GraphURL == "" || sim.ControlURL == "" || sim.NumberID == "" || sim.WABAID == "" || sim.Display == "" || sim.AccessToken == "" {
		t.Fatalf("got %+v", sim)
	}
	again, err := simtest.Attach(t.Context(), sim.ControlURL+"/")
	check(t, err)
	if again.GraphURL != sim.GraphURL || again.AccessToken != sim.AccessToken {
		t.Errorf("attached to %+v, want %+v", again, sim)
	}
	check(t, again.Close())
	_, err = sim.Clock(t.Context()) // it lives on
	check(t, err)
}

func TestWaitThatFailsSaysWhatCame(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{})
	ada := sim.Phone(user)
	_, err := ada.Say(t.Context(), "good morning")
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = ada.Wait(ctx, simtest.Match{Type: "image", Text: "a cat"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"type=image", "text=a cat", "phone=" + user, `from_phone ` + user + `: text "good morning" (sent)`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	var told *simtest.Error
	if _, err = sim.Wait(t.Context(), simtest.Match{Matches: "("}); !errors.As(err, &told) || told.Status != 400 || !strings.Contains(told.Text, "matches") {
		t.Errorf("got %v", err)
	}
}

func TestPhoneSendsFilesAndObjects(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{})
	ctx, ada := t.Context(), sim.Phone(user)
	_, err := ada.SendFile(ctx, simtest.File{Name: "a.png", MIMEType: "image/png", Data: []byte("png"), Caption: "look"})
	check(t, err)
	_, err = ada.Write(ctx, simtest.Writing{Type: "location", Object: map[string]any{"latitude": 1.5, "longitude": 2.5}, Forwarded: true})
	check(t, err)
	picture, err := ada.Wait(ctx, simtest.Match{Direction: simtest.FromPhone, Type: "image"})
	check(t, err)
	if picture.Caption != "look" || picture.Media == nil || picture.Media.Filename != "a.png" {
		t.Fatalf("got %+v", picture)
	}
	data, err := sim.Media(ctx, picture.Media.ID)
	if check(t, err); !bytes.Equal(data, []byte("png")) {
		t.Errorf("bytes %q", data)
	}
	if list, err := ada.Messages(ctx); err != nil || len(list) != 2 || list[1].Type != "location" {
		t.Errorf("messages %+v, %v", list, err)
	}
}

func TestPhoneDecides(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{})
	app := newShop(sim)
	defer app.Close()
	ctx, ada := t.Context(), sim.Phone(user)
	app.send(user, hello)
	greeting, err := ada.Wait(ctx, simtest.Match{Template: "hello_world", Status: "read"})
	check(t, err)
	_, err = ada.React(ctx, greeting, "👋")
	check(t, err)
	_, err = ada.Reply(ctx, greeting, "hi")
	check(t, err)
	reply, err := ada.Wait(ctx, simtest.Match{Direction: "any", ReplyTo: greeting.ID, Type: "text"})
	if check(t, err); reply.Text != "hi" {
		t.Errorf("reply %+v", reply)
	}
	state, err := ada.Set(ctx, simtest.PhoneChange{Username: simtest.Ptr("@ada"), Hidden: simtest.Ptr(true), Blocks: &[]string{sim.Display}})
	if check(t, err); !state.Hidden || !strings.HasPrefix(state.UserID, "US.") || !slices.Equal(state.Blocks, []string{sim.NumberID}) {
		t.Errorf("state %+v", state)
	}
	check(t, ada.StopMarketing(ctx, "", true))
	if state, err = ada.State(ctx); err != nil || !slices.Equal(state.Stopped, []string{sim.NumberID}) {
		t.Errorf("state %+v, %v", state, err)
	}
	moved, err := ada.Move(ctx, "15550100002")
	check(t, err)
	if state, err = moved.State(ctx); err != nil || state.Username != "@ada" {
		t.Errorf("state %+v, %v", state, err)
	}
}

func TestResetIsForTheNextTest(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{})
	app := newShop(sim)
	defer app.Close()
	ctx := t.Context()
	check(t, sim.SetScripts(ctx, simtest.Script{Answer: []byte(`{"text":"x"}`)}))
	check(t, sim.SetFaults(ctx, simtest.Fault{Do: "error", Code: 131000}))
	check(t, sim.SetSettings(ctx, simtest.Settings{UnknownAbsent: true}))
	if status, answer := app.send(user, hello); status == 200 {
		t.Errorf("the fault did nothing: %s", answer)
	}
	check(t, sim.Reset(ctx))
	seq, err := sim.LastSeq(ctx)
	check(t, err)
	if ledger, err := sim.Ledger(ctx, nil); err != nil || len(ledger) != 0 {
		t.Errorf("ledger %+v, %v", ledger, err)
	}
	if status, answer := app.send(user, hello); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	m, err := sim.Wait(ctx, simtest.Match{After: seq, Status: "delivered,failed"})
	if check(t, err); m.Status != "failed" {
		t.Errorf("the settings were forgotten: %+v", m)
	}
}

func TestFaultSaysAllThatARuleCan(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{})
	app := newShop(sim)
	defer app.Close()
	ctx := t.Context()
	check(t, sim.SetFaults(ctx,
		simtest.Fault{Do: "error", Code: 130429, Status: 429, To: "+1 555 010 0001"},
		simtest.Fault{Do: "batch", After: "1s", UpTo: "2s", Max: 7}))
	if status, answer := app.send(user, hello); status != 429 {
		t.Errorf("%d %s, want 429", status, answer)
	}
	resp, err := http.Get(sim.ControlURL + "/_sim/faults")
	check(t, err)
	defer resp.Body.Close()
	rules, err := io.ReadAll(resp.Body)
	check(t, err)
	for _, want := range []string{`"to":"` + user + `"`, `"after":"1s"`, `"up_to":"2s"`, `"max":7`} {
		if !bytes.Contains(rules, []byte(want)) {
			t.Errorf("no %s in %s", want, rules)
		}
	}
	var told *simtest.Error
	if err := sim.SetFaults(ctx, simtest.Fault{Do: "slow", After: "2s", UpTo: "1s"}); !errors.As(err, &told) || !strings.Contains(told.Text, "more than up_to") {
		t.Errorf("got %v", err)
	}
}

func TestClockAndLedgerTellWhatHappened(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{Seed: 7})
	app := newShop(sim)
	defer app.Close()
	ctx := t.Context()
	check(t, sim.SetCallback(ctx, simtest.Callback{URL: app.URL, VerifyToken: "v", AppSecret: "s"}))
	check(t, sim.Freeze(ctx))
	before, err := sim.Clock(ctx)
	check(t, err)
	app.send(user, hello)
	check(t, sim.Advance(ctx, time.Hour))
	if after, err := sim.Clock(ctx); err != nil || !after.Frozen || after.Now.Sub(before.Now) != time.Hour {
		t.Errorf("clock %+v, before %+v, %v", after, before, err)
	}
	if want := []string{"sent", "delivered", "read"}; !slices.Equal(app.all(), want) {
		t.Errorf("heard %v, want %v", app.all(), want)
	}
	ledger, err := sim.Ledger(ctx, map[string][]string{"to": {user}})
	check(t, err)
	if len(ledger) != 1 || ledger[0].Outcome != "accepted" || len(ledger[0].Statuses) != 3 {
		t.Errorf("ledger %+v", ledger)
	}
	posts, err := sim.Callbacks(ctx, nil)
	check(t, err)
	if len(posts) != 3 || posts[0].Outcome != "delivered" || posts[0].Attempts != 1 {
		t.Errorf("callbacks %+v", posts)
	}
	if broken, err := sim.Violations(ctx); err != nil || len(broken) != 0 {
		t.Errorf("violations %+v, %v", broken, err)
	}
	check(t, errors.Join(sim.SetProfile(ctx, "mean"), sim.SetSpeed(ctx, 10), sim.SetTime(ctx, before.Now), sim.Thaw(ctx)))
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.json")
	check(t, os.WriteFile(script, []byte(`{"scripts":[{"answer":7}]}`), 0o600))
	for _, tt := range []struct {
		o    simtest.Options
		want string
	}{
		{simtest.Options{Binary: filepath.Join(t.TempDir(), "none")}, "start the simulator"},
		{simtest.Options{Args: []string{"--no-such-flag"}}, "unknown flag: --no-such-flag"},
		{simtest.Options{Profile: "nice"}, "calm, real, mean"},
		{simtest.Options{ScriptFile: script}, "script 1: answer"},
	} {
		s, err := simtest.Start(t.Context(), tt.o)
		if err == nil {
			err = s.Close()
			t.Errorf("%+v started (%v)", tt.o, err)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.o, err, tt.want)
		}
	}
	t.Setenv(simtest.BinaryEnv, "")
	t.Setenv("PATH", t.TempDir())
	if _, err := simtest.Start(t.Context(), simtest.Options{}); err == nil || !strings.Contains(err.Error(), simtest.BinaryEnv) {
		t.Errorf("got %v", err)
	}
	if _, err := simtest.Attach(t.Context(), "http://127.0.0.1:1"); err == nil {
		t.Error("attached to nothing")
	}
}

func TestScriptFileAnswers(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.json")
	check(t, os.WriteFile(script, []byte(`{"scripts":[{"when":{"contains":"hello"},"answer":{"text":"hello yourself"}}]}`), 0o600))
	sim := simtest.Run(t, simtest.Options{ScriptFile: script})
	app := newShop(sim)
	defer app.Close()
	app.send(user, hello)
	m, err := sim.Wait(t.Context(), simtest.Match{Direction: simtest.FromPhone})
	if check(t, err); m.Text != "hello yourself" {
		t.Errorf("got %+v", m)
	}
}

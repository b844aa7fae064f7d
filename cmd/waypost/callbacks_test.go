package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/wa"
)

// callbackRig is a data directory with an account, and the command line.
type callbackRig struct {
	*testing.T
	dir     string
	account wa.AccountID
}

func newCallbackRig(t *testing.T) callbackRig {
	t.Helper()
	r := callbackRig{T: t, dir: t.TempDir()}
	r.waypost("account", "create", "shop")
	r.store(func(h *home) {
		account, err := h.store.AccountByName(t.Context(), "shop")
		r.ok(err)
		r.account = account.ID
	})
	return r
}

func (r callbackRig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r callbackRig) try(args ...string) (stdout, stderr string, code int) {
	r.Helper()
	var out, errs bytes.Buffer
	code = run(r.Context(), args, &out, &errs, []string{"WAYPOST_DATA=" + r.dir})
	return out.String(), errs.String(), code
}

func (r callbackRig) waypost(args ...string) string {
	r.Helper()
	stdout, stderr, code := r.try(args...)
	if code != 0 {
		r.Fatalf("%v: %s", args, stderr)
	}
	return stdout
}

func (r callbackRig) store(do func(*home)) {
	r.Helper()
	h, err := openHome(r.Context(), r.dir, false, slog.New(slog.DiscardHandler))
	r.ok(err)
	do(h)
	r.ok(h.close())
}

// keep keeps a callback and applies it, or parks it, as the gateway would.
func (r callbackRig) keep(body string) wa.CallbackID {
	r.Helper()
	id := wa.NewID[wa.CallbackID]()
	r.store(func(h *home) {
		at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
		r.ok(h.store.KeepCallback(r.Context(), wa.Callback{ID: id, ReceivedAt: at, Body: []byte(body)}))
		claimed, err := h.store.ClaimCallbacks(r.Context(), 10, time.Minute)
		r.ok(err)
		if len(claimed) != 1 {
			r.Fatalf("%d callbacks wait", len(claimed))
		}
		updates, err := callback.Decode([]byte(body))
		if err != nil {
			r.ok(h.store.PutOffCallback(r.Context(), claimed[0], 0, true, err.Error()))
			return
		}
		r.ok(h.store.SettleCallback(r.Context(), claimed[0], []wa.AccountUpdates{{AccountID: r.account, Updates: updates}}))
	})
	return id
}

const (
	statusCallback = `{"object":"whatsapp_business_account","entry":[{"id":"900","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"phone_number_id":"100"},"statuses":[{"id":"wamid.SYNTHETIC","status":"delivered","timestamp":"1750090702","recipient_id":"15550100001",` +
		`"novelty":{"a":[{"b":"\u001b[31m"}]}}]}}]}]}`
	noticeCallback = `{"object":"whatsapp_business_account","entry":[{"id":"900","time":1750090702,"changes":[` +
		`{"field":"account_alerts","value":{"entity_type":"WABA","alert_info":{"alert_type":"TOO_\u001bMUCH"},"hint":"x"}},{"field":"brand_new","value":[1]}]}]}`
)

func TestCallbacksAreShown(t *testing.T) {
	r := newCallbackRig(t)
	status, notice, broken := r.keep(statusCallback), r.keep(noticeCallback), r.keep(`{"entry":`)

	list := r.waypost("callbacks", "list")
	for _, want := range []string{string(status), string(notice), string(broken), "parked", "decode callback: not JSON", "2026-09-01 12:00:00 UTC"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %s:\n%s", want, list)
		}
	}
	if parked := r.waypost("callbacks", "list", "--parked"); !strings.Contains(parked, string(broken)) || strings.Contains(parked, string(status)) {
		t.Errorf("parked are\n%s", parked)
	}
	if older := r.waypost("callbacks", "list", "--before", string(notice), "--limit", "1"); !strings.Contains(older, string(status)) || strings.Contains(older, string(notice)) {
		t.Errorf("older are\n%s", older)
	}

	shown := r.waypost("callbacks", "show", string(status))
	if !strings.Contains(shown, "delivered") || !strings.Contains(shown, "wamid.SYNTHETIC") || !strings.Contains(shown, "novelty.a.b") || strings.Contains(shown, "15550100001") {
		t.Errorf("it is shown as\n%s", shown)
	}
	shown = r.waypost("callbacks", "show", string(notice))
	if !strings.Contains(shown, `"TOO_\x1bMUCH"`) || !strings.Contains(shown, "hint") || !strings.Contains(shown, "(no name)") || !strings.Contains(shown, "brand_new") {
		t.Errorf("it is shown as\n%s", shown)
	}
	if shown := r.waypost("callbacks", "show", string(broken)); !strings.Contains(shown, "error") {
		t.Errorf("it is shown as\n%s", shown)
	}
	if body := r.waypost("callbacks", "show", string(status), "--body"); body != statusCallback+"\n" {
		t.Errorf("the body is %s", body)
	}
	var whole struct {
		State   string
		Updates []struct {
			Kind    string
			Unknown []string
			Status  wa.StatusReport
		}
	}
	r.ok(json.Unmarshal([]byte(r.waypost("callbacks", "show", string(status), "--json")), &whole))
	if whole.State != "done" || len(whole.Updates) != 1 || whole.Updates[0].Status.Recipient != "15550100001" || whole.Updates[0].Unknown[0] != "novelty.a.b" {
		t.Errorf("as JSON it is %+v", whole)
	}

	notices := r.waypost("callbacks", "notices", "--account", "shop")
	if !strings.Contains(notices, "alert") || !strings.Contains(notices, "other") || !strings.Contains(notices, "hint") || strings.Contains(notices, "\x1b") {
		t.Errorf("the notices are\n%s", notices)
	}
	unmatched := r.waypost("callbacks", "unmatched", "--account", "shop")
	if !strings.Contains(unmatched, "wamid.SYNTHETIC") || !strings.Contains(unmatched, "delivered") {
		t.Errorf("unmatched are\n%s", unmatched)
	}
	for _, args := range [][]string{{"notices", "--account", "shop", "--json"}, {"unmatched", "--account", "shop", "--json"}, {"list", "--json"}} {
		var all []any
		if err := json.Unmarshal([]byte(r.waypost(append([]string{"callbacks"}, args...)...)), &all); err != nil || len(all) == 0 {
			t.Errorf("%v: %d, %v", args, len(all), err)
		}
	}
}

func TestCallbacksAreAppliedAgain(t *testing.T) {
	r := newCallbackRig(t)
	done, broken := r.keep(statusCallback), r.keep(`[]`)
	if got := r.waypost("callbacks", "retry", "--parked", "--json"); !strings.Contains(got, `"callbacks": 1`) {
		t.Errorf("retried %s", got)
	}
	r.waypost("callbacks", "retry", string(done))
	r.store(func(h *home) {
		claimed, err := h.store.ClaimCallbacks(t.Context(), 10, time.Minute)
		r.ok(err)
		if len(claimed) != 2 {
			t.Errorf("%d callbacks wait", len(claimed))
		}
	})
	for want, args := range map[string][]string{
		"the callback waits to be applied already": {"retry", string(broken)},
		"callback does not exist":                  {"show", "none"},
		"name one callback, or say --parked":       {"retry"},
		"name the callback by its id":              {"show"},
		"--limit must be 1 or more":                {"list", "--limit", "0"},
		`required flag(s) "account" not set`:       {"notices"},
		"account does not exist":                   {"unmatched", "--account", "nobody"},
	} {
		if _, stderr, code := r.try(append([]string{"callbacks"}, args...)...); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
}

package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/wa"
)

// numbers asks for a path under /v1/numbers and wants a status and texts.
func (w *world) numbers(method, path, bearer, body string, status int, texts ...string) string {
	w.t.Helper()
	answer := w.ask(method, "/v1/numbers"+path, bearer, body)
	got := answer.Body.String()
	if answer.Code != status {
		w.t.Errorf("%s %s %s: %d %s, want %d", method, path, body, answer.Code, got, status)
	}
	for _, text := range texts {
		if !strings.Contains(got, text) {
			w.t.Errorf("%s %s %s: %s, want %s", method, path, body, got, text)
		}
	}
	return got
}

func TestNumberIsAddedThenVerified(t *testing.T) {
	w := newWorld(t)
	w.numbers("POST", "", w.mine, `{"country_code":"+1","phone_number":"555 010-0003","verified_name":"Third Shop","id":"third"}`, 200,
		`"source":"third"`, `"display_phone_number":"15550100003"`, `"waba_id":"`+waba+`"`, `"sources":["third"]`)
	all, err := w.db.Sources(t.Context(), w.accountOf(w.mine))
	w.check(err)
	made := all[len(all)-1]
	if made.ID != "third" || made.Name != "Third Shop" || made.Number.Token.Reveal() != token || made.Number.AppSecret.Reveal() != "app" {
		t.Fatalf("source %+v", made)
	}
	w.numbers("POST", "/"+made.Number.ID+"/request-code", w.mine, `{}`, 204)
	w.numbers("GET", "/"+made.Number.ID, w.theirs, "", 404)
}

func TestNumberOfTheAccountIsConnected(t *testing.T) {
	w := newWorld(t)
	w.numbers("GET", "?from=meta", w.theirs, "", 200, `"id":"`+numberID+`"`, `"sources":[]`, `"throughput_level":"STANDARD"`)
	w.numbers("POST", "", w.theirs, `{"phone_number_id":"`+numberID+`","source":"source","id":"shop"}`, 200, `"source":"shop"`, `"status":"CONNECTED"`)
	w.numbers("GET", "?from=meta&source=shop", w.theirs, "", 200, `"sources":["shop"]`)
	w.numbers("GET", "/"+numberID, w.theirs, "", 200, `"verified_name":"Shop"`)
}

func TestFirstNumberBringsItsCredentials(t *testing.T) {
	w := newWorld(t)
	w.check(w.db.DeleteSource(t.Context(), w.accountOf(w.mine), "source"))
	w.numbers("POST", "", w.mine, `{"phone_number_id":"`+numberID+`","access_token":"other-canary"}`, 422, `"field":"waba_id"`, `"field":"app_secret"`)
	w.numbers("GET", "?from=meta", w.mine, "", 404)
	w.numbers("POST", "", w.mine, `{"phone_number_id":"`+numberID+`","waba_id":"`+waba+`","access_token":"`+token+`","app_secret":"app-canary","default":true}`,
		200, `"default":true`, `"display_phone_number":"`+display+`"`)
}

func TestNothingIsAddedWithoutASource(t *testing.T) {
	w := newWorld(t)
	const add = `"country_code":"1","phone_number":"5550100003","verified_name":"Third Shop"`
	before := w.numbers("GET", "?from=meta", w.mine, "", 200)
	for body, want := range map[string]struct {
		status int
		text   string
	}{
		`{}`: {422, "phone_number_id"},
		`{` + add + `,"phone_number_id":"` + numberID + `"}`: {422, "phone_number_id"},
		`{` + add + `,"id":"source"}`:                        {409, "a source of that id exists"},
		`{` + add + `,"id":"a/b"}`:                           {422, `"field":"id"`},
		`{` + add + `,"waba_id":"x"}`:                        {422, `"field":"waba_id"`},
		`{` + add + `,"source":"other"}`:                     {404, "source"},
		`{"country_code":"1","phone_number":"x"}`:            {422, `"field":"phone_number"`},
		`{"phone_number_id":"106540000000077"}`:              {424, `"code":"meta_misconfigured"`},
	} {
		w.numbers("POST", "", w.mine, body, want.status, want.text)
	}
	if after := w.numbers("GET", "?from=meta", w.mine, "", 200); after != before {
		t.Errorf("Meta has %s, want %s", after, before)
	}
	for _, query := range []string{"?source=source", "?from=here", "?from=meta&source=other"} {
		if got := w.ask(http.MethodGet, "/v1/numbers"+query, w.mine, ""); got.Code != 422 && got.Code != 404 {
			t.Errorf("%s: %d %s", query, got.Code, got.Body)
		}
	}
}

func TestAddedNumberIsNotLost(t *testing.T) {
	w := newWorld(t)
	w.check(w.meta.SetFaults([]fault.Rule{{On: fault.OnGraph, Calls: []int{2}, Do: fault.Error, Code: 190}}))
	got := w.problem(w.ask("POST", "/v1/numbers", w.mine, `{"country_code":"1","phone_number":"5550100003","verified_name":"Third Shop"}`))
	_, rest, _ := strings.Cut(got.Detail, "phone_number_id ")
	id, _, _ := strings.Cut(rest, ",")
	if got.Code != "meta_misconfigured" || got.Meta == nil || !wa.Digits(id) {
		t.Fatalf("problem %+v", got)
	}
	w.numbers("POST", "", w.mine, `{"phone_number_id":"`+id+`"}`, 200, `"display_phone_number":"15550100003"`, `"sources":["`)
}

// accountOf is the account of an API token.
func (w *world) accountOf(bearer string) wa.AccountID {
	w.t.Helper()
	hash, ok := wa.ParseToken(bearer)
	if !ok {
		w.t.Fatal("no token")
	}
	account, err := w.db.Authenticate(w.t.Context(), hash)
	w.check(err)
	return account
}

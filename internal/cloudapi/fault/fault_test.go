package fault_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// metaError is an error with that code, as Meta writes it.
func metaError(tb testing.TB, code int) fault.Error {
	tb.Helper()
	var e fault.Error
	node.Read(fmt.Appendf(nil, `{"message":"(#%d) Some title","type":"OAuthException","code":%d,`+
		`"error_data":{"messaging_product":"whatsapp","details":"Some details."},"fbtrace_id":"Atrace"}`, code, code), &e)
	if e.Number() != code {
		tb.Fatalf("read code %d from %+v", e.Number(), e)
	}
	return e
}

// TestRowsAreWhole: a row that is not complete would leave a message without a next
// step, or a person without one.
func TestRowsAreWhole(t *testing.T) {
	classes := []fault.Class{
		fault.Never, fault.Later, fault.Wait, fault.PauseNumber, fault.PauseAccount, fault.Configuration, fault.Uncertain,
	}
	areas := []fault.Area{
		fault.Message, fault.Group, fault.Calling, fault.Registration, fault.Flow, fault.Management, fault.Username, fault.Inbound,
	}
	parties := []fault.Party{fault.Sender, fault.Operator, fault.Meta, fault.Recipient}
	last := -1
	for _, r := range fault.MetaCodes() {
		bad := func(format string, args ...any) { t.Errorf("%d: %s", r.Code, fmt.Sprintf(format, args...)) }
		if r.Code <= last || (r.Last != 0 && r.Last <= r.Code) {
			bad("not in order after %d, or an empty range to %d", last, r.Last)
		}
		last = max(r.Code, r.Last)
		if !slices.Contains(classes, r.Class) || !slices.Contains(areas, r.Area) || !slices.Contains(parties, r.Whose) {
			bad("class %q, area %q, whose %q", r.Class, r.Area, r.Whose)
		}
		if r.Meaning == "" || r.Remedy == "" || !strings.HasPrefix(r.Page, "https://") || !strings.Contains(r.Page, "read 20") {
			bad("no meaning, remedy or page: %+v", r)
		}
		if len(r.VendorCode) != 4 || !strings.HasPrefix(r.VendorCode, "80") {
			bad("vendor code %q", r.VendorCode)
		}
		waits := r.Outcome == wa.OutcomeLater || r.Outcome == wa.OutcomeMisconfigured
		if waits != (r.Wait.First > 0) || r.Wait.First > r.Wait.Most || waits != (r.Wait.Factor > 0) {
			bad("outcome %s with the wait %+v", r.Outcome, r.Wait)
		}
		if (r.Tries > 0 || r.Slowed) && r.Outcome != wa.OutcomeLater {
			bad("outcome %s with %d tries, slowed %v", r.Outcome, r.Tries, r.Slowed)
		}
		want := map[fault.Class]wa.Scope{fault.PauseNumber: wa.ScopeNumber, fault.PauseAccount: wa.ScopeAccount}[r.Class]
		if want != "" && r.Scope != want || r.Class == fault.Uncertain && r.Scope != wa.ScopeMessage {
			bad("class %s with the scope %q", r.Class, r.Scope)
		}
	}
}

// TestEveryCodeOfThePagesHasARow goes by a list that was written by hand from
// Meta's pages, not by the table.
func TestEveryCodeOfThePagesHasARow(t *testing.T) {
	for _, span := range [][2]int{
		{0, 4},
		{10, 10},
		{33, 33},
		{100, 100},
		{190, 190},
		{200, 299},
		{368, 368},
		{613, 613},
		{1026, 1026},
		{80007, 80008},
		{130429, 130429},
		{130472, 130472},
		{130497, 130497},
		{130501, 130501},
		{131000, 131000},
		{131005, 131005},
		{131008, 131009},
		{131016, 131016},
		{131020, 131021},
		{131026, 131026},
		{131030, 131031},
		{131036, 131037},
		{131041, 131042},
		{131044, 131045},
		{131047, 131053},
		{131055, 131057},
		{131059, 131060},
		{131062, 131064},
		{131201, 131202},
		{131204, 131204},
		{131207, 131215},
		{132000, 132001},
		{132005, 132005},
		{132007, 132008},
		{132012, 132012},
		{132015, 132016},
		{132068, 132069},
		{133000, 133000},
		{133004, 133006},
		{133008, 133010},
		{133015, 133016},
		{134011, 134011},
		{134100, 134102},
		{135000, 135000},
		{137000, 137000},
		{138000, 138018},
		{139000, 139004},
		{139100, 139103},
		{147001, 147005},
		{1752041, 1752041},
		{2388012, 2388012},
		{2388019, 2388019},
		{2388040, 2388040},
		{2388047, 2388047},
		{2388072, 2388073},
		{2388091, 2388091},
		{2388093, 2388093},
		{2388103, 2388103},
		{2388293, 2388293},
		{2388299, 2388299},
		{2494100, 2494100},
		{2593107, 2593108},
	} {
		for code := span[0]; code <= span[1]; code++ {
			if r, known := fault.Lookup(code); !known || !r.Covers(code) {
				t.Errorf("%d: %v, %+v", code, known, r)
			}
		}
	}
	for _, code := range []int{-1, 5, 101, 199, 300, 999999, 138019, 147006, 1 << 40} {
		if r, known := fault.Lookup(code); known || r.Outcome != wa.OutcomeLater || r.Tries < 2 || r.Wait.First < 10*time.Minute {
			t.Errorf("%d: %v, %+v", code, known, r)
		}
	}
}

// TestOutcomesFollowTheRows walks every row: the code decides with any status,
// but for Meta's own failures.
func TestOutcomesFollowTheRows(t *testing.T) {
	for _, r := range fault.MetaCodes() {
		for _, status := range []int{400, 401, 403, 404, 500, 503} {
			got := metaError(t, r.Code).Outcome(status, wa.Message{Attempt: 1})
			want := r.Outcome
			if r.Class == fault.Uncertain && status >= 500 {
				want = wa.OutcomeUnknown
			}
			if got.Kind != want || got.Soon != (want == wa.OutcomeUnknown) || got.Unlisted || got.Scope != r.Scope {
				t.Errorf("%d with %d: %+v, want %s", r.Code, status, got, want)
			}
			if got.Trace != "Atrace" || got.Failure.Code != r.Code || got.Failure.VendorCode != r.VendorCode || got.Failure.Title != "Some title" {
				t.Errorf("%d with %d: failure %+v", r.Code, status, got.Failure)
			}
			if waits := want == wa.OutcomeLater || want == wa.OutcomeMisconfigured; waits != (got.After > 0) {
				t.Errorf("%d with %d: after %v", r.Code, status, got.After)
			}
			if told := strings.Contains(got.Failure.Details, r.Remedy); told != (r.Class == fault.Configuration) ||
				!strings.HasPrefix(got.Failure.Details, "Some details.") {
				t.Errorf("%d with %d: details %q", r.Code, status, got.Failure.Details)
			}
		}
	}
}

func TestOutcomesOfCodesThatAreNotListed(t *testing.T) {
	e := metaError(t, 999999)
	var waits time.Duration
	for try := 1; ; try++ {
		o := e.Outcome(400, wa.Message{Attempt: try + 3, Slowed: 3})
		if !o.Unlisted || o.Kind != wa.OutcomeLater || o.Scope != wa.ScopeMessage || o.Slowed || o.Failure.VendorCode != "8012" {
			t.Fatalf("try %d: %+v", try, o)
		}
		if try == o.Tries {
			break
		}
		waits += o.After
	}
	if want := 15*time.Minute + time.Hour + 4*time.Hour; waits != want {
		t.Errorf("it is given up after %v, want %v", waits, want)
	}
	if o := e.Outcome(500, wa.Message{}); !o.Unlisted || o.Kind != wa.OutcomeUnknown || !o.Soon || o.Tries != 0 {
		t.Errorf("with a 5xx %+v", o)
	}
	if o := e.Outcome(429, wa.Message{}); !o.Unlisted || o.Kind != wa.OutcomeLater || !o.Slowed || o.Scope != wa.ScopeNumber || o.Tries != 0 {
		t.Errorf("with a 429 %+v", o)
	}
}

func TestDelaysGrow(t *testing.T) {
	r, _ := fault.Lookup(131056)
	for try, want := range map[int]time.Duration{
		0: 4 * time.Second, 1: 4 * time.Second, 2: 16 * time.Second, 3: 64 * time.Second, 4: 256 * time.Second,
		5: 1024 * time.Second, 6: time.Hour, 1000: time.Hour,
	} {
		if got := r.Wait.After(try); got != want {
			t.Errorf("try %d: after %v, want %v", try, got, want)
		}
	}
}

func TestRowsAsJSON(t *testing.T) {
	for code, want := range map[int]string{
		131056: `"wait":{"first_seconds":4,"factor":4,"most_seconds":3600}`,
		131026: `"wait":null`,
		200:    `"code":200,"last":299,"area":"message","class":"configuration","outcome":"misconfigured"`,
	} {
		r, _ := fault.Lookup(code)
		got, err := json.Marshal(r)
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s, %v: no %s", got, err, want)
		}
	}
}

func TestVendorCodes(t *testing.T) {
	for code, want := range map[int]string{
		0: "8015", 190: "8015", 273: "8015", 131031: "8015", 131026: "8003", 131047: "8007", 131051: "8008", 131052: "8008",
		131053: "8008", 132000: "8010", 132012: "8010", 132001: "8009", 131049: "8012", 131000: "8012", 999999: "8012",
	} {
		if got := fault.FailureOf(code, "t", "d").VendorCode; got != want {
			t.Errorf("code %d: %s, want %s", code, got, want)
		}
	}
	if got := fault.FailureOf(131026, "t", "").Details; !strings.Contains(got, "not on WhatsApp") || !strings.Contains(got, "country code") {
		t.Errorf("without details no remedy: %q", got)
	}
}

func TestFailureHoldsNothingSecret(t *testing.T) {
	tests := []struct{ name, text, without string }{
		{"phone", "Recipient 15550100001 is not allowed", "15550100001"},
		{"phone with spaces", "Recipient +1 (555) 010-0001 is not allowed", "555"},
		{"link", "cannot fetch https://cdn.example.com/k/s3cret?sig=abc now", "s3cret"},
		{"token", "Malformed access token EAAG" + strings.Repeat("aB3", 20), "aB3aB3"},
		{"wamid", "no message wamid.HBgLMTU1NTAxMDAwMDEVAgARGBI5QTNDQTVC", "HBgL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := fault.FailureOf(131026, tt.text, tt.text)
			if strings.Contains(f.Title+f.Details, tt.without) {
				t.Errorf("%+v", f)
			}
		})
	}
	t.Run("long and odd", func(t *testing.T) {
		f := fault.FailureOf(1, strings.Repeat("ü ", 600), "a\x1b[31m\nb\xff")
		if n := utf8.RuneCountInString(f.Title); n != 500 || !utf8.ValidString(f.Title) || !utf8.ValidString(f.Details) {
			t.Errorf("%d characters: %+v", n, f)
		}
		if strings.ContainsAny(f.Details, "\x1b\n") {
			t.Errorf("control characters in %q", f.Details)
		}
	})
}

func TestErrorTakesTheTokenOut(t *testing.T) {
	token := wa.NewSecret("EAAcanary0123456789")
	var e fault.Error
	node.Read([]byte(`{"code":"190","message":"(#190) bad EAAcanary0123456789","error_data":{"details":"EAAcanary0123456789"},
		"error_user_msg":"EAAcanary0123456789","fbtrace_id":"EAAcanary0123456789"}`), &e)
	if e.Number() != 190 || e.Title() != "bad EAAcanary0123456789" {
		t.Fatalf("read %+v", e)
	}
	if got := fmt.Sprint(e.Without(token)); strings.Contains(got, "canary") {
		t.Errorf("%s", got)
	}
}

func FuzzOutcome(f *testing.F) {
	f.Add([]byte(`{"code":190,"error_subcode":463,"message":"x"}`), 401, 1)
	f.Add([]byte(`{"code":"131056","is_transient":true}`), 429, 9)
	f.Add([]byte(`{"code":-1,"message":{"a":1},"error_data":[]}`), 500, 0)
	f.Fuzz(func(t *testing.T, data []byte, status, attempt int) {
		var e fault.Error
		node.Read(data, &e)
		o := e.Outcome(status, wa.Message{Attempt: attempt % 1000})
		switch o.Kind {
		case wa.OutcomeLater, wa.OutcomeMisconfigured:
			if o.After <= 0 || o.After > 100*time.Hour {
				t.Errorf("%s after %v", o.Kind, o.After)
			}
		case wa.OutcomeRejected, wa.OutcomeUnknown:
			if o.After != 0 || o.Slowed || o.Tries != 0 {
				t.Errorf("%+v", o)
			}
		case wa.OutcomeSent, wa.OutcomeExpired:
			t.Errorf("an error is %s", o.Kind)
		}
		if o.Failure.VendorCode == "" || !utf8.ValidString(o.Failure.Title+o.Failure.Details) {
			t.Errorf("%+v", o.Failure)
		}
	})
}

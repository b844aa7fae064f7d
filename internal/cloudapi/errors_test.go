package cloudapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/wa"
)

func errorBody(code int) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) Some title","type":"OAuthException","code":%d,`+
		`"error_data":{"messaging_product":"whatsapp","details":"Some details."},"fbtrace_id":"Atrace"}}`, code, code)
}

// TestErrorTable walks every row: a rule that is not complete would leave a
// message without a next step.
func TestErrorTable(t *testing.T) {
	for _, r := range fault.MetaCodes() {
		code := r.Code
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			if r.Meaning == "" || !strings.HasPrefix(r.Page, "https://") || !strings.Contains(r.Page, "read 20") {
				t.Errorf("no remedy or page: %+v", r)
			}
			if len(r.VendorCode) != 4 || !strings.HasPrefix(r.VendorCode, "80") {
				t.Errorf("vendor code %q", r.VendorCode)
			}
			got := judge(answer{http.StatusBadRequest, []byte(errorBody(code)), true}, testNumber(), textDispatch())
			if got.Kind != r.Outcome || got.Failure.Code != code || got.Failure.VendorCode != r.VendorCode || got.Trace != "Atrace" {
				t.Errorf("outcome %+v", got)
			}
			if got.Failure.Title != "Some title" || !strings.HasPrefix(got.Failure.Details, "Some details.") {
				t.Errorf("failure %+v", got.Failure)
			}
			switch got.Kind {
			case wa.OutcomeLater:
				if got.After <= 0 {
					t.Errorf("after %v by %+v", got.After, r)
				}
			case wa.OutcomeMisconfigured:
				if got.After != time.Minute || !strings.Contains(got.Failure.Details, r.Meaning) {
					t.Errorf("misconfigured %+v", got)
				}
			case wa.OutcomeRejected:
				if got.After != 0 {
					t.Errorf("after %v", got.After)
				}
			case wa.OutcomeSent, wa.OutcomeExpired, wa.OutcomeUnknown:
				t.Errorf("kind %s is for no complete refusal", got.Kind)
			}
			over5xx := judge(answer{http.StatusInternalServerError, []byte(errorBody(code)), true}, testNumber(), textDispatch())
			if (over5xx.Kind == wa.OutcomeUnknown) != isFault(code) {
				t.Errorf("with a 5xx %s, fault %v", over5xx.Kind, isFault(code))
			}
		})
	}
}

func TestErrorVendorCodes(t *testing.T) {
	for code, want := range map[int]string{
		0: "8015", 190: "8015", 131031: "8015", 131026: "8003", 131047: "8007", 131051: "8008", 131052: "8008",
		131053: "8008", 132000: "8010", 132012: "8010", 132001: "8009", 131049: "8012", 131000: "8012", 999999: "8012",
	} {
		if got := fault.FailureOf(code, "t", "d").VendorCode; got != want {
			t.Errorf("code %d: %s, want %s", code, got, want)
		}
	}
	if got := fault.FailureOf(131026, "t", "").Details; !strings.Contains(got, "not on WhatsApp") {
		t.Errorf("without details no remedy: %q", got)
	}
}

func TestErrorOutcomes(t *testing.T) {
	missing := `{"error":{"message":"Object with ID '%s' does not exist","code":100,"error_subcode":33}}`
	tests := []struct {
		name     string
		status   int
		body     string
		dispatch wa.Dispatch
		want     wa.OutcomeKind
		gone     bool
	}{
		{"unknown code", 400, errorBody(999999), textDispatch(), wa.OutcomeRejected, false},
		{"unknown code that passes", 400, `{"error":{"code":999999,"is_transient":true}}`, textDispatch(), wa.OutcomeLater, false},
		{"unknown code with 5xx", 500, errorBody(999999), textDispatch(), wa.OutcomeUnknown, false},
		{"unknown code that passes with 5xx", 503, `{"error":{"code":999999,"is_transient":true}}`, textDispatch(), wa.OutcomeUnknown, false},
		{"code as text", 400, `{"error":{"code":"131026"}}`, textDispatch(), wa.OutcomeRejected, false},
		{"permission range", 403, errorBody(273), textDispatch(), wa.OutcomeMisconfigured, false},
		{"429 with an unknown code", 429, errorBody(999999), textDispatch(), wa.OutcomeLater, false},
		{"429 with 130429", 429, errorBody(130429), textDispatch(), wa.OutcomeLater, false},
		{"429 without JSON", 429, "slow down", textDispatch(), wa.OutcomeLater, false},
		{"maintenance is a refusal", 500, errorBody(131057), textDispatch(), wa.OutcomeLater, false},
		{"missing number", 400, fmt.Sprintf(missing, "106540000000001"), textDispatch(), wa.OutcomeMisconfigured, false},
		{"missing number of a media message", 400, fmt.Sprintf(missing, "106540000000001"), mediaDispatch(), wa.OutcomeMisconfigured, false},
		{"missing media", 400, fmt.Sprintf(missing, "900000000000001"), mediaDispatch(), wa.OutcomeLater, true},
		{"bad media id", 400, `{"error":{"code":100,"message":"(#100) Param image['id'] is not a valid media attachment ID"}}`, mediaDispatch(), wa.OutcomeLater, true},
		{"bad media value", 400, `{"error":{"code":131009,"message":"x","error_data":{"details":"Media not found"}}}`, mediaDispatch(), wa.OutcomeLater, true},
		{"media upload", 400, errorBody(131053), mediaDispatch(), wa.OutcomeLater, true},
		{"media download", 400, errorBody(131052), mediaDispatch(), wa.OutcomeLater, true},
		{"bad value of a media message", 400, errorBody(131009), mediaDispatch(), wa.OutcomeRejected, false},
		{"media words without a media", 400, `{"error":{"code":100,"message":"media"}}`, textDispatch(), wa.OutcomeRejected, false},
		{"media download by link", 400, errorBody(131052), textDispatch(), wa.OutcomeLater, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := judge(answer{tt.status, []byte(tt.body), true}, testNumber(), tt.dispatch)
			if got.Kind != tt.want || got.MediaGone != tt.gone {
				t.Errorf("got %+v, want %s, media gone %v", got, tt.want, tt.gone)
			}
			if got.Kind == wa.OutcomeLater && got.After <= 0 {
				t.Error("later without a wait")
			}
			if got.MediaGone && (got.Failure.VendorCode != "8008" || strings.Contains(got.Failure.Details, "phone")) {
				t.Errorf("failure %+v is not about the media", got.Failure)
			}
		})
	}
}

func TestErrorDelaysGrow(t *testing.T) {
	for attempt, want := range map[int]time.Duration{
		0: 4 * time.Second, 1: 4 * time.Second, 2: 16 * time.Second, 3: 64 * time.Second, 4: 256 * time.Second,
		5: 1024 * time.Second, 6: time.Hour, 1000: time.Hour,
	} {
		d := textDispatch()
		d.Message.Attempt = attempt
		if got := judge(answer{400, []byte(errorBody(131056)), true}, testNumber(), d); got.After != want {
			t.Errorf("attempt %d: after %v, want %v", attempt, got.After, want)
		}
	}
}

// TestErrorTriesAreNotAttempts: the attempts of a message that was throttled
// were taken for uploads, so that it failed as soon as its media was forgotten.
func TestErrorTriesAreNotAttempts(t *testing.T) {
	link := textDispatch()
	link.Message.Content = wa.Media{Kind: wa.KindImage, Link: "https://customer.example/a.png"}
	for _, tt := range []struct {
		name         string
		status, code int
		dispatch     wa.Dispatch
		tries        int
		gone         bool
	}{
		{"media of ours not fetched", 400, 131052, mediaDispatch(), fault.MediaTries, true},
		{"media of ours not taken", 400, 131053, mediaDispatch(), fault.MediaTries, true},
		{"link not fetched", 400, 131052, link, fault.MediaTries, false},
		{"link not taken", 400, 131053, link, fault.MediaTries, false},
		{"perhaps a bad request", 400, 1, textDispatch(), fault.FaultTries, false},
		{"throttled", 400, 130429, textDispatch(), 0, false},
		{"throttled by status", 429, 1, textDispatch(), 0, false},
	} {
		for _, attempt := range []int{1, 100} {
			tt.dispatch.Message.Attempt = attempt
			got := judge(answer{tt.status, []byte(errorBody(tt.code)), true}, testNumber(), tt.dispatch)
			if got.Kind != wa.OutcomeLater || got.Tries != tt.tries || got.MediaGone != tt.gone || got.After <= 0 {
				t.Errorf("%s, attempt %d: %+v", tt.name, attempt, got)
			}
		}
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
	t.Run("the number's own token", func(t *testing.T) {
		body := `{"error":{"code":190,"message":"Malformed access token ` + canary + `"}}`
		for _, status := range []int{200, 401, 500} {
			if got := judge(answer{status, []byte(body), true}, testNumber(), textDispatch()); strings.Contains(fmt.Sprint(got), canary) {
				t.Errorf("%+v", got)
			}
		}
	})
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

// isFault reports whether a code is of Meta's own failures, which with a 5xx may
// have taken the message.
func isFault(code int) bool { return slices.Contains([]int{1, 2, 131000, 131016, 133004}, code) }

package cloudapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/wa"
)

func errorBody(code int) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) Some title","type":"OAuthException","code":%d,`+
		`"error_data":{"messaging_product":"whatsapp","details":"Some details."},"fbtrace_id":"Atrace"}}`, code, code)
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
		{"unknown code", 400, errorBody(999999), textDispatch(), wa.OutcomeLater, false},
		{"unknown code that passes", 400, `{"error":{"code":999999,"is_transient":true}}`, textDispatch(), wa.OutcomeLater, false},
		{"unknown code with 5xx", 500, errorBody(999999), textDispatch(), wa.OutcomeUnknown, false},
		{"unknown code that passes with 5xx", 503, `{"error":{"code":999999,"is_transient":true}}`, textDispatch(), wa.OutcomeUnknown, false},
		{"code as text", 400, `{"error":{"code":"131026"}}`, textDispatch(), wa.OutcomeRejected, false},
		{"permission range", 403, errorBody(273), textDispatch(), wa.OutcomeMisconfigured, false},
		{"429 with an unknown code", 429, errorBody(999999), textDispatch(), wa.OutcomeLater, false},
		{"429 with 130429", 429, errorBody(130429), textDispatch(), wa.OutcomeLater, false},
		{"429 with a code that says more", 429, errorBody(190), textDispatch(), wa.OutcomeMisconfigured, false},
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
			got := judge(answer{status: tt.status, body: []byte(tt.body), whole: true}, testNumber(), tt.dispatch)
			if got.Kind != tt.want || got.MediaGone != tt.gone {
				t.Errorf("got %+v, want %s, media gone %v", got, tt.want, tt.gone)
			}
			if got.Kind == wa.OutcomeLater && got.After <= 0 {
				t.Error("later without a wait")
			}
			if tt.status == http.StatusTooManyRequests && got.Kind == wa.OutcomeLater && (!got.Slowed || got.Scope != wa.ScopeNumber) {
				t.Errorf("too fast, and yet %+v", got)
			}
			if got.MediaGone && (got.Scope != wa.ScopeMessage || got.Failure.VendorCode != "8008" || strings.Contains(got.Failure.Details, "phone")) {
				t.Errorf("failure %+v is not about the media", got.Failure)
			}
		})
	}
}

// TestErrorWaitsFollowTheMessage: what was only too fast does not make the waits
// for a failure of Meta's longer, nor the other way round.
func TestErrorWaitsFollowTheMessage(t *testing.T) {
	for _, tt := range []struct {
		name            string
		code            int
		attempt, slowed int
		want            time.Duration
	}{
		{"first of the pair", 131056, 1, 0, 4 * time.Second},
		{"third of the pair", 131056, 3, 2, 64 * time.Second},
		{"first of the pair after failures", 131056, 7, 0, 4 * time.Second},
		{"first failure", 131049, 1, 0, 24 * time.Hour},
		{"first failure after the pair", 131049, 9, 8, 24 * time.Hour},
		{"second failure", 131049, 10, 8, 48 * time.Hour},
	} {
		d := textDispatch()
		d.Message.Attempt, d.Message.Slowed = tt.attempt, tt.slowed
		if got := judge(answer{status: 400, body: []byte(errorBody(tt.code)), whole: true}, testNumber(), d); got.After != tt.want {
			t.Errorf("%s: after %v, want %v", tt.name, got.After, tt.want)
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
		{"perhaps a bad request", 400, 1, textDispatch(), 5, false},
		{"throttled", 400, 130429, textDispatch(), 0, false},
		{"throttled by status", 429, 1, textDispatch(), 0, false},
	} {
		for _, attempt := range []int{1, 100} {
			tt.dispatch.Message.Attempt = attempt
			got := judge(answer{status: tt.status, body: []byte(errorBody(tt.code)), whole: true}, testNumber(), tt.dispatch)
			if got.Kind != wa.OutcomeLater || got.Tries != tt.tries || got.MediaGone != tt.gone || got.After <= 0 {
				t.Errorf("%s, attempt %d: %+v", tt.name, attempt, got)
			}
		}
	}
}

func TestErrorHoldsNoToken(t *testing.T) {
	body := `{"error":{"code":190,"message":"Malformed access token ` + canary + `"}}`
	for _, status := range []int{200, 401, 500} {
		got := judge(answer{status: status, body: []byte(body), whole: true}, testNumber(), textDispatch())
		if strings.Contains(fmt.Sprint(got), canary) {
			t.Errorf("%+v", got)
		}
	}
}

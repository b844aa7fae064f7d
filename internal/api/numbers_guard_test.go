package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func TestCallbackTakesItsOwnVerifyToken(t *testing.T) {
	w := newWorld(t)
	var shown []string
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.URL.Query().Get("hub.verify_token"))
		_, _ = io.WriteString(rw, r.URL.Query().Get("hub.challenge"))
	}))
	t.Cleanup(receiver.Close)
	for _, call := range [][2]string{{"PUT", "/callback"}, {"POST", "/subscription"}} {
		shown = nil
		w.want(422, `"field":"verify_token","rule":"required"`, call[0], call[1], `{"override_callback_uri":"`+receiver.URL+`"}`)
		w.want(204, "", call[0], call[1], `{"override_callback_uri":"`+receiver.URL+`","verify_token":"of-the-tenant"}`)
		if !slices.Equal(shown, []string{"of-the-tenant"}) {
			t.Errorf("%s: Meta showed %q", call[1], shown)
		}
	}
	w.want(200, receiver.URL, "GET", "/subscription", "")
	w.want(200, `"effective":"`+receiver.URL+`"`, "POST", "/refresh", "")
	w.want(422, "override_callback_uri", "PUT", "/callback", `{"override_callback_uri":"http://gateway.example","verify_token":"x"}`)
}

// Meta would tell of whatever has the id: here of the WABA.
func TestHealthIsOfTheAccountsOwnTemplatesOnly(t *testing.T) {
	w := newWorld(t)
	const id = "900000000000011"
	keep := func(account wa.AccountID, waba string) {
		w.check(w.db.PutTemplate(t.Context(), wa.StoredTemplate{
			AccountID: account, WABAID: waba, ID: id, Name: "order", Language: "en", Category: "UTILITY", Status: wa.TemplateApproved,
			Components: json.RawMessage("[]"), UpdatedAt: time.Now(),
		}))
	}
	w.want(404, `"code":"not_found"`, "GET", "/health?template_id="+waba, "")
	keep(w.accountOf(w.theirs), waba)
	w.want(404, `"code":"not_found"`, "GET", "/health?template_id="+id, "")
	keep(w.accountOf(w.mine), waba)
	w.want(422, `"code":"meta_refused"`, "GET", "/health?template_id="+id, "") // Meta was asked
}

func TestFieldsAreNamedAlike(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"pin":"1"}`, `{"pin":[1]}`, `{}`} {
		w.want(422, `"field":"pin"`, "POST", "/pin", body)
	}
	w.want(422, `"field":"pim"`, "POST", "/pin", `{"pin":"123456","pim":"1"}`)
	w.want(422, `"field":"method"`, "POST", "/request-code", `{"method":"FAX"}`)
	w.want(422, `"code":"meta_refused"`, "POST", "/request-code", `{"method":"sms"}`) // it is verified
}

package sim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim"
)

func TestProofOfTheAppSecretIsChecked(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	if err := s.UseCallback(sim.Callback{URL: "http://127.0.0.1:1/", VerifyToken: "v", AppSecret: "app"}); err != nil {
		t.Fatal(err)
	}
	// printf token-one | openssl dgst -sha256 -hmac app
	const right = "7f9e478e0056c009edb079a3e942a7390a9d0f6e6eaf1b8afbee6871c9304921"
	for proof, want := range map[string]int{"": http.StatusOK, right: http.StatusOK, strings.Repeat("0", 64): http.StatusBadRequest, "x": http.StatusBadRequest} {
		w := askJSON(s.Graph(), http.MethodGet, "/v23.0/"+numberID+"?fields=id&appsecret_proof="+proof, token, "")
		if w.Code != want || (want != http.StatusOK) != strings.Contains(w.Body.String(), "Invalid appsecret_proof") {
			t.Errorf("%q: %d %s", proof, w.Code, w.Body)
		}
	}
}

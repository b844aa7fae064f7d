package cloudapi

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

func sign(algorithm func() hash.Hash, key, body string) string {
	mac := hmac.New(algorithm, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestVerifySignature(t *testing.T) {
	const key = "app-secret-1"
	body := `{"object":"whatsapp_business_account","entry":[],"x":"gr\u00fc\u00dfe \ud83d\udc4b"}`
	good := sign(sha256.New, key, body)
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	encodedAgain, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		body   string
		header string
		key    string
		want   bool
	}{
		{"good", body, "sha256=" + good, key, true},
		{"good over an empty body", "", "sha256=" + sign(sha256.New, key, ""), key, true},
		{"no header", body, "", key, false},
		{"no prefix", body, good, key, false},
		{"prefix only", body, "sha256=", key, false},
		{"upper case hex", body, "sha256=" + strings.ToUpper(good), key, false},
		{"upper case prefix", body, "SHA256=" + good, key, false},
		{"sha1", body, "sha1=" + sign(sha1.New, key, body), key, false},
		{"sha1 under the other name", body, "sha256=" + sign(sha1.New, key, body), key, false},
		{"truncated", body, "sha256=" + good[:62], key, false},
		{"too long", body, "sha256=" + good + "00", key, false},
		{"not hex", body, "sha256=" + strings.Repeat("g", 64), key, false},
		{"space", body, "sha256= " + good, key, false},
		{"other key", body, "sha256=" + good, "app-secret-2", false},
		{"other body", body + " ", "sha256=" + good, key, false},
		{"body decoded and encoded again", string(encodedAgain), "sha256=" + good, key, false},
		{"empty secret", body, "sha256=" + sign(sha256.New, "", body), "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := VerifySignature([]byte(tt.body), tt.header, wa.NewSecret(tt.key)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

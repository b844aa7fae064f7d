package cloudapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

const signaturePrefix = "sha256="

// VerifySignature reports whether header, the X-Hub-Signature-256 of a
// callback, is the HMAC-SHA256 of raw under the app secret. Meta signs the bytes
// as it sends them, with \u escapes, so raw must never have been decoded and
// encoded again. Nothing is valid without a secret.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
// (read 2026-09)
func VerifySignature(raw []byte, header string, appSecret wa.Secret) bool {
	digits, found := strings.CutPrefix(header, signaturePrefix)
	// Meta writes lower case; anything else was not written by Meta.
	if !found || appSecret.Empty() || len(digits) != hex.EncodedLen(sha256.Size) || digits != strings.ToLower(digits) {
		return false
	}
	given, err := hex.DecodeString(digits)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(appSecret.Reveal()))
	mac.Write(raw)
	return hmac.Equal(given, mac.Sum(nil))
}

package wa

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Account is a tenant. Nothing of one account can be seen or used by another.
type Account struct {
	ID        AccountID
	Name      string
	CreatedAt time.Time
}

// MaxNameLength is the longest name of an account, token or source, in
// characters.
const MaxNameLength = 100

// ValidName reports whether a name is 1 to MaxNameLength printable characters
// with no space at either end.
func ValidName(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= MaxNameLength &&
		strings.TrimSpace(name) == name && printable(name)
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// Token is what is kept of an API token: never the token itself.
type Token struct {
	ID        TokenID
	AccountID AccountID
	Name      string
	// Hint is the beginning of the token, enough to recognise it in a list.
	Hint      string
	Hash      TokenHash
	CreatedAt time.Time
	// RevokedAt is zero while the token may be used.
	RevokedAt time.Time
}

// TokenHash is the SHA-256 of a whole token in hex. A token has 160 random
// bits, so a plain hash is enough.
type TokenHash string

// A token reads wpt_ + 27 base62 characters of randomness + 6 base62
// characters of CRC-32, so that a secret scanner can recognise a leaked one
// and a mistyped one is refused without a look into the database.
const (
	tokenPrefix   = "wpt_"
	tokenRandom   = 27
	tokenChecksum = 6
	tokenHint     = len(tokenPrefix) + 4
	base62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewToken makes a token for an account. The text is returned once and is not
// in the Token.
func NewToken(account AccountID, name string, now time.Time) (Token, Secret) {
	body := make([]byte, tokenRandom)
	var b [1]byte
	for i := range body {
		// Bytes of 248 and more are thrown away so that every letter is as
		// likely as the next.
		for {
			rand.Read(b[:])
			if b[0] < 248 {
				break
			}
		}
		body[i] = base62[b[0]%62]
	}
	text := tokenPrefix + string(body)
	text += checksum(text)
	return Token{
		ID: NewID[TokenID](), AccountID: account, Name: name,
		Hint: text[:tokenHint], Hash: hashToken(text), CreatedAt: now,
	}, NewSecret(text)
}

// ParseToken returns the hash to look a token up by, or false if the text
// cannot be a token.
func ParseToken(text string) (TokenHash, bool) {
	if len(text) != len(tokenPrefix)+tokenRandom+tokenChecksum || !strings.HasPrefix(text, tokenPrefix) {
		return "", false
	}
	body := text[:len(text)-tokenChecksum]
	if checksum(body) != text[len(body):] {
		return "", false
	}
	return hashToken(text), true
}

func hashToken(text string) TokenHash {
	sum := sha256.Sum256([]byte(text))
	return TokenHash(hex.EncodeToString(sum[:]))
}

func checksum(text string) string {
	n := crc32.ChecksumIEEE([]byte(text))
	out := make([]byte, tokenChecksum)
	for i := range out {
		out[tokenChecksum-1-i] = base62[n%62]
		n /= 62
	}
	return string(out)
}

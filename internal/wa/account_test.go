package wa

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestTokenReadsAsItsFormSays(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	token, secret := NewToken("account", "name", now)
	text := secret.Reveal()
	if len(text) != 4+27+6 || !strings.HasPrefix(text, "wpt_") || strings.Trim(text[4:], base62) != "" {
		t.Errorf("got token %q", text)
	}
	if token.Hint != text[:8] || token.AccountID != "account" || token.Name != "name" || token.CreatedAt != now || token.ID == "" || !token.RevokedAt.IsZero() {
		t.Errorf("got %+v", token)
	}
	hash, ok := ParseToken(text)
	if !ok || hash != token.Hash || len(hash) != 64 || strings.Contains(text, string(hash)) {
		t.Errorf("got hash %q and %v, want %q", hash, ok, token.Hash)
	}
	if _, other := NewToken("account", "name", now); other == secret {
		t.Error("two tokens are the same")
	}
}

func TestChangedTokenIsRefused(t *testing.T) {
	_, secret := NewToken("account", "name", time.Time{})
	text := secret.Reveal()
	for i := range len(text) {
		for _, c := range []byte(base62 + "_-\x00 \xff") {
			changed := []byte(text)
			changed[i] = c
			if _, ok := ParseToken(string(changed)); ok != bytes.Equal(changed, []byte(text)) {
				t.Errorf("byte %d as %q: got %v", i, c, ok)
			}
		}
	}
	for _, bad := range []string{"", "wpt_", text[1:], text[:len(text)-1], text + "0", " " + text, text + "\n", strings.ToUpper(text)} {
		if _, ok := ParseToken(bad); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestTokensUseEveryLetterEvenly(t *testing.T) {
	count := map[rune]int{}
	const tokens = 2000
	for range tokens {
		_, secret := NewToken("account", "name", time.Time{})
		for _, c := range secret.Reveal()[4 : 4+27] {
			count[c]++
		}
	}
	want := float64(tokens*27) / 62
	for _, c := range base62 {
		if got := float64(count[c]); got < want*0.75 || got > want*1.25 {
			t.Errorf("%c came %v times, want about %v", c, got, want)
		}
	}
}

func TestNamesArePrintable(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "Blümchen & Söhne": true, "日本": true, strings.Repeat("ü", 100): true, "a b": true,
		"": false, strings.Repeat("ü", 101): false, " a": false, "a ": false, "a\n": false, "a\tb": false, "a\x00b": false, "\xff": false,
		"a\u200bb": false, "a\u00a0b": false,
	} {
		if got := ValidName(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestIDsSortByTheTimeTheyWereMade(t *testing.T) {
	ids := make([]MessageID, 1000)
	for i := range ids {
		ids[i] = NewID[MessageID]()
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("ids are not in order or not distinct")
	}
	if u, err := uuid.Parse(string(ids[0])); err != nil || u.Version() != 7 {
		t.Errorf("%q is no UUID of version 7: %v", ids[0], err)
	}
}

package wa

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func newTestTagger(b byte) Tagger { return NewTagger(bytes.Repeat([]byte{b}, 32)) }

func TestTagComesBackAsItWas(t *testing.T) {
	tagger := newTestTagger(1)
	rapid.Check(t, func(t *rapid.T) {
		id, attempt := NewID[MessageID](), rapid.IntRange(0, 1<<31).Draw(t, "attempt")
		tag := tagger.Tag(id, attempt)
		if len(tag) > 64 || strings.Contains(tag, string(id)) {
			t.Fatalf("got tag %q", tag)
		}
		gotID, gotAttempt, ok := tagger.Parse(tag)
		if !ok || gotID != id || gotAttempt != attempt {
			t.Fatalf("got %s, %d, %v, want %s, %d", gotID, gotAttempt, ok, id, attempt)
		}
	})
}

// Whatever is done to a tag, only the very same text is ours.
func TestForgedTagIsRefused(t *testing.T) {
	tagger := newTestTagger(1)
	id := NewID[MessageID]()
	tag := tagger.Tag(id, 1)
	for i := range len(tag) {
		for c := range 256 {
			changed := []byte(tag)
			changed[i] = byte(c)
			if _, _, ok := tagger.Parse(string(changed)); ok && string(changed) != tag {
				t.Errorf("byte %d as %q: taken", i, byte(c))
			}
		}
		if _, _, ok := tagger.Parse(tag[:i]); ok {
			t.Errorf("the first %d bytes were taken", i)
		}
		for _, more := range []string{"\n", "\r", "=", ".", "0", " "} {
			if _, _, ok := tagger.Parse(tag[:i] + more + tag[i:]); ok {
				t.Errorf("%q at %d: taken", more, i)
			}
		}
	}
	part := strings.Split(tag, ".")
	other := strings.Split(tagger.Tag(NewID[MessageID](), 2), ".")
	for name, forged := range map[string]string{
		"other key":         newTestTagger(2).Tag(id, 1),
		"no key":            NewTagger(nil).Tag(id, 1),
		"other attempt":     strings.Join([]string{part[0], part[1], "2", part[3]}, "."),
		"other message":     strings.Join([]string{part[0], other[1], part[2], part[3]}, "."),
		"other signature":   strings.Join([]string{part[0], part[1], part[2], other[3]}, "."),
		"no signature":      strings.Join([]string{part[0], part[1], part[2], ""}, "."),
		"longer":            tag + "\n",
		"end":               tag + "=",
		"lower case":        strings.ToLower(tag),
		"nothing":           "",
		"dots":              "...",
		"somebody else's":   `{"order":7}`,
		"very long":         strings.Repeat("A", 512) + "." + tag,
		"signed other head": "g2." + part[1] + ".1." + tagEncoding().EncodeToString(tagger.sign("g2."+part[1]+".1")),
		"signed short id":   "g1.AAAA.1." + tagEncoding().EncodeToString(tagger.sign("g1.AAAA.1")),
		"signed no attempt": "g1." + part[1] + ".x." + tagEncoding().EncodeToString(tagger.sign("g1."+part[1]+".x")),
	} {
		if _, _, ok := tagger.Parse(forged); ok && forged != tag {
			t.Errorf("%s: %q was taken", name, forged)
		}
	}
}

func FuzzTagParse(f *testing.F) {
	tagger := newTestTagger(1)
	tag := tagger.Tag("0198f3a2-0000-7000-8000-000000000001", 3)
	for _, seed := range []string{tag, tag[1:], "g1...", "", ".", "g1.AAAA.1.AAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, attempt, ok := tagger.Parse(text)
		if ok && tagger.Tag(id, attempt) != text {
			t.Fatalf("%q was taken for the tag of %s, %d", text, id, attempt)
		}
	})
}

package wa

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretIsNeverShown(t *testing.T) {
	const canary = "EAAG-canary"
	s := NewSecret(canary)
	type hidden struct{ token Secret } // fmt calls no methods on what it may not see
	source := Source{Name: "a", Number: Number{Token: s, AppSecret: s}}
	values := map[string]any{
		"secret": s, "pointer": &s, "struct": source, "slice": []Secret{s}, "map": map[string]Secret{"k": s}, "key": map[Secret]int{s: 1},
		"unexported field": hidden{s}, "pointer to one": &hidden{s}, "any": []any{s}, "endpoint": Endpoint{Headers: map[string]Secret{"k": s}},
	}
	for name, v := range values {
		shown := map[string]string{}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%c"} {
			shown[verb] = fmt.Sprintf(verb, v)
		}
		shown["print"] = fmt.Sprint(v)
		if name != "key" { // JSON takes no such map
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			shown["json"] = string(data)
		}
		for kind, h := range map[string]func(*bytes.Buffer) slog.Handler{
			"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(h(&b)).LogAttrs(t.Context(), slog.LevelInfo, "shown", slog.Any("v", v))
			shown[kind] = b.String()
		}
		for way, text := range shown {
			lower := strings.ToLower(text)
			if strings.Contains(lower, strings.ToLower(canary)) || strings.Contains(lower, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s as %s shows %s", name, way, text)
			}
		}
	}
	if got := fmt.Sprint(s); got != "[secret]" {
		t.Errorf("got %s, want [secret]", got)
	}
	if s.Reveal() != canary {
		t.Errorf("got %q, want the value", s.Reveal())
	}
}

func TestSecretsOfOneValueAreEqual(t *testing.T) {
	a, again, b := NewSecret("a"), NewSecret(strings.Clone("a")), NewSecret("b")
	if a != again || a == b || NewSecret("") != (Secret{}) {
		t.Error("secrets do not compare by value")
	}
	if !NewSecret("").Empty() || !(Secret{}).Empty() || (Secret{}).Reveal() != "" || NewSecret("a").Empty() {
		t.Error("empty is not told from set")
	}
}

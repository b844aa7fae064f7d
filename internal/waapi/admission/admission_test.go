package admission

import (
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

func TestPlausibleID(t *testing.T) {
	for id, want := range map[wa.MediaID]bool{
		"1fc380aa-6953-4e95-aef9-f220a22d51a3":          true,
		wa.NewID[wa.MediaID]():                          true,
		"":                                              false,
		"1fc380aa":                                      false,
		"1FC380AA-6953-4e95-aef9-f220a22d51a3":          false,
		"1fc380aa-6953-4e95-aef9-f220a22d51ag":          false,
		"1fc380aa069530-e95-aef9-f220a22d51a3":          false,
		"../../../../../../../etc/passwd/../.":          false,
		"urn:uuid:1fc380aa-6953-4e95-aef9-f220a22d51a3": false,
	} {
		if got := PlausibleID(id); got != want {
			t.Errorf("PlausibleID(%q) = %v, want %v", id, got, want)
		}
	}
}

func TestFallbackLanguage(t *testing.T) {
	known := func(languages ...string) []wa.StoredTemplate {
		var all []wa.StoredTemplate
		for _, l := range languages {
			m := wa.StoredTemplate{Language: l, Status: wa.TemplateApproved}
			if rest, paused := strings.CutPrefix(l, "!"); paused {
				m.Language, m.Status = rest, wa.TemplatePaused
			}
			all = append(all, m)
		}
		return all
	}
	for _, row := range []struct {
		all      []wa.StoredTemplate
		language string
		fallback bool
		want     string // "" is none
	}{
		{known("de", "en"), "en", false, "en"},
		{known("de", "en_US"), "en", false, ""},
		{known("!en", "de"), "en", false, "en"},
		{known("de", "en", "en_US"), "en_US", true, "en_US"},
		{known("de", "en_US"), "en", true, "en_US"},
		{known("de", "en"), "en_US", true, "en"},
		{known("!en", "en_GB"), "en", true, "en_GB"},
		{known("!de", "fr"), "en", true, "fr"},
		{known("!en", "!de"), "en", true, "en"},
	} {
		m, ok := spoken(row.all, row.language, row.fallback)
		if ok != (row.want != "") || m.Language != row.want {
			t.Errorf("%s of %v, fallback %v: %q, %v", row.language, row.all, row.fallback, m.Language, ok)
		}
	}
}

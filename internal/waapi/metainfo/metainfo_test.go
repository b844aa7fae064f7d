package metainfo

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

func TestWhatMetaRefusesIsARefusal(t *testing.T) {
	of := func(kind wa.OutcomeKind, f wa.Failure) error {
		return &wa.OutcomeError{Outcome: wa.Outcome{Kind: kind, Failure: f}}
	}
	for _, row := range []struct {
		err    error
		status int
		code   string
		text   string
	}{
		{wa.NotFound("template"), http.StatusOK, "8009", "Invalid Template"},
		{
			of(wa.OutcomeRejected, wa.Failure{VendorCode: "8010", Code: 100, Title: "Invalid parameter", Details: "no such button"}),
			http.StatusOK, "8010", "Invalid Template parameter (Meta 100: Invalid parameter): no such button",
		},
		{of(wa.OutcomeRejected, wa.Failure{Code: 100, Title: "Invalid parameter"}), http.StatusOK, "8015", "Meta 100: Invalid parameter"},
		{of(wa.OutcomeLater, wa.Failure{VendorCode: "8015", Code: 4, Title: "Too many calls"}), http.StatusOK, "8015", "Platform Error (Meta 4: Too many calls)"},
		{
			of(wa.OutcomeLater, wa.Failure{VendorCode: "8015", Title: "no answer"}),
			http.StatusServiceUnavailable, "8015", "Platform Error (no answer)",
		},
		{io.ErrClosedPipe, http.StatusInternalServerError, "8005", "Technical error occurred"},
	} {
		f := failure.Of(Failure(row.err))
		if f.Status != row.status || f.Code != row.code || f.Message != row.text || !errors.Is(f, row.err) {
			t.Errorf("%v: told %d %s %q", row.err, f.Status, f.Code, f.Message)
		}
	}
}

// A person fills the attributes of a send from the preview.
func TestThePreviewHasTheOrderOfAttributes(t *testing.T) {
	v := viewTexts(wa.TemplateDefinition{
		Header: &wa.HeaderDefinition{Format: wa.HeaderText, Text: "For {{1}}"}, Body: "Dear {{2}} and {{1}}",
		Cards: []wa.TemplateDefinition{{Body: "{{2}} {{1}}"}, {Named: true, Body: "{{who}} {{day}}"}},
	})
	for i, want := range [][]string{{"1", "1", "2"}, {"1", "2"}, {"who", "day"}} {
		got := append([]textsView{v}, v.Cards...)[i].Variables
		if !slices.Equal(got, want) {
			t.Errorf("%d: variables %q, want %q", i, got, want)
		}
	}
	if none := viewTexts(wa.TemplateDefinition{}).Variables; none == nil || len(none) > 0 {
		t.Errorf("variables of nothing: %#v", none)
	}
}

func TestLanguagesAreKnownByNameAndCode(t *testing.T) {
	for word, want := range map[string]string{
		"en": "en", "EN_us": "en_US", "pt-br": "pt_BR", "English (UK)": "en_GB", "german": "de", "tlh": "tlh", "": "",
	} {
		if got := languageCode(word); got != want {
			t.Errorf("languageCode(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDaysAreReadInEveryForm(t *testing.T) {
	first := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2026-09-01"`: first.Add(24 * time.Hour), `1788220800`: first, `"1788220800"`: first, `"2026-09-01T00:00:00Z"`: first, `""`: {}, `null`: {},
	} {
		r := lenient.NewReader(lenient.Object{"date_end": lenient.Value(text)})
		if got := day(r, "date_end", 24*time.Hour); !got.Equal(want) || r.Failed() != nil {
			t.Errorf("%s: %v, %v", text, got, r.Failed())
		}
	}
	r := lenient.NewReader(lenient.Object{"date_end": lenient.Value(`"yesterday"`)})
	if day(r, "date_end", 0); wa.CodeOf(r.Failed()) != wa.CodeInvalid {
		t.Errorf("yesterday: %v", r.Failed())
	}
}

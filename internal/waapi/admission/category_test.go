package admission

import (
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

func TestAMessageKnowsWhatItIsFor(t *testing.T) {
	v := &visit{templates: map[templateName][]wa.StoredTemplate{{"900", "order"}: {
		{Name: "order", Language: "en", Category: "UTILITY"},
		{Name: "order", Language: "de", Category: "AUTHENTICATION"},
		{Name: "order", Language: "fr", Category: "SOMETHING_NEW"},
	}}}
	src := wa.Source{Number: wa.Number{WABAID: "900"}}
	for _, c := range []struct {
		content wa.Content
		want    wa.Category
	}{
		{wa.Text{Body: "good day"}, wa.CategoryService},
		{wa.Template{Name: "order", Language: "en"}, wa.CategoryUtility},
		{wa.Template{Name: "order", Language: "de"}, wa.CategoryAuthentication},
		{wa.Template{Name: "order", Language: "fr"}, ""},
		{wa.Template{Name: "unknown", Language: "en"}, ""},
	} {
		if got := v.category(src, c.content); got != c.want {
			t.Errorf("%+v is for %q, want %q", c.content, got, c.want)
		}
	}
}

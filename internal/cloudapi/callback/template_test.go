package callback

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

func TestTemplateCallbacks(t *testing.T) {
	for _, row := range []struct {
		name, field, value string
		want               *wa.TemplateUpdate
	}{
		{
			"approved", fieldTemplateStatus, `{"event":"APPROVED","message_template_id":11,"message_template_name":"order","message_template_language":"en-US","reason":"NONE","message_template_category":"UTILITY"}`,
			&wa.TemplateUpdate{ID: "11", Name: "order", Language: "en_US", Status: wa.TemplateApproved, Category: "UTILITY"},
		},
		{
			"rejected", fieldTemplateStatus, `{"event":"REJECTED","message_template_id":"11","message_template_name":"order","message_template_language":"en","reason":"PROMOTIONAL"}`,
			&wa.TemplateUpdate{ID: "11", Name: "order", Language: "en", Status: wa.TemplateRejected, Reason: "PROMOTIONAL"},
		},
		{"flagged", fieldTemplateStatus, `{"event":"FLAGGED","message_template_id":11,"reason":"x"}`, &wa.TemplateUpdate{ID: "11"}},
		{"reinstated", fieldTemplateStatus, `{"event":"REINSTATED","message_template_id":11}`, &wa.TemplateUpdate{ID: "11", Status: wa.TemplateApproved}},
		{"deleted", fieldTemplateStatus, `{"event":"DELETED","message_template_id":11,"reason":null}`, &wa.TemplateUpdate{ID: "11", Status: wa.TemplateDeleted}},
		{"quality", fieldTemplateQuality, `{"previous_quality_score":"GREEN","new_quality_score":"RED","message_template_id":11}`, &wa.TemplateUpdate{ID: "11", Quality: "RED"}},
		{"quality by another name", fieldTemplateStatus, `{"new_quality_score":"YELLOW","message_template_id":11}`, &wa.TemplateUpdate{ID: "11", Quality: "YELLOW"}},
		{"category", fieldTemplateCategory, `{"message_template_id":11,"previous_category":"UTILITY","new_category":"MARKETING"}`, &wa.TemplateUpdate{ID: "11", Category: "MARKETING"}},
		{"category to come", fieldTemplateCategory, `{"message_template_id":11,"new_category":"UTILITY","correct_category":"MARKETING"}`, &wa.TemplateUpdate{ID: "11", Category: "UTILITY"}},
		{"components", fieldTemplateComponents, `{"message_template_id":11,"message_template_element":"x"}`, &wa.TemplateUpdate{ID: "11"}},
		{"of nothing", fieldTemplateStatus, `{}`, nil},
		{"of no object", fieldTemplateStatus, `7`, nil},
		{"other", "account_alerts", `{"message_template_id":11}`, nil},
	} {
		got, err := Decode([]byte(`{"entry":[{"id":"209","changes":[{"field":"` + row.field + `","value":` + row.value + `}]}]}`))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %d updates", row.name, err, len(got))
			continue
		}
		n := got[0].Notice
		if row.value == `{}` { // it says nothing
			if n != nil {
				t.Errorf("%s: the notice is %+v", row.name, n)
			}
		} else if n == nil || n.Template != got[0].Template || (n.Kind == wa.NoticeTemplate) != (row.want != nil) || got[0].WABAID != "209" {
			t.Errorf("%s: the notice is %+v", row.name, n)
		}
		if diff := cmp.Diff(row.want, got[0].Template); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// FuzzTemplateCallback: what comes out of a callback about a template names a
// template, and Meta's codes for languages.
func FuzzTemplateCallback(f *testing.F) {
	f.Add(`{"event":"APPROVED","message_template_id":11,"message_template_name":"order","message_template_language":"en-US","reason":"NONE"}`)
	f.Add(`{"new_quality_score":"RED","message_template_id":"11"}`)
	f.Add(`{"event":"FLAGGED","message_template_name":"order","reason":null}`)
	f.Add(`7`)
	f.Fuzz(func(t *testing.T, value string) {
		for _, field := range []string{fieldTemplateStatus, fieldTemplateQuality, fieldTemplateComponents, fieldTemplateCategory} {
			updates, err := Decode([]byte(`{"entry":[{"id":"209","changes":[{"field":"` + field + `","value":` + value + `}]}]}`))
			if err != nil {
				return
			}
			for _, u := range updates {
				if u.Template == nil {
					continue
				}
				if u.Template.ID == "" && u.Template.Name == "" || strings.Contains(u.Template.Language, "-") || u.Template.Status == "FLAGGED" {
					t.Errorf("%s %s: %+v", field, value, u.Template)
				}
			}
		}
	})
}

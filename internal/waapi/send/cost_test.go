package send

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/waapi/lenient"
)

// A body is at most 1 MiB; what it costs to read must stay in proportion to it,
// whatever it is made of. The bound is generous: a key alone costs dozens of
// times its bytes.
func TestABodyCostsInProportion(t *testing.T) {
	const bound = 64 << 20
	list := func(n int, element string) string { return strings.TrimSuffix(strings.Repeat(element+",", n), ",") }
	media := func(n int) string { return `"type_media":[{"attachments":[` + list(n, `{"attachment_id":"a"}`) + `]}]` }
	const head = `{"recipient_whatsapp":"15550100001","message_type":"media",`
	wide := func(keys, length int) string {
		var b strings.Builder
		for i := range keys {
			fmt.Fprintf(&b, `"k%d":"%s",`, i, strings.Repeat("v", length))
		}
		return b.String()
	}
	for _, body := range []struct{ name, text string }{
		{"as many attachments as there may be", `{"message":[` + list(1000, head+media(30)+`}`) + `]}`},
		{"long fields beside many attachments", `{"message":[` + head + wide(900, 1000) + media(30) + `}]}`},
		{"long attachments", `{"message":[` + head + `"type_media":[{"attachments":[` + list(30, `{"attachment_id":"a","caption":"`+strings.Repeat("c", 30_000)+`"}`) + `]}]}]}`},
		{"more keys than there may be", `{"message":[` + head + wide(60_000, 1) + media(30) + `}]}`},
		{"small objects with all keys", `{"message":[` + list(100, `{`+wide(900, 0)+`"z":1}`) + `]}`},
		{"a template's many texts", `{"message":[` + list(1, `{"recipient_whatsapp":"15550100001","message_type":"template","type_template":[{"name":"n","language":{"locale":"en"},"attributes":[`+list(400_000, `1`)+`]}]}`) + `]}`},
		{"many articles", `{"message":[{"recipient_whatsapp":"15550100001","message_type":"product_list","type_product_list":[{"sections":[{"product_items":[` + list(400_000, `1`) + `]}]}]}]}`},
		{"nothing but brackets", `{"message":[` + list(300_000, `{}`) + `]}`},
	} {
		t.Run(body.name, func(t *testing.T) {
			data := []byte(body.text)
			if len(data) > 1<<20 {
				t.Fatalf("%d bytes are more than come through", len(data))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if o, err := lenient.Parse(data); err == nil {
				_, _ = Decode(o) // what comes of it is another test's
			}
			runtime.ReadMemStats(&after)
			cost := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes cost %d", len(data), cost)
			if cost > bound {
				t.Errorf("%d bytes cost %d, more than %d", len(data), cost, bound)
			}
		})
	}
}

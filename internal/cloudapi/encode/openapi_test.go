package encode

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/openapi"
	"github.com/waypost/waypost/internal/wa"
)

// openAPIFile reads Meta's own description of the Graph API, which lies beside
// the checkout.
func openAPIFile(t *testing.T) *openapi.Doc {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "reference", "meta-openapi-v23.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("Meta's OpenAPI file is not beside this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// gap is a difference between what Meta's pages and samples say and the file,
// which is of v23.0 and describes part of the API only.
type gap struct {
	difference string
	// below is a part of the body of which the file then has nothing to say; ""
	// is none.
	below  string
	reason string
}

const (
	ownExamples = "the file's own examples have it"
	pages       = "the file has some of the kinds only; the others are on Meta's pages"
	newer       = "newer than the file: the page on business-scoped user ids"
	samples     = "Meta's samples have it"
)

// gaps are all there are.
func gaps() []gap {
	const (
		kind     = ", which is none of the values"
		unknown  = ", which the file does not know"
		action   = "message.interactive.action"
		part     = "message.template.components[]"
		argument = part + ".parameters[]"
	)
	list := []gap{
		{"message has biz_opaque_callback_data" + unknown, "", "the page on statuses has it, and the file has it for calls"},
		{"message has recipient" + unknown, "", newer},
		{"message has no to", "", newer},
		{"message has the type \"pin\"" + unknown, "", "the pages on groups have it"},
		{"message.audio has voice" + unknown, "", samples},
		{"message.image has caption" + unknown, "", ownExamples},
		{"message.video has caption" + unknown, "", ownExamples},
		{"message.document has caption" + unknown, "", ownExamples},
		{"message.document has filename" + unknown, "", ownExamples},
		{"message.interactive.header.document has filename" + unknown, "", "a document has one wherever it stands"},
		{argument + ".document has filename" + unknown, "", "the same"},
		{argument + " has parameter_name" + unknown, "", samples},
		{argument + " has payment_link_preview" + unknown, "", samples},
		{part + ".index does not match ^[2-6, 11-14]$", "", "the pattern is none: the file's own examples have 0"},
		{"message.interactive has no action", "", "the older shape of an order has it below order_details"},
		{"message.interactive has order_details" + unknown, "", "the older shape of an order, which " + samples},
		{action + " has no parameters", "", "of a catalog they may be left out: " + pages},
	}
	for _, place := range []string{"addresses", "emails", "phones", "urls"} {
		word := map[string]string{"addresses": "Home", "phones": "Mobile"}[place]
		list = append(list, gap{
			"message.contacts[]." + place + "[].type is " + cmp.Or(word, "Work") + kind, "", "Meta's pages show other words than HOME and WORK",
		})
	}
	for _, name := range []string{
		"address_message", "carousel", "cta_url", "location_request_message", "order_details", "order_status", "request_contact_info", "voice_call",
	} {
		list = append(list, gap{"message.interactive.type is " + name + kind, action, pages})
	}
	for _, name := range []string{"carousel", "limited_time_offer", "order_status", "tap_target_configuration"} {
		list = append(list, gap{part + " has the type \"" + name + "\"" + unknown, "", pages})
	}
	for _, name := range []string{"action", "coupon_code", "group_id", "location", "product", "ttl_minutes"} {
		list = append(list, gap{argument + " has the type \"" + name + "\"" + unknown, "", pages})
	}
	for _, name := range []string{"copy_code", "flow", "mpm", "order_details", "voice_call"} {
		list = append(list, gap{part + ".sub_type is " + name + kind, "", pages})
	}
	return list
}

// messageSchema is what a send may be.
func messageSchema(t *testing.T, doc *openapi.Doc) map[string]any {
	t.Helper()
	schema := doc.At("paths", "/{Version}/{Phone-Number-ID}/messages", "post", "requestBody", "content", "application/json", "schema")
	if schema == nil {
		t.Fatal("the file has no schema of a message")
	}
	return schema
}

// unlisted returns the differences that are no gap, and marks the gaps that
// there are.
func unlisted(found []string, seen map[string]bool) []string {
	var below []string
	known := map[string]bool{}
	for _, g := range gaps() {
		if slices.Contains(found, g.difference) {
			known[g.difference], seen[g.difference] = true, true
			if g.below != "" {
				below = append(below, g.below)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(d string) bool {
		return known[d] || slices.ContainsFunc(below, func(b string) bool { return strings.HasPrefix(d, b) })
	})
}

// answering is a case as the answer to a message.
func answering(t *testing.T, c sendCase) (v map[string]any) {
	t.Helper()
	d := c.dispatch()
	d.Message.ReplyTo = "wamid.SYNTHETIC2"
	body, err := Send(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBodiesFitMetasOpenAPIFile(t *testing.T) {
	doc := openAPIFile(t)
	schema, seen := messageSchema(t, doc), map[string]bool{}
	for _, c := range sendCases() {
		for _, d := range unlisted(doc.Check(schema, answering(t, c), "message"), seen) {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	for _, g := range gaps() {
		if !seen[g.difference] {
			t.Errorf("no such gap any more: %s (%s)", g.difference, g.reason)
		}
	}
}

// A key that Meta does not know is found wherever it stands, but where the file
// has nothing to say.
func TestWrongKeysDoNotFitMetasOpenAPIFile(t *testing.T) {
	doc := openAPIFile(t)
	schema, found := messageSchema(t, doc), 0
	for _, c := range sendCases() {
		v := answering(t, c)
		sampleNode(v).each(func(n sampleNode) {
			n["surprise"] = 1.0
			if len(unlisted(doc.Check(schema, v, "message"), map[string]bool{})) > 0 {
				found++
			} else if described(c, v, n) {
				t.Errorf("%s: nothing wrong with %v", c.name, n)
			}
			delete(n, "surprise")
		})
	}
	if found < 200 {
		t.Errorf("only %d were found", found)
	}
}

// described reports whether n is a body that the file describes: everything but
// a pin.
func described(c sendCase, v map[string]any, n sampleNode) bool {
	_, envelope := n["messaging_product"]
	return envelope && c.content.Type() != wa.TypePin && v["type"] != nil
}

// What is wrong with a value is found as well.
func TestWrongValuesDoNotFitMetasOpenAPIFile(t *testing.T) {
	doc := openAPIFile(t)
	schema := messageSchema(t, doc)
	for body, want := range map[string]string{
		`{"type":"text"}`:                                                                "message has no text",
		`{"type":"text","text":{"body":1}}`:                                              "message.text.body is no string",
		`{"type":"text","text":{"body":"a","preview_url":"true"}}`:                       "message.text.preview_url is no boolean",
		`{"type":"text","text":{"body":"a"},"context":{"id":"w"}}`:                       "message.context has id, which the file does not know",
		`{"type":"poem"}`:                                                                `message has the type "poem", which the file does not know`,
		`{"type":"image","image":{"id":"1","link":"https://example.com/"}}`:              "message.image has link, which the file does not know",
		`{"type":"location","location":{"latitude":1}}`:                                  "message.location.latitude is no string",
		`{"type":"text","text":{"body":"a"},"recipient_type":"list"}`:                    "message.recipient_type is list, which is none of the values",
		`{"type":"interactive","interactive":{"type":"button","action":{"buttons":[]}}}`: "message.interactive.action.buttons has less than 1 items",
		`{"type":"interactive","interactive":{"type":"button","action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"` +
			strings.Repeat("x", 21) + `"}}]}}}`: "message.interactive.action.buttons[].reply.title is longer than 20",
		`{"type":"template","template":{"name":"a","language":{"code":"en","policy":"fallback"}}}`:                                                                    "message.template.language.policy is fallback, which is none of the values",
		`{"type":"template","template":{"name":"a","language":{"code":"en","policy":"deterministic"},"components":[{"type":"body","parameters":[{"type":"text"}]}]}}`: "message.template.components[].parameters[] has no text",
	} {
		v := map[string]any{"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+15550100001"}
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		if found := unlisted(doc.Check(schema, v, "message"), map[string]bool{}); !slices.Contains(found, want) {
			t.Errorf("%s: %q, want %q", body, found, want)
		}
	}
}

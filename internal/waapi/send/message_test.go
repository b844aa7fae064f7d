package send

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

func decode(t testing.TB, body string) ([]wa.Message, error) {
	t.Helper()
	o, err := lenient.Parse([]byte(body))
	if err != nil {
		return nil, err
	}
	r, err := Decode(o)
	return r.Messages, err
}

func decodeOne(t testing.TB, body string) wa.Message {
	t.Helper()
	ms, err := decode(t, body)
	if err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	if len(ms) != 1 {
		t.Fatalf("decode %s: %d messages, want 1", body, len(ms))
	}
	return ms[0]
}

func TestDecodeTakesWhatClientsSend(t *testing.T) {
	const head = `"recipient_whatsapp":"15550100001","message_type":"text"`
	hello := wa.Message{
		Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"},
		Content:   wa.Text{Body: "hello"},
	}
	with := func(change func(*wa.Message)) wa.Message {
		m := hello
		change(&m)
		return m
	}
	link := wa.Media{Kind: wa.KindImage, Link: "https://files.example/p.jpg", Caption: "hi"}
	tests := []struct {
		name string
		body string
		want wa.Message
	}{
		{"array of one", `{"message":[{` + head + `,"type_text":[{"content":"hello"}]}]}`, hello},
		{"objects for arrays", `{"message":{` + head + `,"type_text":{"content":"hello"}}}`, hello},
		{"explicit nulls", `{"message":[{` + head + `,"source":null,"x-apiheader":null,"recipient_type":null,"type_media":null,
			"type_template":null,"details":null,"status":null,"type_text":[{"content":"hello","preview_url":null}]}]}`, hello},
		{"unknown keys", `{"x":1,"message":[{` + head + `,"tenant_id":"t","type_text":[{"content":"hello","y":[{}]}]}]}`, hello},
		{"keys in another case are unknown", `{"Message":1,"message":[{` + head + `,"Source":"s","type_text":[{"content":"hello"}]}]}`, hello},
		{"last of two keys", `{"message":[{` + head + `,"type_text":[{"content":"no","content":"hello"}]}]}`, hello},
		{"recipient as a number", `{"message":[{"recipient_whatsapp":15550100001,"message_type":"text","type_text":[{"content":"hello"}]}]}`, hello},
		{"recipient with plus and spaces", `{"message":[{"recipient_whatsapp":" +1 555 010 0001 ","message_type":"text","type_text":[{"content":"hello"}]}]}`, hello},
		{"message_type in capitals", `{"message":[{"recipient_whatsapp":"15550100001","message_type":" Text ","type_text":[{"content":"hello"}]}]}`, hello},
		{
			"preview_url as a boolean", `{"message":[{` + head + `,"type_text":[{"content":"hello","preview_url":true}]}]}`,
			with(func(m *wa.Message) { m.Content = wa.Text{Body: "hello", PreviewURL: true} }),
		},
		{
			"preview_url as a string", `{"message":[{` + head + `,"type_text":[{"content":"hello","preview_url":"true"}]}]}`,
			with(func(m *wa.Message) { m.Content = wa.Text{Body: "hello", PreviewURL: true} }),
		},
		{
			"preview_url as a digit", `{"message":[{` + head + `,"type_text":[{"content":"hello","preview_url":"1"}]}]}`,
			with(func(m *wa.Message) { m.Content = wa.Text{Body: "hello", PreviewURL: true} }),
		},
		{"preview_url off", `{"message":[{` + head + `,"type_text":[{"content":"hello","preview_url":"false"}]}]}`, hello},
		{
			"content as a number", `{"message":[{` + head + `,"type_text":[{"content":12345678901234567890}]}]}`,
			with(func(m *wa.Message) { m.Content = wa.Text{Body: "12345678901234567890"} }),
		},
		{
			"content keeps every character", `{"message":[{` + head + `,"type_text":[{"content":"<a&b> \u2028 \u202e 👋"}]}]}`,
			with(func(m *wa.Message) { m.Content = wa.Text{Body: "<a&b> \u2028 \u202e 👋"} }),
		},
		{"source and x-apiheader empty", `{"message":[{` + head + `,"source":"","x-apiheader":"","type_text":[{"content":"hello"}]}]}`, hello},
		{
			"source and x-apiheader", `{"message":[{` + head + `,"source":"s1","x-apiheader":"order-42","type_text":[{"content":"hello"}]}]}`,
			with(func(m *wa.Message) { m.SourceID, m.APIHeader = "s1", "order-42" }),
		},
		{
			"x-apiheader as a number", `{"message":[{` + head + `,"x-apiheader":1e400,"type_text":[{"content":"hello"}]}]}`,
			with(func(m *wa.Message) { m.APIHeader = "1e400" }),
		},
		{
			"x-apiheader as a boolean", `{"message":[{` + head + `,"x-apiheader":true,"type_text":[{"content":"hello"}]}]}`,
			with(func(m *wa.Message) { m.APIHeader = "true" }),
		},
		{
			"group", `{"message":[{"recipient_whatsapp":"group-1@g.us","recipient_type":"Group","message_type":"text","type_text":[{"content":"hello"}]}]}`,
			with(func(m *wa.Message) { m.Recipient = wa.Recipient{Kind: wa.Group, ID: "group-1@g.us"} }),
		},
		{
			"media by link", `{"message":[{"recipient_whatsapp":"15550100001","message_type":"media","type_media":[{"attachments":[
			{"attachment_url":"https://files.example/p.jpg","attachment_type":"Image","caption":"hi"}]}]}]}`,
			with(func(m *wa.Message) { m.Content = link }),
		},
		{
			"media by link with a dummy id", `{"message":[{"recipient_whatsapp":"15550100001","message_type":"media","type_media":{"attachments":
			{"attachment_id":"dummy","attachment_url":"https://files.example/p.jpg","attachment_type":"image","caption":"hi"}}}]}`,
			with(func(m *wa.Message) { m.Content = link }),
		},
		{
			"document by link", `{"message":[{"recipient_whatsapp":"15550100001","message_type":"media","type_media":[{"attachments":[
			{"attachment_url":"https://files.example/a/my%20bill.pdf?x=1","attachment_type":"document","caption":null}]}]}]}`,
			with(func(m *wa.Message) {
				m.Content = wa.Media{Kind: wa.KindDocument, Link: "https://files.example/a/my%20bill.pdf?x=1", Filename: "my bill.pdf"}
			}),
		},
		{
			"media by id", `{"message":[{"recipient_whatsapp":"15550100001","message_type":"media","type_media":[{"attachments":[
			{"attachment_id":"00000000-0000-4000-8000-00000000000A","attachment_type":"nonsense","attachment_url":"","caption":"c"}]}]}]}`,
			with(func(m *wa.Message) {
				m.Content = wa.Media{MediaID: "00000000-0000-4000-8000-00000000000a", Caption: "c"}
			}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, decodeOne(t, tt.body)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinkName(t *testing.T) {
	for link, want := range map[string]string{
		"https://files.example/a/b.pdf":                          "b.pdf",
		"https://files.example/b.pdf?c=/d.txt#e":                 "b.pdf",
		"https://files.example/a%2fb%20c.pdf":                    "b c.pdf",
		"https://files.example/":                                 "",
		"https://files.example":                                  "",
		"https://files.example/a/..":                             "..",
		"https://files.example/a%0ab.pdf":                        "",
		"https://files.example/%e2%80%aefdp.exe":                 "",
		"https://files.example/" + strings.Repeat("a", 256):      "",
		"https://files.example/" + strings.Repeat("%c3%a9", 255): strings.Repeat("é", 255),
		"::": "",
	} {
		if got := linkName(link); got != want {
			t.Errorf("linkName(%q) = %q, want %q", link, got, want)
		}
	}
}

// What Meta has beside the content may stand in the vendor's shape as well.
func TestDecodeEnvelope(t *testing.T) {
	const rest = `,"message_type":"text","type_text":[{"content":"hello"}]`
	for fields, want := range map[string]wa.Message{
		`"recipient_whatsapp":"15550100001"`: {Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"}},
		`"recipient_whatsapp":"15550100001","context":{"message_id":" wamid.A "},"recipient_identity_key_hash":"h="`: {
			Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"}, ReplyTo: "wamid.A", IdentityHash: "h=",
		},
		`"recipient_whatsapp":"15550100001","context":[{"message_id":"wamid.A"}]`: {
			Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"}, ReplyTo: "wamid.A",
		},
		`"recipient_whatsapp":"15550100001","context":"x"`:          {Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"}},
		`"recipient_whatsapp":"15550100001","context":{}`:           {Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"}},
		`"recipient_whatsapp":" US.ENT.1a "`:                        {Recipient: wa.Recipient{Kind: wa.User, ID: "US.ENT.1a"}},
		`"recipient_whatsapp":"US.1","recipient_type":"INDIVIDUAL"`: {Recipient: wa.Recipient{Kind: wa.User, ID: "US.1"}},
		`"recipient_whatsapp":"US.1","recipient_type":"group"`:      {Recipient: wa.Recipient{Kind: wa.Group, ID: "US.1"}},
	} {
		got := decodeOne(t, `{"message":[{`+fields+rest+`}]}`)
		want.Content = wa.Text{Body: "hello"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", fields, diff)
		}
	}
	for fields, want := range map[string]string{
		`"recipient_whatsapp":"US.1","recipient_type":"user"`:                 "recipient_type can only be individual or group",
		`"recipient_whatsapp":"us.1"`:                                         "Invalid value in recipient_whatsapp parameter. Only numbers are allowed",
		`"recipient_whatsapp":"15550100001","context":{"message_id":{}}`:      "context.message_id must be a string",
		`"recipient_whatsapp":"15550100001","recipient_identity_key_hash":[]`: "recipient_identity_key_hash must be a string",
	} {
		if _, err := decode(t, `{"message":[{`+fields+rest+`}]}`); err == nil || failure.Of(err).Message != want {
			t.Errorf("%s: %v, want %q", fields, err, want)
		}
	}
}

// FuzzDecodeMessages: whatever comes, a message that is taken keeps the limits
// and is read from the store as it was kept, and a refusal has a code and a
// text.
func FuzzDecodeMessages(f *testing.F) {
	for _, body := range goldenBodies(f) {
		f.Add([]byte(body))
	}
	for _, seed := range []string{
		`{"message":[{"recipient_whatsapp":"15550100001","message_type":"text","type_text":[{"content":"hello","preview_url":"false"}]}]}`,
		`{"message":{"recipient_whatsapp":15550100001,"message_type":"Media","type_media":{"attachments":{"attachment_id":"1fc380aa-6953-4e95-aef9-f220a22d51a3"}}}}`,
		`{"message":[{"message_type":"media","recipient_whatsapp":"g","recipient_type":"group","type_media":[{"attachments":[{"attachment_url":"https://a/b","attachment_type":"document"}]}]},{}]}`,
		`{"message":[null]}`, `[]`, `{"message":[[]]}`, `{"message":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := lenient.Parse(body)
		if err == nil {
			var r Request
			r, err = Decode(o)
			for _, m := range r.Messages {
				checkDecoded(t, m)
			}
			if n := len(r.Messages); err == nil && (n == 0 || n > MaxMessages || len(r.Where) != n) {
				t.Errorf("took %d messages in %d places", n, len(r.Where))
			}
		}
		if err == nil {
			return
		}
		if fail := failure.Of(err); fail.Code == failure.CodeTechnical || fail.Code == "" || fail.Message == "" {
			t.Errorf("refused without a code and a text: %v", err)
		}
	})
}

func checkDecoded(t *testing.T, m wa.Message) {
	t.Helper()
	for _, p := range m.Validate() {
		if md, ok := m.Content.(wa.Media); !ok || md.MediaID == "" || p.Field != "attachment_type" {
			t.Errorf("took a message with %s", p)
		}
	}
	kept, err := wa.EncodeSaid(m)
	check(t, err)
	again := m
	again.Content = nil
	check(t, wa.DecodeSaid(kept, &again))
	if diff := cmp.Diff(m, again); diff != "" {
		t.Errorf("kept %s (-taken +read):\n%s", kept, diff)
	}
}

// FuzzRecipient: only digits come out, and they are the digits that went in; or
// the user id that went in.
func FuzzRecipient(f *testing.F) {
	for _, seed := range []string{"15550100001", "+1 555 010 0001", "++15550100001", "1-555", "١٢٣٤٥٦٧٨٩٠١", "15550100001;phone-context=", "", "US.1", " DE.ENT.a1 ", "us.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted, err := lenient.Encode(s)
		if err != nil {
			return
		}
		to, err := recipient(lenient.Object{"recipient_whatsapp": quoted})
		if err != nil {
			return
		}
		if to.Kind == wa.User && wa.UserID(to.ID) && to.ID == strings.TrimSpace(s) {
			return
		}
		if !wa.Digits(to.ID) || len(to.ID) < wa.MinPhoneDigits || len(to.ID) > wa.MaxPhoneDigits {
			t.Errorf("recipient(%q) = %q", s, to.ID)
		}
		if plain := strings.Replace(strings.ReplaceAll(s, " ", ""), "+", "", 1); plain != to.ID {
			t.Errorf("recipient(%q) = %q, want %q", s, to.ID, plain)
		}
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Every message keeps the place that it comes from, as the client counts.
func TestMessagesKnowTheirPlace(t *testing.T) {
	const text = `{"recipient_whatsapp":"15550100001","message_type":"text","type_text":[{"content":"hello"}]}`
	media := func(attachments string) string {
		return `{"recipient_whatsapp":"15550100001","message_type":"media","type_media":[{"attachments":[` + attachments + `]}]}`
	}
	const one = `{"attachment_id":"` + someID + `"}`
	for _, row := range []struct {
		body string
		want []string
	}{
		{text, []string{""}},
		{media(one), []string{""}},
		{text + "," + text, []string{"message[0]: ", "message[1]: "}},
		{media(one + "," + one), []string{"attachments[0]: ", "attachments[1]: "}},
		{media("null," + one + "," + one), []string{"attachments[1]: ", "attachments[2]: "}},
		{text + "," + media(one+","+one) + "," + text, []string{
			"message[0]: ", "message[1]: attachments[0]: ", "message[1]: attachments[1]: ", "message[2]: ",
		}},
	} {
		o, err := lenient.Parse([]byte(`{"message":[` + row.body + `]}`))
		check(t, err)
		r, err := Decode(o)
		check(t, err)
		if diff := cmp.Diff(row.want, r.Where); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.body, diff)
		}
	}
}

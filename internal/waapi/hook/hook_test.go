package hook

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

var update = flag.Bool("update", false, "write what came out to the golden files")

// TestWebhookBodyIsTheVendors compares with testdata/<name>.json, one
// body per file; names that end in _date have the other form of dates.
func TestWebhookBodyIsTheVendors(t *testing.T) {
	for name, d := range webhookCases() {
		t.Run(name, func(t *testing.T) {
			got, err := Writer{DateForm: strings.HasSuffix(name, "_date")}.Body(d)
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got) {
				t.Fatalf("not JSON: %s", got)
			}
			golden(t, filepath.Join("testdata", name+".json"), string(got)+"\n")
		})
	}
}

func TestWebhookFilesAreAllUsed(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	cases := webhookCases()
	for _, f := range files {
		if _, ok := cases[strings.TrimSuffix(f.Name(), ".json")]; !ok {
			t.Errorf("%s belongs to no case", f.Name())
		}
	}
}

func webhookCases() map[string]wa.Delivery {
	const answered = wa.MessageID("00000000-0000-4000-8000-000000000001")
	at := time.Unix(1700000005, 999_000_000)
	sent := &wa.Message{
		ID: answered, SourceID: "s1", APIHeader: "order-42 <&>",
		Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"},
	}
	status := func(m *wa.Message, r wa.StatusReport) wa.Delivery {
		return wa.Delivery{Message: m, Event: wa.Event{
			Kind: wa.EventStatus, MessageID: answered, At: at.Add(time.Minute), Status: &r,
		}}
	}
	incoming := func(change func(*wa.Inbound)) wa.Delivery {
		in := wa.Inbound{
			WAMID: "wamid.SYNTHETIC1", To: "15550109999", From: "15550100001", FromName: "Ada <ada>", At: at, Type: "text", Text: "hi & bye",
		}
		change(&in)
		return wa.Delivery{Event: wa.Event{Kind: wa.EventIncoming, At: at.Add(time.Minute), Inbound: &in}}
	}
	carrying := func(kind wa.MediaKind, change func(*wa.InboundMedia)) wa.Delivery {
		return incoming(func(in *wa.Inbound) {
			in.Type, in.Text = string(kind), ""
			in.Media = &wa.InboundMedia{
				ID: "00000000-0000-4000-8000-000000000002", MetaID: "77", Kind: kind,
				MIMEType: string(kind) + "/x", SHA256: "c2hhMjU2+/=",
			}
			change(in.Media)
		})
	}
	failed := func(f *wa.Failure) wa.Delivery {
		return status(sent, wa.StatusReport{Status: wa.StatusFailed, At: at, Failure: f})
	}
	reply := incoming(func(in *wa.Inbound) { in.ReplyTo = "wamid.SYNTHETIC0" })
	reply.Event.MessageID, reply.Message = answered, sent
	cases := map[string]wa.Delivery{
		"status_sent":         status(sent, wa.StatusReport{Status: wa.StatusSent, At: at, Recipient: "other"}),
		"status_delivered":    status(sent, wa.StatusReport{Status: wa.StatusDelivered, At: at}),
		"status_read":         status(sent, wa.StatusReport{Status: wa.StatusRead, At: at}),
		"status_played":       status(sent, wa.StatusReport{Status: wa.StatusPlayed, At: at}),
		"status_expired":      status(sent, wa.StatusReport{Status: wa.StatusExpired, At: at}),
		"status_date":         status(sent, wa.StatusReport{Status: wa.StatusRead, At: at.In(time.FixedZone("", 3600))}),
		"status_no_time_date": status(sent, wa.StatusReport{Status: wa.StatusSent}),
		"status_no_time":      status(sent, wa.StatusReport{Status: wa.StatusSent}),
		"status_no_message": status(nil, wa.StatusReport{
			Status: wa.StatusSent, At: at, Recipient: "15550100001",
		}),
		"failed_vendor_code": failed(&wa.Failure{VendorCode: "8003", Code: 131026, Title: "Message undeliverable"}),
		"failed_refused":     failed(&wa.Failure{VendorCode: "8012", Code: 131042, Title: "Business eligibility payment issue"}),
		"failed_mend":        failed(&wa.Failure{VendorCode: "8015", Code: 190, Title: "Access token has expired"}),
		"failed_no_title":    failed(&wa.Failure{VendorCode: "8015", Code: 131000}),
		"failed_meta_only":   failed(&wa.Failure{Code: 131049, Title: "Not delivered to maintain healthy ecosystem"}),
		"failed_ours":        failed(&wa.Failure{VendorCode: "8008", Title: "the media is gone"}),
		"failed_ours_only":   failed(&wa.Failure{VendorCode: "8005"}),
		"failed_unexplained": failed(nil),

		"incoming_text":  incoming(func(*wa.Inbound) {}),
		"incoming_reply": reply,
		"incoming_reply_to_foreign": incoming(func(in *wa.Inbound) {
			in.ReplyTo = "wamid.SYNTHETIC9"
		}),
		"incoming_no_number": incoming(func(in *wa.Inbound) { in.From, in.UserID = "", "US.123" }),
		"incoming_in_group":  incoming(func(in *wa.Inbound) { in.GroupID = "group-1" }),
		"incoming_no_time":   incoming(func(in *wa.Inbound) { in.At = time.Time{} }),
		"incoming_unknown": incoming(func(in *wa.Inbound) {
			in.Type, in.Text, in.Raw = "hologram", "", json.RawMessage(`{"a":1}`)
		}),
		"incoming_image_lost": incoming(func(in *wa.Inbound) { in.Type, in.Text = "image", "" }),
		"incoming_image":      carrying(wa.KindImage, func(m *wa.InboundMedia) { m.Caption = "look" }),
		"incoming_video":      carrying(wa.KindVideo, func(*wa.InboundMedia) {}),
		"incoming_audio":      carrying(wa.KindAudio, func(*wa.InboundMedia) {}),
		"incoming_voice": carrying(wa.KindAudio, func(m *wa.InboundMedia) {
			m.MIMEType, m.Voice = "audio/ogg; codecs=opus", true
		}),
		"incoming_document":  carrying(wa.KindDocument, func(m *wa.InboundMedia) { m.Filename, m.Caption = "bill.pdf", "the bill" }),
		"incoming_sticker":   carrying(wa.KindSticker, func(m *wa.InboundMedia) { m.Animated = true }),
		"incoming_text_date": incoming(func(*wa.Inbound) {}), // only statuses have another form
	}
	for name, change := range inboundCases() {
		cases["incoming_"+name] = incoming(func(in *wa.Inbound) {
			in.Type, in.Text = "", ""
			change(in)
		})
	}
	tap := cases["incoming_button"]
	tap.Event.MessageID, tap.Message = answered, sent
	cases["incoming_button"] = tap
	return cases
}

// inboundCases has the kinds that are neither a text nor a media, and what may
// stand beside any of them.
func inboundCases() map[string]func(*wa.Inbound) {
	reply := func(r wa.InteractiveReply) func(*wa.Inbound) {
		return func(in *wa.Inbound) { in.Type, in.Interactive, in.ReplyTo = "interactive", &r, "wamid.SYNTHETIC0" }
	}
	system := func(s wa.SystemNotice) func(*wa.Inbound) {
		return func(in *wa.Inbound) { in.Type, in.FromName, in.System = "system", "", &s }
	}
	return map[string]func(*wa.Inbound){
		"location": func(in *wa.Inbound) {
			in.Type, in.Location = "location", &wa.InboundLocation{
				Latitude: 52.52, Longitude: -0.0000001, Name: "Here & there", Address: "1 Example Street", URL: "https://example.com/?a=1&b=2",
			}
		},
		"location_bare":   func(in *wa.Inbound) { in.Type, in.Location = "location", &wa.InboundLocation{} },
		"location_lost":   func(in *wa.Inbound) { in.Type, in.Raw = "location", json.RawMessage(`{"type":"location"}`) },
		"button_reply":    reply(wa.InteractiveReply{Kind: wa.ReplyToButtons, Button: &wa.ReplyButton{ID: "yes", Title: "Yes"}}),
		"list_reply":      reply(wa.InteractiveReply{Kind: wa.ReplyToList, Row: &wa.ListRow{ID: "r1", Title: "First", Description: "the first"}}),
		"list_reply_bare": reply(wa.InteractiveReply{Kind: wa.ReplyToList, Row: &wa.ListRow{ID: "r1", Title: "First"}}),
		"flow_reply": reply(wa.InteractiveReply{Kind: wa.ReplyToFlow, Flow: &wa.FlowReply{
			Name: "flow", Body: "Sent", ResponseJSON: `{"flow_token":"t","name":"<Ada>"}`,
		}}),
		"call_permission": reply(wa.InteractiveReply{Kind: wa.ReplyToCallPermission, Call: &wa.CallPermission{
			Response: "accept", ExpiresAt: time.Unix(1700600000, 0), Source: "user_action",
		}}),
		"call_permission_bare": reply(wa.InteractiveReply{Kind: wa.ReplyToCallPermission, Call: &wa.CallPermission{Response: "reject"}}),
		"reply_of_no_kind":     reply(wa.InteractiveReply{Kind: "hologram_reply"}),
		"button": func(in *wa.Inbound) {
			in.Type, in.Button, in.ReplyTo = "button", &wa.ButtonReply{Payload: "no-thanks", Text: "No"}, "wamid.SYNTHETIC0"
		},
		"button_without_payload": func(in *wa.Inbound) { in.Type, in.Button = "button", &wa.ButtonReply{Text: "No"} },
		"reaction": func(in *wa.Inbound) {
			in.Type, in.Reaction, in.ReplyTo = "reaction", &wa.Reaction{WAMID: "wamid.SYNTHETIC0", Emoji: "\U0001F44D"}, "wamid.SYNTHETIC0"
		},
		"reaction_taken_away": func(in *wa.Inbound) {
			in.Type, in.Reaction, in.ReplyTo = "reaction", &wa.Reaction{WAMID: "wamid.SYNTHETIC0"}, "wamid.SYNTHETIC0"
		},
		"contacts": func(in *wa.Inbound) {
			full := wa.InboundCard{VCard: "BEGIN:VCARD\nEND:VCARD", ContactCard: wa.ContactCard{
				Name:     wa.ContactName{Formatted: "Dr. Bo M. Example Jr.", First: "Bo", Last: "Example", Middle: "M.", Suffix: "Jr.", Prefix: "Dr."},
				Birthday: "1990-01-31", Org: wa.ContactOrg{Company: "Example", Department: "Post", Title: "Clerk"},
				Phones: []wa.ContactPhone{{Phone: "+1 555-010-0002", Type: "Mobile", WAID: "15550100002"}},
				Emails: []wa.ContactEmail{{Email: "bo@example.com", Type: "Work"}}, URLs: []wa.ContactURL{{URL: "https://example.com", Type: "Work"}},
				Addresses: []wa.ContactAddress{{
					Street: "1 Example Street", City: "Exampletown", State: "EX", Zip: "00001", Country: "Exampleland", CountryCode: "ex", Type: "Home",
				}},
			}}
			bare := wa.InboundCard{ContactCard: wa.ContactCard{Name: wa.ContactName{Formatted: "Cy"}}}
			in.Type, in.Contacts = "contacts", &wa.InboundContacts{Cards: []wa.InboundCard{full, bare}, Origin: "other"}
		},
		"order": func(in *wa.Inbound) {
			in.Type, in.Order = "order", &wa.InboundOrder{CatalogID: "700", Text: "quick!", Items: []wa.InboundOrderItem{
				{RetailerID: "sku-1", Quantity: "2", Price: "30.10", Currency: "USD"},
			}}
		},
		"order_empty":     func(in *wa.Inbound) { in.Type, in.Order = "order", &wa.InboundOrder{} },
		"system_number":   system(wa.SystemNotice{Kind: "user_changed_number", Body: "Ada changed her number", WAID: "15550100002"}),
		"system_user_id":  system(wa.SystemNotice{Kind: "user_changed_user_id", Body: "Ada has a new id", UserID: "US.2", ParentUserID: "US.ENT.2"}),
		"system_identity": system(wa.SystemNotice{Kind: "customer_identity_changed", Body: "New keys", Identity: "aGFzaA==", Customer: "15550100001"}),
		"unsupported": func(in *wa.Inbound) {
			in.Type, in.Unsupported = "unsupported", &wa.Unsupported{Kind: "poll", Code: 131051, Title: "Message type unknown", Details: "Not supported."}
		},
		"unsupported_bare": func(in *wa.Inbound) { in.Type, in.Unsupported = "unknown", &wa.Unsupported{} },
		"unsupported_video": func(in *wa.Inbound) {
			in.Type, in.Unsupported, in.Raw = "video", &wa.Unsupported{Kind: "video", Code: 131052, Title: "Media download error"}, json.RawMessage(`{}`)
		},
		"edit_text": func(in *wa.Inbound) {
			in.Type, in.Text, in.Edit = "edit", "better", &wa.Edit{WAMID: "wamid.SYNTHETIC2", Type: "text"}
		},
		"edit_caption": func(in *wa.Inbound) {
			in.Type, in.Edit = "edit", &wa.Edit{WAMID: "wamid.SYNTHETIC2", Type: "image"}
			in.Media = &wa.InboundMedia{
				ID: "00000000-0000-4000-8000-000000000002", Kind: wa.KindImage, MIMEType: "image/x", SHA256: "c2hhMjU2+/=", Caption: "better",
			}
		},
		"edit_unknown": func(in *wa.Inbound) {
			in.Type, in.Edit, in.Raw = "edit", &wa.Edit{WAMID: "wamid.SYNTHETIC2", Type: "hologram"}, json.RawMessage(`{}`)
		},
		"revoke": func(in *wa.Inbound) { in.Type, in.Revoke = "revoke", &wa.Revoke{WAMID: "wamid.SYNTHETIC2"} },
		"referral": func(in *wa.Inbound) {
			in.Type, in.Text = "text", "hi"
			in.Referral = &wa.Referral{
				SourceURL: "https://example.com/ad?a=1&b=2", SourceID: "120", SourceType: "ad", Headline: "Chat", Body: "Now!", MediaType: "image",
				ImageURL: "https://example.com/i", VideoURL: "https://example.com/v", ThumbnailURL: "https://example.com/t", ClickID: "click-1", Welcome: "Hello",
			}
		},
		"referral_bare": func(in *wa.Inbound) { in.Type, in.Text, in.Referral = "text", "hi", &wa.Referral{SourceType: "post"} },
		"about_product": func(in *wa.Inbound) {
			in.Type, in.Text, in.ReplyTo, in.Product = "text", "still there?", "wamid.SYNTHETIC0", &wa.Product{CatalogID: "700", RetailerID: "sku-1"}
		},
		"forwarded":       func(in *wa.Inbound) { in.Type, in.Text, in.Forwarded = "text", "hi", true },
		"forwarded_often": func(in *wa.Inbound) { in.Type, in.Text, in.OftenForwarded = "text", "hi", true },
	}
}

func TestWebhookBodyRefusesWhatIsNoEvent(t *testing.T) {
	for name, e := range map[string]wa.Event{
		"no kind":    {},
		"no status":  {Kind: wa.EventStatus},
		"no inbound": {Kind: wa.EventIncoming},
		"accepted":   {Kind: wa.EventStatus, Status: &wa.StatusReport{Status: wa.StatusAccepted}},
		"dispatched": {Kind: wa.EventStatus, Status: &wa.StatusReport{Status: wa.StatusDispatched}},
		"uncertain":  {Kind: wa.EventStatus, Status: &wa.StatusReport{Status: wa.StatusUncertain}},
		"unheard of": {Kind: wa.EventStatus, Status: &wa.StatusReport{Status: "lost"}},
	} {
		if got, err := (Writer{}).Body(wa.Delivery{Event: e}); err == nil {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\ngot  %s\nwant %s", file, got, want)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package waapi

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

// TestWebhookBodyIsTheVendors compares with testdata/webhook/<name>.json, one
// body per file.
func TestWebhookBodyIsTheVendors(t *testing.T) {
	for name, d := range webhookCases() {
		t.Run(name, func(t *testing.T) {
			got, err := WebhookBody(d)
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got) {
				t.Fatalf("not JSON: %s", got)
			}
			golden(t, filepath.Join("testdata", "webhook", name+".json"), string(got)+"\n")
		})
	}
}

func TestWebhookFilesAreAllUsed(t *testing.T) {
	files, err := os.ReadDir(filepath.Join("testdata", "webhook"))
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
	return map[string]wa.Delivery{
		"status_sent":      status(sent, wa.StatusReport{Status: wa.StatusSent, At: at, Recipient: "other"}),
		"status_delivered": status(sent, wa.StatusReport{Status: wa.StatusDelivered, At: at}),
		"status_read":      status(sent, wa.StatusReport{Status: wa.StatusRead, At: at}),
		"status_played":    status(sent, wa.StatusReport{Status: wa.StatusPlayed, At: at}),
		"status_no_time":   status(sent, wa.StatusReport{Status: wa.StatusSent}),
		"status_no_message": status(nil, wa.StatusReport{
			Status: wa.StatusSent, At: at, Recipient: "15550100001",
		}),
		"failed_vendor_code": failed(&wa.Failure{VendorCode: "8003", Code: 131026, Title: "Message undeliverable"}),
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
		"incoming_document": carrying(wa.KindDocument, func(m *wa.InboundMedia) { m.Filename, m.Caption = "bill.pdf", "the bill" }),
		"incoming_sticker":  carrying(wa.KindSticker, func(*wa.InboundMedia) {}),
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
		if got, err := WebhookBody(wa.Delivery{Event: e}); err == nil {
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

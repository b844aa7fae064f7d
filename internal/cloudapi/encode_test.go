package cloudapi

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

func TestEncodeSend(t *testing.T) {
	person := wa.Recipient{Kind: wa.Individual, ID: "15550100001"}
	tests := []struct {
		name    string
		to      wa.Recipient
		content wa.Content
		metaID  string
	}{
		{"text", person, wa.Text{Body: "hello <b> & \u2028 \U0001F44B"}, ""},
		{"text_preview", person, wa.Text{Body: "see https://example.com/a?b=1&c=2", PreviewURL: true}, ""},
		{"text_group", wa.Recipient{Kind: wa.Group, ID: "Y2FwaV9ncm91cDoxNTU1MDEwMDAwMQZD"}, wa.Text{Body: "hello all"}, ""},
		{"image_id", person, wa.Media{Kind: wa.KindImage, MediaID: "m", Caption: "a picture"}, "900000000000001"},
		{"image_link", person, wa.Media{Kind: wa.KindImage, Link: "https://example.com/a.png?x=1&y=2"}, ""},
		{"video_id", person, wa.Media{Kind: wa.KindVideo, MediaID: "m", Caption: "a film"}, "900000000000002"},
		{"audio_without_caption", person, wa.Media{Kind: wa.KindAudio, MediaID: "m", Caption: "dropped"}, "900000000000003"},
		{"document_id", person, wa.Media{Kind: wa.KindDocument, MediaID: "m", Caption: "a bill", Filename: "bill.pdf"}, "900000000000004"},
		{"sticker_without_caption", person, wa.Media{Kind: wa.KindSticker, MediaID: "m", Caption: "dropped", Filename: "dropped"}, "900000000000005"},
		{"image_without_filename", person, wa.Media{Kind: wa.KindImage, MediaID: "m", Filename: "dropped.png"}, "900000000000006"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := textDispatch()
			d.Message.Recipient, d.Message.Content = tt.to, tt.content
			d.MetaMedia = map[wa.MediaID]string{"m": tt.metaID}
			got, err := EncodeSend(d)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "send", tt.name+".json"), append(got, '\n'))
			var back map[string]any
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatal(err)
			}
			kind, _ := back["type"].(string)
			if _, ok := back[kind].(map[string]any); !ok || back["biz_opaque_callback_data"] != d.Tag {
				t.Errorf("body without %q or tag: %s", kind, got)
			}
		})
	}
}

func TestEncodeSendSaysWhatIsMissing(t *testing.T) {
	tests := []struct {
		name   string
		change func(*wa.Dispatch)
	}{
		{"no content", func(d *wa.Dispatch) { d.Message.Content = nil }},
		{"media without id", func(d *wa.Dispatch) { d.Message.Content = wa.Media{Kind: wa.KindImage, MediaID: "m"} }},
		{"media of no kind", func(d *wa.Dispatch) { d.Message.Content = wa.Media{Kind: "hologram", Link: "https://example.com"} }},
		{"no recipient", func(d *wa.Dispatch) { d.Message.Recipient.ID = "" }},
		{"recipient of no kind", func(d *wa.Dispatch) { d.Message.Recipient.Kind = "" }},
		{"long tag", func(d *wa.Dispatch) { d.Tag = strings.Repeat("x", 513) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := textDispatch()
			tt.change(&d)
			if got, err := EncodeSend(d); err == nil {
				t.Errorf("got %s, want an error", got)
			}
		})
	}
}

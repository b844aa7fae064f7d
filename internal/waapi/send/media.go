package send

import (
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// decodeKind reads a message of one media in the form that an older client
// sends; the vendor's own is message_type media. caption and filename may be
// left out, and id stands for link where the media was uploaded:
//
//	"message_type":"document","type_document":[{"link":"https://files.example/a.pdf","filename":"a.pdf","caption":"May"}]
//
// voice of an audio is Meta's: true shows it as one that was recorded.
func decodeKind(kind wa.MediaKind) func(lenient.Object) (wa.Content, error) {
	return func(m lenient.Object) (wa.Content, error) {
		field := "type_" + string(kind)
		r, err := lenient.ReadOne(m, field)
		if err != nil {
			return nil, err
		}
		media := *readMedia(r, kind)
		media.Caption = r.Text("caption")
		if kind == wa.KindAudio {
			media.Voice = r.Flag("voice")
		}
		for _, p := range media.Validate() {
			if p.Field == "attachment_id" || p.Field == "attachment_url" {
				p.Field = "link"
			}
			r.Problem(p)
		}
		return media, r.Failed()
	}
}

// readMedia reads a media by link or by id; a link wins, because a client in use
// sends a dummy id beside it. An id of ours may be written in capitals.
func readMedia(r lenient.Reader, kind wa.MediaKind) *wa.Media {
	m := &wa.Media{Kind: kind}
	m.Link = strings.TrimSpace(r.First("url", "link", "attachment_url"))
	if m.Link == "" {
		m.MediaID = wa.MediaID(strings.ToLower(strings.TrimSpace(r.First("media_id", "id", "attachment_id"))))
	}
	if kind != wa.KindDocument {
		return m
	}
	if m.Filename = r.Trimmed("filename"); m.Filename == "" && m.Link != "" {
		m.Filename = linkName(m.Link)
	}
	return m
}

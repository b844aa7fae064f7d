package waapi

import "github.com/waypost/waypost/internal/wa"

// decodeKind reads a message of one media in the form that an older client
// sends; the vendor's own is message_type media. caption and filename may be
// left out, and id stands for link where the media was uploaded:
//
//	"message_type":"document","type_document":[{"link":"https://files.example/a.pdf","filename":"a.pdf","caption":"May"}]
func decodeKind(kind wa.MediaKind) func(object) (wa.Content, error) {
	return func(m object) (wa.Content, error) {
		field := "type_" + string(kind)
		r, err := readOne(m, field)
		if err != nil {
			return nil, err
		}
		media := *r.media(kind)
		media.Caption = r.text("caption")
		for _, p := range media.Validate() {
			if p.Field == "attachment_id" || p.Field == "attachment_url" {
				p.Field = "link"
			}
			r.problem(p)
		}
		return media, r.failed()
	}
}

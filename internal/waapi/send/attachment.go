package send

import (
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// attachment is one element of attachments as it was sent.
type attachment struct{ id, link, kind, caption string }

// maxAttachments is ours, as many as a phone sends at a time.
const maxAttachments = 30

// mediaType is the message_type with attachments.
const mediaType = "media"

// decodeMedia reads the content of a message of type media: one for each
// attachment, because Meta takes one media in a message. The vendor's form has a
// list of attachments, and its docs say nothing of more than one.
func decodeMedia(m lenient.Object) ([]content, error) {
	body, err := m.One("type_media")
	if err != nil {
		return nil, err
	}
	list, err := body.List("attachments", maxAttachments)
	if err != nil {
		return nil, err
	}
	var all []content
	for i, o := range list {
		if o == nil {
			continue
		}
		c := content{where: position("attachments", i, len(list))}
		if c.Content, err = readAttachment(o); err != nil {
			return nil, failure.At(c.where, err)
		}
		all = append(all, c)
	}
	if all == nil {
		return nil, failure.Refuse(wa.Problem{Field: "attachments", Rule: wa.RuleRequired})
	}
	return all, nil
}

func readAttachment(o lenient.Object) (wa.Content, error) {
	a, err := decodeAttachment(o)
	if err != nil {
		return nil, err
	}
	// A client in use sends a dummy attachment_id with every attachment_url.
	if a.link != "" {
		return a.byLink()
	}
	if a.id == "" {
		return nil, failure.Refuse(wa.Problem{Field: "attachment_id", Rule: wa.RuleRequired})
	}
	// attachment_type has no meaning here: the stored media knows its kind.
	return wa.Media{MediaID: wa.MediaID(strings.ToLower(a.id)), Caption: a.caption}, nil
}

func decodeAttachment(o lenient.Object) (a attachment, err error) {
	if a.link, err = o.Trimmed("attachment_url"); err != nil {
		return a, err
	}
	if a.id, err = o.Trimmed("attachment_id"); err != nil {
		return a, err
	}
	if a.kind, err = o.Trimmed("attachment_type"); err != nil {
		return a, err
	}
	a.caption, err = o.Text("caption")
	return a, err
}

func (a attachment) byLink() (wa.Content, error) {
	if a.kind == "" {
		return nil, failure.Refuse(wa.Problem{Field: "attachment_type", Rule: wa.RuleRequired})
	}
	m := wa.Media{Kind: wa.MediaKind(strings.ToLower(a.kind)), Link: a.link, Caption: a.caption}
	if m.Kind == wa.KindDocument {
		m.Filename = linkName(a.link)
	}
	return m, nil
}

// linkName is what a document behind a link is called on the phone: the end of
// its path. WhatsApp shows "Untitled" without.
func linkName(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	if name := path.Base(u.Path); name != "/" && name != "." {
		return presentable(name)
	}
	return ""
}

// presentable returns a filename that may be shown, or "": nobody typed it into
// this request, so it is no reason to refuse the message. Joiners stay, as names
// in many scripts need them; what turns the direction of the text does not,
// because it can hide the extension.
func presentable(name string) string {
	if utf8.RuneCountInString(name) > wa.MaxFilenameLength || !utf8.ValidString(name) || strings.ContainsFunc(name, hides) {
		return ""
	}
	return name
}

func hides(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }

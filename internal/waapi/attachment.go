package waapi

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/wa"
)

// attachment is one element of attachments as it was sent.
type attachment struct{ id, link, kind, caption string }

// maxAttachments is ours, as many as a phone sends at a time.
const maxAttachments = 30

// spread makes a message of each attachment, because Meta takes one media in a
// message. The vendor's form has a list of attachments and its docs say nothing
// of more than one.
func spread(o object) ([]object, error) {
	kind, err := o.trimmed("message_type")
	if err != nil || !strings.EqualFold(kind, "media") {
		return []object{o}, nil //nolint:nilerr // the decoder of the message says what is wrong
	}
	bodies, err := o.list("type_media", 1)
	if err != nil || len(bodies) == 0 {
		return []object{o}, nil //nolint:nilerr // as above
	}
	list, err := bodies[0].list("attachments", maxAttachments)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(o object) bool { return o == nil })
	if len(list) == 0 {
		return []object{o}, nil // the decoder of the message says so
	}
	parts := make([]object, len(list))
	for i, attachment := range list {
		parts[i] = maps.Clone(o)
		parts[i]["type_media"] = object{"attachments": attachment.value()}.value()
	}
	return parts, nil
}

// inAttachment says which of several attachments a failure is about.
func inAttachment(i, of int, err error) error {
	f, ok := errors.AsType[*failure](err)
	if !ok || of < 2 {
		return err
	}
	return &failure{status: f.status, code: f.code, message: fmt.Sprintf("attachments[%d]: %s", i, f.message), err: f.err}
}

// decodeMedia reads a message of type media with one attachment.
func decodeMedia(m object) (wa.Content, error) {
	body, err := m.one("type_media")
	if err != nil {
		return nil, err
	}
	element, err := body.one("attachments")
	if err != nil {
		return nil, err
	}
	a, err := decodeAttachment(element)
	if err != nil {
		return nil, err
	}
	// A client in use sends a dummy attachment_id with every attachment_url.
	if a.link != "" {
		return a.byLink()
	}
	if a.id == "" {
		return nil, refuse(wa.Problem{Field: "attachment_id", Rule: wa.RuleRequired})
	}
	// attachment_type has no meaning here: the stored media knows its kind.
	return wa.Media{MediaID: wa.MediaID(strings.ToLower(a.id)), Caption: a.caption}, nil
}

func decodeAttachment(o object) (a attachment, err error) {
	if a.link, err = o.trimmed("attachment_url"); err != nil {
		return a, err
	}
	if a.id, err = o.trimmed("attachment_id"); err != nil {
		return a, err
	}
	if a.kind, err = o.trimmed("attachment_type"); err != nil {
		return a, err
	}
	a.caption, err = o.text("caption")
	return a, err
}

func (a attachment) byLink() (wa.Content, error) {
	if a.kind == "" {
		return nil, refuse(wa.Problem{Field: "attachment_type", Rule: wa.RuleRequired})
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

// plausibleID reports whether a media id can be one of ours, a UUID in lower
// case, so that nothing else is ever looked up.
func plausibleID(id wa.MediaID) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
		if dash != (c == '-') || (!dash && !hex) {
			return false
		}
	}
	return true
}

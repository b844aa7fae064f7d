package encode

import (
	"errors"

	"github.com/waypost/waypost/internal/wa"
)

// mediaSlots are where a media stands, by its kind: in a message, in a header
// and in a parameter of a template alike.
type mediaSlots struct {
	Image    *mediaObject `json:"image,omitempty"`
	Video    *mediaObject `json:"video,omitempty"`
	Audio    *mediaObject `json:"audio,omitempty"`
	Document *mediaObject `json:"document,omitempty"`
	Sticker  *mediaObject `json:"sticker,omitempty"`
}

// mediaObject is one media, by id or by link.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/image-messages and its
// neighbors (read 2026-09)
type mediaObject struct {
	ID       string `json:"id,omitempty"`
	Link     string `json:"link,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	Voice    bool   `json:"voice,omitempty"`
	// Provider is only there in the older shape of an order.
	Provider *providerObject `json:"provider,omitempty"`
}

type providerObject struct {
	Name string `json:"name"`
}

// message puts a media with what is written below it.
func (s *mediaSlots) message(m wa.Media, e encoder) error {
	o, err := e.mediaObject(m)
	if err != nil {
		return err
	}
	if m.Kind.HasCaption() {
		o.Caption = m.Caption
	}
	o.Voice = m.Voice && m.Kind == wa.KindAudio
	return s.put(m.Kind, o, m.Filename)
}

// header puts a media above a text, which only the kinds with a caption can be.
func (s *mediaSlots) header(kind wa.MediaKind, m wa.Media, e encoder) error {
	if !kind.HasCaption() {
		return errors.New("the media of a header is no image, video or document")
	}
	o, err := e.mediaObject(m)
	if err != nil {
		return err
	}
	return s.put(kind, o, m.Filename)
}

func (e encoder) mediaObject(m wa.Media) (*mediaObject, error) {
	if id := e.metaLinks[m.Link]; id != "" && m.Link != "" {
		return &mediaObject{ID: id}, nil
	}
	if m.Link != "" {
		return &mediaObject{Link: m.Link}, nil
	}
	id := e.metaMedia[m.MediaID]
	if id == "" {
		return nil, errors.New("the media has neither a link nor an id of Meta's")
	}
	return &mediaObject{ID: id}, nil
}

func (s *mediaSlots) put(kind wa.MediaKind, o *mediaObject, filename string) error {
	switch kind {
	case wa.KindImage:
		s.Image = o
	case wa.KindVideo:
		s.Video = o
	case wa.KindAudio:
		s.Audio = o
	case wa.KindDocument:
		o.Filename = filename
		s.Document = o
	case wa.KindSticker:
		s.Sticker = o
	default:
		return errors.New("the media is of no kind")
	}
	return nil
}

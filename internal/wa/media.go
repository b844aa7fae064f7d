package wa

import (
	"io"
	"time"
)

// MediaKind is how WhatsApp shows a media.
type MediaKind string

// The kinds of media.
const (
	KindImage    MediaKind = "image"
	KindVideo    MediaKind = "video"
	KindAudio    MediaKind = "audio"
	KindDocument MediaKind = "document"
	KindSticker  MediaKind = "sticker"
)

// Valid reports whether k is one of the kinds.
func (k MediaKind) Valid() bool {
	switch k {
	case KindImage, KindVideo, KindAudio, KindDocument, KindSticker:
		return true
	}
	return false
}

// HasCaption reports whether WhatsApp shows a caption with this kind.
func (k MediaKind) HasCaption() bool { return k == KindImage || k == KindVideo || k == KindDocument }

// MediaState says whether the bytes of a media are here.
type MediaState string

// The states of a media.
const (
	// MediaReady: the bytes are on disk.
	MediaReady MediaState = "ready"
	// MediaPending: an inbound media whose bytes are still to be fetched from
	// Meta.
	MediaPending MediaState = "pending"
	// MediaLost: an inbound media that could not be fetched.
	MediaLost MediaState = "lost"
)

// StoredMedia is a media that was uploaded by a customer or arrived with an
// inbound message. Its bytes are kept under their hash, once, however many
// media share them.
type StoredMedia struct {
	ID        MediaID
	AccountID AccountID
	State     MediaState
	Kind      MediaKind
	// MIMEType is what the bytes are (ready), or what Meta said (pending).
	MIMEType string
	// SHA256 is the hash of the bytes in lower-case hex; empty while pending.
	SHA256 string
	// Size is in bytes.
	Size      int64
	Filename  string
	CreatedAt time.Time
	// Inbound says where the bytes come from; nil for an upload.
	Inbound *InboundFile
	// Claim guards the fetch of a pending media; see [Message.Claim].
	Claim int
	// Attempts counts the fetches of a pending media.
	Attempts int
}

// InboundFile is a media of Meta's that is to be fetched.
type InboundFile struct {
	// MetaID is good for 7 days.
	MetaID   string
	NumberID string
	// SHA256 is in lower-case hex, "" if Meta did not say.
	SHA256 string
}

// MetaUpload is a media that was uploaded to Meta for a number.
type MetaUpload struct {
	MetaID string
	// ExpiresAt is when Meta forgets the id: 30 days after the upload.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
	// (read 2026-09).
	ExpiresAt time.Time
}

// File is the bytes of a media on their way to Meta.
type File struct {
	Name     string
	MIMEType string
	Size     int64
	// Open returns the bytes from the start; it may be called more than once.
	Open func() (io.ReadCloser, error)
}

// Download is a media on its way from Meta. The caller closes Body.
type Download struct {
	Body     io.ReadCloser
	MIMEType string
	// SHA256 is in lower-case hex; "" if Meta did not say.
	SHA256 string
	// Size is -1 if Meta did not say.
	Size int64
}

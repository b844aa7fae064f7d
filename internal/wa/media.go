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
	// Inbound says where the bytes of a received media come from, Link where those
	// come from that a message of the customer's named by its address; both are
	// nil for an upload.
	Inbound *InboundFile
	Link    *LinkOrigin
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
	// WAMID is the message that it came with.
	WAMID string
}

// LinkOrigin is the address that a media was fetched from. Nobody can name such
// a media: it is kept for as long as messages with that address may want it.
type LinkOrigin struct {
	// Hash is the SHA-256 of the address in lower-case hex. The address itself
	// is not kept: it may hold a secret.
	Hash string
	// FetchedAt is when the address last gave just these bytes.
	FetchedAt time.Time
}

// LinkedFile is a file on its way here from an address of a customer's. The
// caller closes Body.
type LinkedFile struct {
	Body io.ReadCloser
	// MIMEType and Name are what the server says; nothing to rely on.
	MIMEType string
	Name     string
	// Size is in bytes, -1 if the server did not say.
	Size int64
}

// MetaLink is what stands for a link in a message to Meta.
type MetaLink struct {
	// ID is Meta's id of the media behind the link.
	ID string
	// Filename is what the link's server calls the file; may be "".
	Filename string
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

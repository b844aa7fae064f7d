package media

import (
	"time"

	"github.com/waypost/waypost/internal/sim/rule"
)

// The kinds of media, named as Meta names message types.
const (
	Audio    = "audio"
	Document = "document"
	Image    = "image"
	Sticker  = "sticker"
	Video    = "video"
)

// Sizes and lives of media.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09)
const (
	// MaxSize is the most bytes of any medium: documents, and whatever a phone sends.
	MaxSize = 100 << 20
	// MaxUpload leaves room for the multipart frame around the largest medium.
	MaxUpload = MaxSize + 1<<20

	maxImage           = 5 << 20
	maxAudioVideo      = 16 << 20
	maxStaticSticker   = 100 << 10
	maxAnimatedSticker = 500 << 10

	// UploadLife is how long an uploaded medium can be sent and read back, InboundLife how long one from a phone can be read.
	UploadLife  = 30 * 24 * time.Hour
	InboundLife = 7 * 24 * time.Hour
	// LinkLife is how long a download address works.
	LinkLife = 5 * time.Minute
)

// KindOf returns the kind that Meta gives a MIME type without parameters, and nothing for a type it does not take.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09)
func KindOf(mimeType string) string {
	switch mimeType {
	case "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg":
		return Audio
	case "image/jpeg", "image/png":
		return Image
	case "image/webp":
		return Sticker
	case "video/mp4", "video/3gpp":
		return Video
	case "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return Document
	}
	return ""
}

// Limit returns the most bytes that Meta takes of a kind.
func Limit(kind string, animated bool) int64 {
	switch kind {
	case Image:
		return maxImage
	case Audio, Video:
		return maxAudioVideo
	case Sticker:
		if animated {
			return maxAnimatedSticker
		}
		return maxStaticSticker
	}
	return MaxSize
}

// BareType cuts the parameters off a MIME type; it is empty for what is none.
func BareType(mimeType string) string { return rule.BareType(mimeType) }

// isAnimated reads the animation flag of an extended WebP file.
// https://developers.google.com/speed/webp/docs/riff_container (read 2026-09)
func isAnimated(head []byte) bool {
	const flagsAt, animation = 20, 0x02
	return len(head) > flagsAt && string(head[:4]) == "RIFF" && string(head[8:16]) == "WEBPVP8X" && head[flagsAt]&animation != 0
}

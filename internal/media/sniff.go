package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"mime"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/image/webp"

	"github.com/waypost/waypost/internal/wa"
)

// sniffLength is how much of a file is looked at: mimetype's own window.
const sniffLength = 4096

// The types that need a name here.
const (
	typeText = "text/plain"
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeWebP = "image/webp"
	typeMP4  = "video/mp4"
	typeM4A  = "audio/mp4"
	typeOgg  = "audio/ogg"
	typeDoc  = "application/msword"
	typeXLS  = "application/vnd.ms-excel"
	typePPT  = "application/vnd.ms-powerpoint"
	typeDocx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typePPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	// typeUnknown is what may be anything.
	typeUnknown = "application/octet-stream"
)

// Meta's limits in bytes. It writes MB and KB and does not say which; these are
// the binary ones, so that nothing is refused here that Meta would take.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
// (read 2026-09).
const (
	maxImage           = 5 << 20
	maxSticker         = 100 << 10
	maxAnimatedSticker = 500 << 10
	maxVideo           = 16 << 20
	maxAudio           = 16 << 20
	maxDocument        = 100 << 20
)

const allowed = "WhatsApp takes JPEG and PNG images, WebP stickers, MP4 and 3GPP video, " +
	"AAC, AMR, MP3, M4A and Ogg Opus audio, and text, PDF, Word, Excel and PowerPoint documents"

// format is a type that Meta takes.
type format struct {
	mime  string
	kind  wa.MediaKind
	limit int64
	// limited is what the limit holds for, in words.
	limited string
}

// formatOf returns the format of a type by the list on the page above.
func formatOf(mimeType string) (format, bool) {
	switch mimeType {
	case typeJPEG, typePNG:
		return format{mimeType, wa.KindImage, maxImage, "an image may have at most 5 MB"}, true
	case typeWebP:
		return format{mimeType, wa.KindSticker, maxSticker, "a sticker may have at most 100 KB"}, true
	case typeMP4, "video/3gpp":
		return format{mimeType, wa.KindVideo, maxVideo, "a video may have at most 16 MB"}, true
	case "audio/aac", "audio/amr", "audio/mpeg", typeM4A, typeOgg:
		return format{mimeType, wa.KindAudio, maxAudio, "audio may have at most 16 MB"}, true
	case typeText, "application/pdf", typeDoc, typeXLS, typePPT, typeDocx, typeXLSX, typePPTX:
		return format{mimeType, wa.KindDocument, maxDocument, "a document may have at most 100 MB"}, true
	}
	return format{}, false
}

// sniff says what a file is by its beginning. The declared type and the name
// count only where the bytes leave it open; both may be empty.
func sniff(head []byte, filename, declared string) (format, error) {
	if len(head) == 0 {
		return format{}, refused("the file is empty")
	}
	said := claim{baseType(declared), strings.ToLower(path.Ext(filename))}
	found := baseType(mimetype.Detect(head).String())
	f, ok := formatOf(said.settle(found, head))
	if !ok {
		return format{}, refused(fmt.Sprintf("the file is %s; %s", describe(found), allowed))
	}
	if f.mime == typeWebP && animated(head) {
		f.limit, f.limited = maxAnimatedSticker, "an animated sticker may have at most 500 KB"
	}
	return f, nil
}

func baseType(t string) string {
	base, _, err := mime.ParseMediaType(t)
	if err != nil {
		return ""
	}
	return base
}

func describe(found string) string {
	switch found {
	case typeUnknown:
		return "of an unknown type"
	case typeOgg, "application/ogg":
		return "Ogg without Opus"
	case "text/csv", "text/tab-separated-values":
		return found + " (a table can be sent as text/plain or with a name that ends in .txt)"
	}
	return found
}

// claim is what came along with a file.
type claim struct{ mime, ext string }

// settle returns the type by Meta's name, or one that Meta does not take.
func (c claim) settle(found string, head []byte) string {
	switch found {
	case "image/apng": // a PNG that also moves
		return typePNG
	case "audio/ogg", "application/ogg":
		// The first page of an Ogg file holds the codec's header alone, at 28.
		if len(head) >= 36 && string(head[28:36]) == "OpusHead" {
			return typeOgg
		}
		return "application/ogg"
	case "audio/x-m4a", typeM4A, typeMP4, "video/x-m4v":
		return c.mp4(found)
	case "application/x-ole-storage":
		return c.office()
	case "application/zip":
		if officeZip(head) {
			return c.office()
		}
	case "text/csv", "text/tab-separated-values", "text/vtt", "application/x-subrip", "message/rfc822", "text/vnd.familysearch.gedcom":
		// Text that happens to look like a table, subtitles, a mail or a family
		// tree is still text to whoever sends it as such.
		if c.mime == typeText || c.ext == ".txt" {
			return typeText
		}
	}
	return found
}

// mp4 tells sound from pictures: the beginning of an MP4 file need not, since
// phones record sound under the brand of video, and one brand is both.
func (c claim) mp4(found string) string {
	switch {
	case found == "audio/x-m4a":
		return typeM4A
	case found == typeM4A && (c.mime == typeMP4 || c.ext == ".mp4"):
		return typeMP4
	case found == typeM4A, c.ext == ".m4a", c.mime == typeM4A, c.mime == "audio/x-m4a", c.mime == "audio/m4a":
		return typeM4A
	}
	return typeMP4
}

// office is the type that is claimed for a container whose beginning does not
// show what is in it.
func (c claim) office() string {
	switch c.mime {
	case typeDoc, typeXLS, typePPT, typeDocx, typeXLSX, typePPTX:
		return c.mime
	}
	switch c.ext {
	case ".doc":
		return typeDoc
	case ".xls":
		return typeXLS
	case ".ppt":
		return typePPT
	case ".docx":
		return typeDocx
	case ".xlsx":
		return typeXLSX
	case ".pptx":
		return typePPTX
	}
	return ""
}

// officeZip reports whether a ZIP file begins as Office writes it.
func officeZip(head []byte) bool {
	const fixed = 30 // the local header; the name follows
	if len(head) < fixed {
		return false
	}
	n := int(binary.LittleEndian.Uint16(head[26:28]))
	name := string(head[fixed:min(fixed+n, len(head))])
	return name == "[Content_Types].xml" || strings.HasPrefix(name, "_rels/") || strings.HasPrefix(name, "docProps/")
}

// animated reads the flag of an extended WebP file.
// https://developers.google.com/speed/webp/docs/riff_container (read 2026-09).
func animated(head []byte) bool {
	return len(head) > 20 && string(head[12:16]) == "VP8X" && head[20]&0x02 != 0
}

const (
	// maxPixels is ours: a small file can unfold to gigabytes on the phone and
	// in whatever makes a preview of it.
	maxPixels = 50_000_000
	// headerLength is how far the size of an image is looked for. Real headers
	// are shorter; one that is not is nobody's reason to refuse the image.
	headerLength = 1 << 20
)

// checkPixels refuses an image of too many pixels. It returns the whole body
// again. An image whose header cannot be read passes: Meta decides.
func checkPixels(f format, body io.Reader) (io.Reader, error) {
	var decode func(io.Reader) (image.Config, error)
	switch f.mime {
	case typeJPEG:
		decode = jpeg.DecodeConfig
	case typePNG:
		decode = png.DecodeConfig
	case typeWebP:
		decode = webp.DecodeConfig
	default:
		return body, nil
	}
	var seen bytes.Buffer
	c, err := decode(io.TeeReader(io.LimitReader(body, headerLength), &seen))
	overflow := errors.Is(err, png.UnsupportedError("dimension overflow"))
	if overflow || (err == nil && int64(c.Width)*int64(c.Height) > maxPixels) {
		return nil, refused("the image has more than 50 megapixels")
	}
	return io.MultiReader(&seen, body), nil
}

func refused(detail string) error {
	return &wa.Error{
		Code: wa.CodeInvalid, Message: "the file cannot be sent",
		Problems: []wa.Problem{{Field: "file", Rule: wa.RuleBadMedia, Detail: detail}},
	}
}

func (f format) tooLarge() error {
	return &wa.Error{
		Code: wa.CodeTooLarge, Message: "the file is too large",
		Problems: []wa.Problem{{
			Field: "file", Rule: wa.RuleTooLong, Limit: int(f.limit), Found: int(f.limit) + 1,
			Detail: f.limited,
		}},
	}
}

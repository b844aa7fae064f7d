package number

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/waypost/waypost/internal/wa"
)

// maxPicture is far above any picture of a profile: 640 by 640 pixels are shown.
const maxPicture = 5 << 20

// UploadPicture gives Meta a picture for the profile, JPEG or PNG of up to 5 MB, and
// returns the handle for [wa.ProfileChange]. CodeInvalid.
func (d *Desk) UploadPicture(ctx context.Context, src wa.Source, name string, picture []byte) (string, error) {
	kind := http.DetectContentType(picture)
	if kind != "image/jpeg" && kind != "image/png" || len(picture) > maxPicture {
		return "", invalid([]wa.Problem{{Field: "picture", Rule: wa.RuleMalformed, Detail: "must be a JPEG or PNG of at most 5 MB"}})
	}
	return d.Meta.UploadSample(ctx, src.Number, wa.File{
		Name: name, MIMEType: kind, Size: int64(len(picture)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(picture)), nil },
	})
}

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// mediaRoutes is what there is under /v1/media.
func (s *Server) mediaRoutes() []route {
	return []route{
		at(http.MethodGet, "/media/{id}", "get-media", "Read what is known of a media: whether its bytes are here, and since when", s.getMedia),
	}
}

// MediaPath is a request about one media. It is exported because the library looks
// only into what is.
type MediaPath struct {
	ID string `path:"id" maxLength:"64" doc:"The id that the upload returned, or that a webhook named"`
}

// Media is a media with all that is known of it but its bytes.
type Media struct {
	ID    wa.MediaID    `json:"id"`
	State wa.MediaState `json:"state" doc:"ready, pending (a received one that is still to be fetched from Meta) or lost" example:"ready"`
	Kind  wa.MediaKind  `json:"kind" doc:"image, video, audio, document or sticker"`
	// MIMEType is Meta's word until the bytes are here.
	MIMEType  string       `json:"mime_type,omitempty" example:"image/jpeg"`
	SHA256    string       `json:"sha256,omitempty" doc:"Of the bytes, in lower-case hex; missing until they are here"`
	Size      int64        `json:"size,omitempty" doc:"In bytes; missing until they are here"`
	Filename  string       `json:"filename,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	Events    []MediaEvent `json:"events" doc:"One once a received media is ready or lost; an upload has none"`
}

// MediaEvent is what became of a received media.
type MediaEvent struct {
	At    time.Time     `json:"at"`
	State wa.MediaState `json:"state" doc:"ready or lost"`
}

// Curator tells what is known of media.
type Curator struct {
	Library interface {
		// Stat returns one media; wa.CodeNotFound, also for one of another account.
		Stat(context.Context, wa.AccountID, wa.MediaID) (wa.StoredMedia, error)
	}
	Journal interface {
		MediaEvents(context.Context, wa.AccountID, wa.MediaID) ([]wa.Event, error)
	}
}

// Media returns a media with its events; wa.CodeNotFound, also for one of another
// account.
func (c Curator) Media(ctx context.Context, account wa.AccountID, id wa.MediaID) (Media, error) {
	m, err := c.Library.Stat(ctx, account, id)
	if err != nil {
		return Media{}, err
	}
	v := Media{
		ID: m.ID, State: m.State, Kind: m.Kind, MIMEType: m.MIMEType, SHA256: m.SHA256, Size: m.Size, Filename: m.Filename,
		CreatedAt: m.CreatedAt.UTC(), Events: []MediaEvent{},
	}
	events, err := c.Journal.MediaEvents(ctx, account, id)
	if err != nil {
		return Media{}, err
	}
	for _, e := range events {
		if e.Media != nil {
			v.Events = append(v.Events, MediaEvent{At: e.At.UTC(), State: e.Media.State})
		}
	}
	return v, nil
}

func (s *Server) getMedia(ctx context.Context, in *MediaPath) (*got[Media], error) {
	v, err := s.Curator.Media(ctx, accountOf(ctx), wa.MediaID(in.ID))
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[Media]{v}, nil
}

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// messageRoutes is what there is under /v1/messages.
func (s *Server) messageRoutes() []route {
	const one = "/messages/{id}"
	return []route{
		at(http.MethodGet, one, "get-message", "Read what became of a message: its attempts and its statuses", s.getMessage),
		at(http.MethodGet, one+"/forecast", "forecast-message", "Ask when a message will go, and what it waits for", s.forecast),
	}
}

// MessagePath is a request about one message. It is exported because the library
// looks only into what is.
type MessagePath struct {
	ID string `path:"id" maxLength:"64" doc:"The id that the send returned"`
}

// Forecast says when a message is likely to go, as things stand.
type Forecast struct {
	Reason    wa.ForecastReason `json:"waits_for" doc:"none, sending, uncertain, paused, pair, retry or queue" example:"queue"`
	At        *time.Time        `json:"at,omitempty" doc:"The earliest time; missing if it does not wait or nobody can say"`
	Details   string            `json:"details,omitempty" doc:"Why, in words"`
	Ahead     int               `json:"ahead" doc:"How many messages go before it"`
	More      bool              `json:"more,omitempty" doc:"There are still more ahead than were counted"`
	PerSecond float64           `json:"per_second,omitempty" doc:"How many messages a second the number may send now"`
}

func (s *Server) getMessage(ctx context.Context, in *MessagePath) (*got[Message], error) {
	v, err := s.Narrator.Message(ctx, accountOf(ctx), wa.MessageID(in.ID))
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[Message]{v}, nil
}

func (s *Server) forecast(ctx context.Context, in *MessagePath) (*got[Forecast], error) {
	d, err := s.Narrator.Kept.Doubt(ctx, accountOf(ctx), wa.MessageID(in.ID))
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	f, err := s.When(ctx, d.Message)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[Forecast]{Forecast{
		Reason: f.Reason, At: moment(f.At), Details: f.Details, Ahead: f.Ahead, More: f.More, PerSecond: f.PerSecond,
	}}, nil
}

package waapi

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/send"
)

const textReceived = "Request received successfully."

// accepted is the data of a send. IDs is given for more than one message only:
// for one, the reply is the vendor's to the byte.
type accepted struct {
	ID  wa.MessageID   `json:"id"`
	IDs []wa.MessageID `json:"ids,omitempty"`
}

// postMessage takes all messages of a request, or none.
func (s *Server) postMessage(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	request, err := send.Decode(body)
	if err != nil {
		return err
	}
	if err := s.take(r.Context(), c.account, request); err != nil {
		return err
	}
	return succeed(w, textReceived, receipt(request.Messages))
}

// take completes messages and accepts them, all or none.
func (s *Server) take(ctx context.Context, account wa.AccountID, request send.Request) error {
	if err := s.gate.Admit(ctx, account, request.Messages, request.Where); err != nil {
		return err
	}
	if err := s.intake.Accept(ctx, request.Messages); err != nil {
		return err
	}
	for _, m := range request.Messages {
		s.log.LogAttrs(ctx, slog.LevelInfo, "message accepted", slog.String("message_id", string(m.ID)),
			slog.String("account", string(m.AccountID)), slog.String("source_id", string(m.SourceID)),
			slog.String("number_id", m.NumberID), slog.String("type", string(m.Content.Type())))
	}
	return nil
}

func receipt(ms []wa.Message) accepted {
	a := accepted{ID: ms[0].ID}
	if len(ms) > 1 {
		for _, m := range ms {
			a.IDs = append(a.IDs, m.ID)
		}
	}
	return a
}

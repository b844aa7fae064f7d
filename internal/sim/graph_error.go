package sim

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/rule"
)

// badToken answers a request without a token that anybody knows. Its message carries no code, as Meta's does not.
func badToken(message string) *rule.Error {
	return &rule.Error{Status: http.StatusUnauthorized, Code: rule.CodeToken, Kind: rule.TypeOAuth, Message: message}
}

// answerGraphError writes err in Meta's shape. Anything that is not a refusal is the simulator's own fault.
func (s *Sim) answerGraphError(w http.ResponseWriter, r *http.Request, err error) {
	var refused *rule.Error
	if !errors.As(err, &refused) {
		s.log.ErrorContext(r.Context(), "request failed", slog.String("path", r.URL.Path), slog.Any("err", err))
		refused = &rule.Error{
			Status: http.StatusInternalServerError, Code: rule.CodeUnknown, Kind: rule.TypeOAuth,
			Message: "(#131000) Something went wrong", Details: "the simulator could not do its part; its log says why",
		}
	}
	if err := face.WriteJSON(w, refused.Status, face.Refusal(refused, s.trace())); err != nil {
		s.log.DebugContext(r.Context(), "answer lost", slog.Any("err", err))
	}
}

// trace makes an fbtrace_id.
func (s *Sim) trace() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "A" + s.random.hex()[:22]
}

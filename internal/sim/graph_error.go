package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/waypost/waypost/internal/sim/rule"
)

const messagingProduct = "whatsapp"

// badToken answers a request without a token that anybody knows. Its message carries no code, as Meta's does not.
func badToken(message string) *rule.Error {
	return &rule.Error{Status: http.StatusUnauthorized, Code: rule.CodeToken, Kind: rule.TypeOAuth, Message: message}
}

// errorBody is the envelope of every error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type errorBody struct {
	Error struct {
		Message   string     `json:"message"`
		Type      string     `json:"type"`
		Code      int        `json:"code"`
		Subcode   int        `json:"error_subcode,omitempty"`
		Title     string     `json:"error_user_title,omitempty"`
		User      string     `json:"error_user_msg,omitempty"`
		Data      *errorData `json:"error_data,omitempty"`
		Transient bool       `json:"is_transient,omitempty"`
		Trace     string     `json:"fbtrace_id"`
	} `json:"error"`
}

type errorData struct {
	Product string `json:"messaging_product,omitempty"` // absent in the errors of a status
	Details string `json:"details"`
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
	if err := writeJSON(w, refused.Status, s.errorAnswer(refused)); err != nil {
		s.log.DebugContext(r.Context(), "answer lost", slog.Any("err", err))
	}
}

// errorAnswer is the body of a refusal.
func (s *Sim) errorAnswer(refused *rule.Error) (body errorBody) {
	e := &body.Error
	e.Message, e.Type, e.Code, e.Subcode = refused.Message, refused.Kind, refused.Code, refused.Subcode
	e.Transient = refused.Transient
	e.Title, e.User = refused.UserTitle, refused.UserMessage
	if refused.Details != "" {
		e.Data = &errorData{Product: messagingProduct, Details: refused.Details}
	}
	e.Trace = s.trace()
	return body
}

// trace makes an fbtrace_id.
func (s *Sim) trace() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "A" + s.random.hex()[:22]
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

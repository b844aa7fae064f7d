package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// Meta's error codes that this face gives.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
const (
	codeParameter    = 100    // something about the request is wrong
	codeToken        = 190    // no token, or one nobody knows
	codePath         = 2500   // no such path
	codeUnknown      = 131000 // Meta's own fault
	codeRequired     = 131008 // a parameter is missing
	codeValue        = 131009 // a parameter's value does not hold
	codeSelf         = 131021 // the recipient is the sender
	codeWindow       = 131047 // the user has not written in the last 24 hours
	codeUnsupported  = 131051 // the type of message is not supported
	codeUpload       = 131053 // the upload is not acceptable
	subcodeNoObject  = 33     // with codeParameter: no such object, or not for this token
	errorTypeOAuth   = "OAuthException"
	errorTypeMethod  = "GraphMethodException"
	errorPage        = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"
	messagingProduct = "whatsapp"
)

// graphError is a refusal in Meta's shape. Details are for people; clients go by the code.
type graphError struct {
	status  int
	code    int
	subcode int
	kind    string
	message string
	details string
}

func (e *graphError) Error() string {
	return fmt.Sprintf("graph error %d: %s: %s", e.code, e.message, e.details)
}

// refuse is the common refusal: HTTP 400 with the code in the message and a sentence of detail.
func refuse(code int, title, format string, args ...any) *graphError {
	return &graphError{
		status:  http.StatusBadRequest,
		code:    code,
		kind:    errorTypeOAuth,
		message: fmt.Sprintf("(#%d) %s", code, title),
		details: fmt.Sprintf(format, args...),
	}
}

func badParameter(format string, args ...any) *graphError {
	return refuse(codeParameter, "Invalid parameter", format, args...)
}

func badValue(format string, args ...any) *graphError {
	return refuse(codeValue, "Parameter value is not valid", format, args...)
}

func missing(name string) *graphError {
	return refuse(codeRequired, "Required parameter is missing", "parameter %s is required", name)
}

// badToken answers a request without a token that anybody knows. Its message carries no code, as Meta's does not.
func badToken(message string) *graphError {
	return &graphError{status: http.StatusUnauthorized, code: codeToken, kind: errorTypeOAuth, message: message}
}

// noObject is Meta's answer both for an id that is nothing and for one that belongs to somebody else.
func noObject(method, id string) *graphError {
	return &graphError{
		status: http.StatusBadRequest, code: codeParameter, subcode: subcodeNoObject, kind: errorTypeMethod,
		message: fmt.Sprintf("Unsupported %s request. No object with ID '%s' is visible to this token, or it has no such operation.",
			strings.ToLower(method), id),
	}
}

// errorBody is the envelope of every error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type errorBody struct {
	Error struct {
		Message string     `json:"message"`
		Type    string     `json:"type"`
		Code    int        `json:"code"`
		Subcode int        `json:"error_subcode,omitempty"`
		Data    *errorData `json:"error_data,omitempty"`
		Trace   string     `json:"fbtrace_id"`
	} `json:"error"`
}

type errorData struct {
	Product string `json:"messaging_product,omitempty"` // absent in the errors of a status
	Details string `json:"details"`
}

// answerGraphError writes err in Meta's shape. Anything that is not a refusal is the simulator's own fault.
func (s *Sim) answerGraphError(w http.ResponseWriter, r *http.Request, err error) {
	var refused *graphError
	if !errors.As(err, &refused) {
		s.log.ErrorContext(r.Context(), "request failed", slog.String("path", r.URL.Path), slog.Any("err", err))
		refused = &graphError{
			status: http.StatusInternalServerError, code: codeUnknown, kind: errorTypeOAuth,
			message: "(#131000) Something went wrong", details: "the simulator could not do its part; its log says why",
		}
	}
	var body errorBody
	body.Error.Message, body.Error.Type = refused.message, refused.kind
	body.Error.Code, body.Error.Subcode = refused.code, refused.subcode
	if refused.details != "" {
		body.Error.Data = &errorData{Product: messagingProduct, Details: refused.details}
	}
	body.Error.Trace = s.trace()
	if err := writeJSON(w, refused.status, body); err != nil {
		s.log.DebugContext(r.Context(), "answer lost", slog.Any("err", err))
	}
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
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

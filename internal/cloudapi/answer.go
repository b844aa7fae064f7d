package cloudapi

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAnswer is far above any answer of Meta's; what is longer is none.
const maxAnswer = 1 << 20

// answer is what came back of one request.
type answer struct {
	status int
	body   []byte
	// whole is false if the body was cut or longer than maxAnswer.
	whole bool
}

// readAnswer reads and closes the body.
func readAnswer(resp *http.Response) answer {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	return answer{status: resp.StatusCode, body: body, whole: err == nil && len(body) <= maxAnswer}
}

func (a answer) ok() bool       { return a.status/100 == 2 }
func (a answer) redirect() bool { return a.status/100 == 3 }

// graphError is an error as Meta writes it in an answer. Decide on the code,
// not on the title.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type graphError struct {
	Code      text      `json:"code"`
	Subcode   text      `json:"error_subcode"`
	Message   text      `json:"message"`
	Data      errorData `json:"error_data"`
	UserText  text      `json:"error_user_msg"`
	Transient bool      `json:"is_transient"`
	Trace     text      `json:"fbtrace_id"`
}

type errorData struct {
	Details text `json:"details"`
}

// graphError returns the error that a complete answer holds.
func (a answer) graphError() (graphError, bool) {
	if !a.whole || !json.Valid(a.body) {
		return graphError{}, false
	}
	var envelope struct {
		Error graphError `json:"error"`
	}
	lenient(a.body, &envelope)
	_, err := strconv.Atoi(string(envelope.Error.Code))
	return envelope.Error, err == nil
}

func (e graphError) code() int {
	n, _ := strconv.Atoi(string(e.Code))
	return n
}

// missingObject is Meta's way to say that an id in the request is nothing, or
// nothing that the token may see. The subcode is deprecated, but this one has
// no code of its own.
func (e graphError) missingObject() bool {
	return e.code() == codeInvalidParameter && e.Subcode == "33"
}

// title is the message without the "(#131056) " before it.
func (e graphError) title() string {
	s := string(e.Message)
	if rest, found := strings.CutPrefix(s, "(#"); found {
		if _, after, found := strings.Cut(rest, ") "); found {
			return after
		}
	}
	return s
}

func (e graphError) details() string {
	if e.Data.Details != "" {
		return string(e.Data.Details)
	}
	return string(e.UserText)
}

// text is a string that Meta also writes as a number here and there, and that
// may be null. What is neither is "".
type text string

// UnmarshalJSON never fails: one odd field must not cost the rest.
func (t *text) UnmarshalJSON(data []byte) error {
	switch c := data[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return nil //nolint:nilerr // see above
		}
		// NUL is legal in JSON, but not every database takes it in a text.
		*t = text(strings.ReplaceAll(s, "\x00", "\uFFFD"))
	case c == '-' || '0' <= c && c <= '9':
		*t = text(data)
	}
	return nil
}

// time reads unix seconds; the zero time if it is none.
func (t text) time() time.Time {
	s, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil || s <= 0 || s > maxUnix {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// maxUnix is the end of the year 9999, beyond which times cannot be written.
const maxUnix = 253402300799

// lenient decodes what fits and leaves the rest: encoding/json goes on after a
// value of the wrong type and only reports it.
func lenient(data []byte, into any) { _ = json.Unmarshal(data, into) }

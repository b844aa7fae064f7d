package cloudapi

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
)

// maxAnswer is far above any answer of Meta's; what is longer is none.
const maxAnswer = 1 << 20

// answer is what came back of one request.
type answer struct {
	status int
	body   []byte
	// whole is false if the body was cut or longer than maxAnswer.
	whole bool
	// date is Meta's clock, as its header says it.
	date string
}

// readAnswer reads and closes the body.
func readAnswer(resp *http.Response) answer {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	return answer{status: resp.StatusCode, body: body, whole: err == nil && len(body) <= maxAnswer, date: resp.Header.Get("Date")}
}

func (a answer) ok() bool       { return a.status/100 == 2 }
func (a answer) redirect() bool { return a.status/100 == 3 }

// graphError returns the error that a complete answer holds.
func (a answer) graphError() (fault.Error, bool) {
	if !a.whole || !json.Valid(a.body) {
		return fault.Error{}, false
	}
	var envelope struct {
		Error fault.Error `json:"error"`
	}
	node.Read(a.body, &envelope)
	_, err := strconv.Atoi(string(envelope.Error.Code))
	return envelope.Error, err == nil
}

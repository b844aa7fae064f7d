package failure

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// Failure is an error as a client sees it. By the vendor's ways a request that
// is understood and refused is HTTP 200; other statuses are for what never
// reached the API.
type Failure struct {
	// Status is the HTTP status.
	Status int
	// Code is the vendor's; "" where the vendor sends none.
	Code    string
	Message string
	// Err is the cause, for the log only.
	Err error
}

// Error implements the error interface.
func (f *Failure) Error() string { return f.Code + " " + f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Of returns what a client is told of an error: of a [*Failure] what it says, of
// a [*wa.Error] with wa.CodeInvalid and problems what the vendor says of these.
// Of anything else the client learns nothing but whether to come again.
func Of(err error) *Failure {
	if f, ok := known(err); ok {
		return f
	}
	status := http.StatusInternalServerError
	if wa.CodeOf(err) == wa.CodeUnavailable {
		status = http.StatusServiceUnavailable
	}
	return &Failure{Status: status, Code: CodeTechnical, Message: textTechnical, Err: err}
}

// known returns the failure that an error is for a client; false if it is one
// that the client learns nothing of.
func known(err error) (*Failure, bool) {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f, true
	}
	if e, ok := errors.AsType[*wa.Error](err); ok && e.Code == wa.CodeInvalid {
		return errors.AsType[*Failure](Refuse(e.Problems...))
	}
	return nil, false
}

// Refuse returns one [*Failure] for all problems of a request, nil if there are
// none. What is missing is named together, before what does not hold.
func Refuse(ps ...wa.Problem) error {
	var missing, texts []string
	var code string
	for _, p := range ps {
		if p.Rule == wa.RuleRequired {
			missing = append(missing, p.Field)
			continue
		}
		r, ok := rowOf(p)
		if !ok {
			return fmt.Errorf("no row for rule %s of %s", p.Rule, p.Field)
		}
		code = r.code
		texts = append(texts, r.say(p))
	}
	switch {
	case missing != nil:
		p := wa.Problem{Field: strings.Join(missing, ", "), Rule: wa.RuleRequired}
		r, _ := rowOf(p) // there is one for any field
		return &Failure{Status: http.StatusOK, Code: r.code, Message: r.say(p)}
	case texts != nil:
		return &Failure{Status: http.StatusOK, Code: code, Message: strings.Join(texts, "; ")}
	}
	return nil
}

// At says which part of a request a failure is about: where leads its message,
// such as "message[1]: "; "" is nowhere special. Any other error is returned as
// it is.
func At(where string, err error) error {
	if where == "" {
		return err
	}
	return reworded(err, func(message string) string { return where + message })
}

// InWords names fields in a failure the way the client knows them; words are
// pairs of ours and the client's. Any other error is returned as it is.
func InWords(err error, words ...string) error {
	return reworded(err, strings.NewReplacer(words...).Replace)
}

func reworded(err error, change func(string) string) error {
	f, ok := known(err)
	if !ok {
		return err
	}
	return &Failure{Status: f.Status, Code: f.Code, Message: change(f.Message), Err: f.Err}
}

// Remark says why a message failed, in a form that may be relied on:
//
//	<vendor code> <vendor text> (Meta <code>: <title>)
//
// Without a vendor code, what is in the parentheses stands alone; a failure of
// our own has no "Meta <code>: ".
func Remark(f wa.Failure) string {
	cause := f.Title
	if f.Code != 0 {
		cause = strings.TrimSuffix("Meta "+strconv.Itoa(f.Code)+": "+f.Title, ": ")
	}
	if f.VendorCode == "" {
		return cause
	}
	vendor := strings.TrimSpace(f.VendorCode + " " + Text(f.VendorCode))
	if cause == "" {
		return vendor
	}
	return vendor + " (" + cause + ")"
}

package waapi

import (
	"net/http"

	"github.com/waypost/waypost/internal/waapi/admission"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// Failures of whole requests.
var (
	errNoPath      error = &failure.Failure{Status: http.StatusNotFound, Code: failure.CodeInvalid, Message: "No such path"}
	errNotProvided error = &failure.Failure{Status: http.StatusNotFound, Code: failure.CodeInvalid, Message: "Not provided by this gateway"}
	errNoMethod    error = &failure.Failure{Status: http.StatusMethodNotAllowed, Code: failure.CodeInvalid, Message: "Method not allowed"}
	errNoTunnel    error = &failure.Failure{Status: http.StatusMethodNotAllowed, Code: failure.CodeInvalid, Message: "Method not allowed: this is no proxy for https, use an http address"}
	errNoMedia     error = &failure.Failure{Status: http.StatusNotFound, Code: failure.CodeBadMedia, Message: failure.Text(failure.CodeBadMedia)}
	errNoSource    error = &failure.Failure{Status: http.StatusNotFound, Code: failure.CodeInvalid, Message: "source does not exist"}
	errTooLarge    error = &failure.Failure{Status: http.StatusRequestEntityTooLarge, Code: failure.CodeInvalid, Message: "Request body is too large"}
	errEncoded     error = &failure.Failure{Status: http.StatusUnsupportedMediaType, Code: failure.CodeInvalid, Message: "Content-Encoding is not supported"}
	errTimeout     error = &failure.Failure{Status: http.StatusRequestTimeout, Code: failure.CodeInvalid, Message: "Request body did not arrive in time"}
	errCut         error = &failure.Failure{Status: http.StatusBadRequest, Code: failure.CodeInvalid, Message: "Request body is incomplete"}
	errNotForm     error = &failure.Failure{Status: http.StatusOK, Code: failure.CodeInvalid, Message: "Request body must be multipart/form-data"}
	errSourceTaken error = &failure.Failure{Status: http.StatusOK, Code: failure.CodeInvalid, Message: "source id already exists"}
	errForbidden   error = &failure.Failure{Status: http.StatusForbidden, Code: "403", Message: "Access Denied"}
)

// TextsWithoutCode are the failures that have none: the vendor gives them a text
// only, or a body of another shape.
func TextsWithoutCode() []failure.CodeText {
	return []failure.CodeText{{
		Field: "phone_number", Text: textNoOptIn + "{number}", HTTP: http.StatusOK,
		Remedy: "Nothing: the person never opted in, or has opted out since.",
	}}
}

// ErrorCodes returns every code of the vendor's with all the texts it is
// answered with. docs/errors.md is made from it.
func ErrorCodes() []failure.Code {
	all := failure.Codes()
	for i := range all {
		for _, w := range wholeRequests() {
			if f := failure.Of(w.err); f.Code == all[i].Code {
				all[i].Texts = append(all[i].Texts, failure.CodeText{Text: f.Message, Remedy: w.remedy, HTTP: f.Status})
			}
		}
	}
	return all
}

// wholeRequest is a failure of a request that has not got as far as a field.
type wholeRequest struct {
	err    error
	remedy string
}

func wholeRequests() []wholeRequest {
	return []wholeRequest{
		{lenient.ErrNotJSON, "Send one JSON object."},
		{lenient.ErrNotObject, "Send one JSON object."},
		{lenient.ErrNotUTF8, "Encode the body as UTF-8."},
		{lenient.ErrTooDeep, "Send fewer levels."},
		{lenient.ErrTooWide, "Send fewer keys."},
		{errNotForm, "Send the file as multipart/form-data in a part called file."},
		{errCut, "Send as many bytes as Content-Length says."},
		{errTooLarge, "Send at most 1 MiB of JSON, or a file within WhatsApp's limit."},
		{errEncoded, "Send the body without Content-Encoding."},
		{errTimeout, "Send the body without long pauses."},
		{errNoPath, "Compare the address with docs/compatibility.md."},
		{errNotProvided, "Do it at Meta; docs/compatibility.md says what is not provided."},
		{errNoMethod, "Use one of the methods in the Allow header."},
		{errNoTunnel, "Give the client the gateway as an http address; a proxy for https cannot look into a request."},
		{errNoMedia, "Upload the file again."},
		{errNoSource, "List the sources with GET /api/v2/source/."},
		{errAlreadyOptedIn, "Nothing: the person is opted in."},
		{admission.ErrNoSource, "Create a source with POST /api/v2/source/."},
		{failed(http.StatusInternalServerError, failure.Text(failure.CodeTechnical)), "Look at the gateway's log."},
		{failed(http.StatusServiceUnavailable, failure.Text(failure.CodeTechnical)), "Repeat the request after the time in Retry-After."},
		{failed(http.StatusInternalServerError, textConsentFailed), "Look at the gateway's log; the consent was not recorded."},
		{failed(http.StatusServiceUnavailable, textConsentFailed), "Repeat the request after the time in Retry-After."},
		{errSourceTaken, "Choose another id, or change the source with PATCH."},
	}
}

// failed is a failure of ours, not of the request.
func failed(status int, text string) error {
	return &failure.Failure{Status: status, Code: failure.CodeTechnical, Message: text}
}

package rule

import (
	"fmt"
	"net/http"
	"strings"
)

// Meta's error codes that the Graph face gives.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
const (
	CodeParameter        = 100    // something about the request is wrong
	CodeToken            = 190    // no token, or one nobody knows
	CodePermission       = 200    // the token or account may not do this
	CodeNoSuch           = 803    // the OpenAPI file has it for a part of an object that is not there
	CodeHandshake        = 2200   // a receiver did not prove itself
	CodePath             = 2500   // no such path
	CodeThroughput       = 130429 // more messages than the number may send
	CodePairRate         = 131056 // more messages to one user than Meta takes
	CodeUnknown          = 131000 // Meta's own fault
	CodeRequired         = 131008 // a parameter is missing
	CodeValue            = 131009 // a parameter's value does not hold
	CodeSelf             = 131021 // the recipient is the sender
	CodeUndeliverable    = 131026 // the recipient cannot get it
	CodeWindow           = 131047 // the user has not written in the last 24 hours
	CodeCapped           = 131049 // the user had enough marketing
	CodeStopped          = 131050 // the user stopped the marketing of this business
	CodeUnsupported      = 131051 // the type of message is not supported
	CodeUpload           = 131053 // the upload is not acceptable
	CodeUserID           = 131062 // what is sent is not for a business-scoped user id
	CodeCursor           = 131059 // the cursor of a list is none
	CodeGroupCount       = 131211 // a number has too many groups
	CodeTemplateCount    = 132000 // a template wants another number of parameters
	CodeTemplateMissing  = 132001 // no such template in that language, or not approved
	CodeTemplateLength   = 132005 // a template is too long once its parameters are filled in
	CodeTemplatePolicy   = 132007 // a parameter has characters that are not allowed
	CodeTemplateFormat   = 132012 // a parameter is of another kind than the template has
	CodeTemplatePaused   = 132015 // the template is paused
	CodeTemplateDisabled = 132016 // the template is disabled
	CodePIN              = 133005 // not the PIN of the two-step verification
	CodeReverify         = 133006 // the number has to be verified first
	CodePINGuesses       = 133008 // too many wrong PINs
	CodeUnregistered     = 133010 // the number is not registered
	CodeMoves            = 133016 // registered and deregistered too often
	CodeBlock            = 139100 // some users could not be blocked or unblocked
	CodeUsername         = 147001 // the username is not acceptable; the next ones say why
	SubcodeNoObject      = 33     // with CodeParameter: no such object, or not for this token

	TypeOAuth  = "OAuthException"
	TypeMethod = "GraphMethodException"
	ErrorPage  = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"
)

// Error is a refusal in Meta's shape. Details are for people; clients go by the code. The user's title and message come with
// the refusals of templates only.
type Error struct {
	Status      int
	Code        int
	Subcode     int
	Kind        string
	Message     string
	Details     string
	UserTitle   string
	UserMessage string
	Transient   bool // the same request may succeed later
}

func (e *Error) Error() string {
	return fmt.Sprintf("graph error %d: %s: %s", e.Code, e.Message, e.Details)
}

// Refuse is the common refusal: HTTP 400 with the code in the message and a sentence of detail.
func Refuse(code int, title, format string, args ...any) *Error {
	return &Error{
		Status:  http.StatusBadRequest,
		Code:    code,
		Kind:    TypeOAuth,
		Message: fmt.Sprintf("(#%d) %s", code, title),
		Details: fmt.Sprintf(format, args...),
	}
}

// BadParameter refuses what has the wrong shape: code 100.
func BadParameter(format string, args ...any) *Error {
	return Refuse(CodeParameter, "Invalid parameter", format, args...)
}

// BadValue refuses a value that does not hold: code 131009.
func BadValue(format string, args ...any) *Error {
	return Refuse(CodeValue, "Parameter value is not valid", format, args...)
}

// Missing refuses a request that lacks a parameter: code 131008.
func Missing(name string) *Error {
	return Refuse(CodeRequired, "Required parameter is missing", "parameter %s is required", name)
}

// Unexpected refuses a key that Meta does not know: code 100.
func Unexpected(key, path string, known []string) *Error {
	return Refuse(CodeParameter, "Unexpected key \""+key+"\" on param \""+path+"\"", "%s takes %s", path, strings.Join(known, ", "))
}

// NoObject is Meta's answer both for an id that is nothing and for one that belongs to somebody else.
func NoObject(method, id string) *Error {
	return &Error{
		Status: http.StatusBadRequest, Code: CodeParameter, Subcode: SubcodeNoObject, Kind: TypeMethod,
		Message: fmt.Sprintf("Unsupported %s request. No object with ID '%s' is visible to this token, or it has no such operation.",
			strings.ToLower(method), id),
	}
}

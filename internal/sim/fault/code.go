package fault

import "slices"

// Code is one of Meta's error codes as the simulator gives it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type Code struct {
	Code      int
	HTTP      int // status of a refusal
	Title     string
	Subcode   int  // with 190 alone
	Transient bool // the same request may succeed later
}

// The permissions that may be missing are one row of the table, and any of them can be had.
const firstPermission, lastPermission = 200, 299

// Find returns a code of the table.
func Find(code int) (Code, bool) {
	if code > firstPermission && code <= lastPermission {
		c, ok := Find(firstPermission)
		c.Code = code
		return c, ok
	}
	list := Codes()
	i := slices.IndexFunc(list, func(c Code) bool { return c.Code == code })
	if i < 0 {
		return Code{}, false
	}
	return list[i], true
}

// named is a code of the table, or one that Meta has come up with since.
func named(code int) Code {
	if c, ok := Find(code); ok {
		return c
	}
	return Code{Code: code, Title: "Something new"}
}

// Codes lists Meta's error codes in their order. Of the permissions 200 to 299 there is the first one.
func Codes() []Code {
	return slices.Concat(platformCodes(), messageCodes(), templateCodes(), accountCodes())
}

func platformCodes() []Code {
	return []Code{
		{Code: 0, HTTP: 401, Title: "AuthException"},
		{Code: 1, HTTP: 400, Title: "API Unknown", Transient: true},
		{Code: 2, HTTP: 503, Title: "API Service", Transient: true},
		{Code: 3, HTTP: 500, Title: "API Method"},
		{Code: 4, HTTP: 400, Title: "API Too Many Calls", Transient: true},
		{Code: 10, HTTP: 403, Title: "Permission Denied"},
		{Code: 33, HTTP: 400, Title: "Parameter value is not valid"},
		{Code: 100, HTTP: 400, Title: "Invalid parameter"},
		{Code: 190, HTTP: 401, Title: "Access token has expired", Subcode: 463},
		{Code: 200, HTTP: 403, Title: "API Permission"},
		{Code: 368, HTTP: 403, Title: "Temporarily blocked for policies violations"},
		{Code: 613, HTTP: 400, Title: "Calls to this API have exceeded the rate limit", Transient: true},
		{Code: 1026, HTTP: 400, Title: "Receiver incapable"},
		{Code: 80007, HTTP: 400, Title: "Rate limit issues", Transient: true},
		{Code: 80008, HTTP: 400, Title: "Too many calls about message templates", Transient: true},
	}
}

func messageCodes() []Code {
	return []Code{
		{Code: 130429, HTTP: 400, Title: "Rate limit hit", Transient: true},
		{Code: 130472, HTTP: 400, Title: "User's number is part of an experiment"},
		{Code: 130497, HTTP: 403, Title: "Business account is restricted from messaging users in this country"},
		{Code: 130501, HTTP: 400, Title: "Message type is not supported"},
		{Code: 131000, HTTP: 500, Title: "Something went wrong", Transient: true},
		{Code: 131005, HTTP: 403, Title: "Access denied"},
		{Code: 131008, HTTP: 400, Title: "Required parameter is missing"},
		{Code: 131009, HTTP: 400, Title: "Parameter value is not valid"},
		{Code: 131016, HTTP: 500, Title: "Service unavailable", Transient: true},
		{Code: 131020, HTTP: 400, Title: "Group has no other member"},
		{Code: 131021, HTTP: 400, Title: "Recipient cannot be sender"},
		{Code: 131026, HTTP: 400, Title: "Message undeliverable"},
		{Code: 131030, HTTP: 400, Title: "Recipient phone number not in allowed list"},
		{Code: 131031, HTTP: 403, Title: "Account has been locked"},
		{Code: 131036, HTTP: 400, Title: "Message is not stored any more"},
		{Code: 131037, HTTP: 400, Title: "Display name approval needed"},
		{Code: 131041, HTTP: 400, Title: "Unknown group"},
		{Code: 131042, HTTP: 400, Title: "Business eligibility payment issue"},
		{Code: 131044, HTTP: 400, Title: "Business eligibility payment issue for calls"},
		{Code: 131045, HTTP: 500, Title: "Incorrect certificate"},
		{Code: 131047, HTTP: 400, Title: "Re-engagement message"},
		{Code: 131048, HTTP: 400, Title: "Spam rate limit hit"},
		{Code: 131049, HTTP: 400, Title: "Meta chose not to deliver"},
		{Code: 131050, HTTP: 400, Title: "User has stopped marketing messages"},
		{Code: 131051, HTTP: 400, Title: "Unsupported message type"},
		{Code: 131052, HTTP: 400, Title: "Media download error"},
		{Code: 131053, HTTP: 400, Title: "Media upload error"},
		{Code: 131055, HTTP: 400, Title: "Method not allowed"},
		{Code: 131056, HTTP: 400, Title: "Pair rate limit hit", Transient: true},
		{Code: 131057, HTTP: 500, Title: "Account in maintenance mode", Transient: true},
		{Code: 131059, HTTP: 400, Title: "Invalid cursor"},
		{Code: 131060, HTTP: 400, Title: "Message currently unavailable"},
		{Code: 131062, HTTP: 400, Title: "Recipient of this kind is not supported"},
		{Code: 131063, HTTP: 400, Title: "Marketing templates are disabled"},
		{Code: 131064, HTTP: 400, Title: "Messaging limit lowered for template violations"},
		{Code: 131201, HTTP: 206, Title: "Partial success"},
		{Code: 131202, HTTP: 400, Title: "Duplicate group participant"},
		{Code: 131204, HTTP: 400, Title: "Too many group participants"},
		{Code: 131207, HTTP: 403, Title: "Group is suspended"},
		{Code: 131208, HTTP: 429, Title: "Group operation rate limit hit", Transient: true},
		{Code: 131209, HTTP: 400, Title: "Group picture has a wrong ratio"},
		{Code: 131210, HTTP: 400, Title: "Group picture is too small"},
		{Code: 131211, HTTP: 400, Title: "Too many groups"},
		{Code: 131212, HTTP: 400, Title: "Not a participant of the group"},
		{Code: 131213, HTTP: 400, Title: "No such join request"},
		{Code: 131214, HTTP: 400, Title: "Creation of groups is disabled"},
		{Code: 131215, HTTP: 400, Title: "Not eligible for groups"},
	}
}

func templateCodes() []Code {
	return []Code{
		{Code: 132000, HTTP: 400, Title: "Template parameter count mismatch"},
		{Code: 132001, HTTP: 404, Title: "Template does not exist"},
		{Code: 132005, HTTP: 400, Title: "Template hydrated text too long"},
		{Code: 132007, HTTP: 400, Title: "Template format character policy violated"},
		{Code: 132008, HTTP: 400, Title: "Template parameter is wrongly formatted"},
		{Code: 132012, HTTP: 400, Title: "Template parameter format mismatch"},
		{Code: 132015, HTTP: 400, Title: "Template is paused"},
		{Code: 132016, HTTP: 400, Title: "Template is disabled"},
		{Code: 132068, HTTP: 400, Title: "Flow is blocked"},
		{Code: 132069, HTTP: 400, Title: "Flow is throttled", Transient: true},
		{Code: 134011, HTTP: 400, Title: "Terms of payments not accepted"},
		{Code: 134100, HTTP: 400, Title: "Only marketing messages are supported"},
		{Code: 134101, HTTP: 400, Title: "Template is still being prepared", Transient: true},
		{Code: 134102, HTTP: 500, Title: "Template is unavailable"},
		{Code: 135000, HTTP: 400, Title: "Generic user error"},
		{Code: 137000, HTTP: 400, Title: "Identity key hash mismatch"},
	}
}

func accountCodes() []Code {
	return []Code{
		{Code: 133000, HTTP: 500, Title: "Incomplete deregistration", Transient: true},
		{Code: 133004, HTTP: 503, Title: "Server temporarily unavailable", Transient: true},
		{Code: 133005, HTTP: 400, Title: "Two-step verification PIN mismatch"},
		{Code: 133006, HTTP: 400, Title: "Phone number re-verification needed"},
		{Code: 133008, HTTP: 400, Title: "Too many two-step verification PIN guesses"},
		{Code: 133009, HTTP: 400, Title: "Two-step verification PIN guessed too fast"},
		{Code: 133010, HTTP: 400, Title: "Phone number not registered"},
		{Code: 133015, HTTP: 400, Title: "Wait before registering this number"},
		{Code: 133016, HTTP: 400, Title: "Too many registrations"},
		{Code: 138000, HTTP: 400, Title: "Calling is not enabled"},
		{Code: 138001, HTTP: 400, Title: "Receiver cannot be called"},
		{Code: 138002, HTTP: 400, Title: "Too many concurrent calls"},
		{Code: 138003, HTTP: 400, Title: "Duplicate call"},
		{Code: 138004, HTTP: 500, Title: "Call connection error"},
		{Code: 138005, HTTP: 400, Title: "Call rate limit hit", Transient: true},
		{Code: 138006, HTTP: 400, Title: "No permission to call"},
		{Code: 138007, HTTP: 400, Title: "Call connection timed out"},
		{Code: 138008, HTTP: 400, Title: "Calling error"},
		{Code: 138009, HTTP: 400, Title: "Call permission request limit hit"},
		{Code: 138010, HTTP: 400, Title: "Calling error"},
		{Code: 138011, HTTP: 400, Title: "Calling error"},
		{Code: 138012, HTTP: 400, Title: "Daily call limit hit"},
		{Code: 138013, HTTP: 400, Title: "Calling error"},
		{Code: 138014, HTTP: 400, Title: "Calling error"},
		{Code: 138015, HTTP: 400, Title: "Calling error"},
		{Code: 138016, HTTP: 400, Title: "Calling error"},
		{Code: 138017, HTTP: 400, Title: "Call permission status limit hit"},
		{Code: 138018, HTTP: 400, Title: "Calling cannot be enabled"},
		{Code: 139000, HTTP: 400, Title: "Flow cannot be sent"},
		{Code: 139001, HTTP: 400, Title: "Flow cannot be updated"},
		{Code: 139002, HTTP: 400, Title: "Flow cannot be published"},
		{Code: 139003, HTTP: 400, Title: "Flow cannot be deprecated"},
		{Code: 139004, HTTP: 400, Title: "Flow cannot be deleted"},
		{Code: 139100, HTTP: 400, Title: "Failed to block or unblock some users"},
		{Code: 139101, HTTP: 400, Title: "Block list limit reached"},
		{Code: 139102, HTTP: 400, Title: "Block list was changed at the same time"},
		{Code: 139103, HTTP: 500, Title: "Internal error of the block list", Transient: true},
		{Code: 147001, HTTP: 400, Title: "User name is not available"},
		{Code: 147002, HTTP: 400, Title: "User name is not valid"},
		{Code: 147003, HTTP: 400, Title: "User name cannot be changed"},
		{Code: 147004, HTTP: 400, Title: "User name is reserved"},
		{Code: 147005, HTTP: 400, Title: "Not eligible for a user name"},
		{Code: 1752041, HTTP: 400, Title: "Duplicate request"},
		{Code: 2388012, HTTP: 400, Title: "Number is being migrated"},
		{Code: 2388019, HTTP: 400, Title: "Template limit exceeded"},
		{Code: 2388040, HTTP: 400, Title: "Character limit exceeded"},
		{Code: 2388047, HTTP: 400, Title: "Header is wrongly formatted"},
		{Code: 2388072, HTTP: 400, Title: "Body is wrongly formatted"},
		{Code: 2388073, HTTP: 400, Title: "Footer is wrongly formatted"},
		{Code: 2388091, HTTP: 400, Title: "Number cannot be migrated"},
		{Code: 2388093, HTTP: 400, Title: "Migration was not confirmed"},
		{Code: 2388103, HTTP: 400, Title: "Migration needs a valid account"},
		{Code: 2388293, HTTP: 400, Title: "Template has too many variables for its length"},
		{Code: 2388299, HTTP: 400, Title: "Template begins or ends with a variable"},
		{Code: 2494100, HTTP: 400, Title: "Phone number is in maintenance", Transient: true},
		{Code: 2593107, HTTP: 400, Title: "Synchronisation limit exceeded"},
		{Code: 2593108, HTTP: 400, Title: "Synchronisation is outside its window"},
	}
}

package fault

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// platformRows are the codes of the Graph API itself, and of the state of account
// and number.
func platformRows() []MetaCode {
	return []MetaCode{
		// Authorization. Nothing of the number works until a person has acted.
		stop(0, "Meta could not authenticate the app", "store a new access token for the source"),
		stop(3, "the app lacks a capability or permission", "check the app's products and permissions in the App Dashboard"),
		stop(10, "the token lacks a permission", "make a token with whatsapp_business_messaging and whatsapp_business_management"),
		stop(CodeNoSuchObject, "the phone number does not exist, or the token may not use it",
			"compare the source's phone_number_id with WhatsApp Manager, and let the token's system user have the account"),
		stop(190, "the access token expired or was revoked", "store a new access token for the source; that of a system user does not expire"),
		ending(299, stop(CodePermission, "the token lacks a permission",
			"make a token with whatsapp_business_messaging and whatsapp_business_management")),
		stop(131005, "access was denied", "check the permissions of the token and the roles of its system user"),

		// The number.
		stop(131037, "the display name of the number needs approval", "give the number a display name in WhatsApp Manager and wait for its review"),
		stop(131045, "the certificate of the number is wrong", "register the number again"),
		stop(133006, "the number must be verified again", "request and enter a verification code, then register the number"),
		stop(133010, "the number is not registered on the Cloud API", "register the number"),

		// The account.
		stopAccount(368, "the account is blocked for a time for a violation of policies",
			"look at the Business Support Home for the reason and the end, and appeal there"),
		stopAccount(131031, "the account is locked or restricted, or its data did not match",
			"look at the Business Support Home for the reason and appeal there"),
		stopAccount(131042, "there is a problem with the payment method", "check payment method, credit line and currency in the billing settings"),

		// Limits.
		limit(PauseAccount, 4, "the app made too many calls in an hour",
			"wait; if it happens often, spread what the app does over the day", pageErrors),
		limit(PauseAccount, 80007, "the account made too many calls in an hour",
			"wait; if it happens often, find out what else uses the account", pageErrors),
		managing(limit(PauseAccount, 80008, "the account made too many calls about templates",
			"wait; sync the templates less often (templates.refresh)", pageErrors)),
		{
			// Short, because the gateway slows down and one message asks whether it is over.
			Code: 130429, Class: PauseNumber, Scope: wa.ScopeNumber, Slowed: true, Wait: Delay{time.Second, 2, 5 * time.Second},
			VendorCode: VendorWhatsApp, Whose: Operator, Page: pageThroughput,
			Meaning: "the number sends faster than its throughput allows",
			Remedy:  "nothing: the gateway slows down; lower the throughput of the source if other software sends from the number too",
		},
		{
			Code: 131056, Class: Wait, Scope: wa.ScopePair, Slowed: true, Wait: powersOf4(),
			VendorCode: VendorWhatsApp, Whose: Sender, Page: pagePlatform,
			Meaning: "too many messages to the same person in a short time",
			Remedy:  "put several messages into one; Meta takes one in 6 seconds to a person in the long run",
		},
		{
			Code: 131048, Class: PauseNumber, Scope: wa.ScopeNumber, Wait: Delay{15 * time.Minute, 2, 24 * time.Hour},
			VendorCode: VendorWhatsApp, Whose: Operator, Page: pageErrors,
			Meaning: "the number is restricted because people blocked it or reported its messages",
			Remedy:  "look at the quality of the number in WhatsApp Manager, and write to people who asked for it only",
		},
		{
			Code: 131064, Class: PauseAccount, Scope: wa.ScopeAccount, Wait: Delay{time.Hour, 2, 24 * time.Hour},
			VendorCode: VendorWhatsApp, Whose: Operator, Page: pageErrors,
			Meaning: "the messaging limit was lowered because templates were put into wrong categories",
			Remedy:  "correct the categories of the templates, and wait until the restriction ends",
		},

		// Meta's own failures.
		failing(1, faultTries, "Meta's own error table does not know it: a bad request or a failure of Meta's",
			"look at the status page of the platform; if Meta is well, compare the request with Meta's page for it"),
		failing(2, 0, "the API is down or overloaded", "wait; look at the status page of the platform"),
		failing(131000, 0, "Meta failed for a reason that it does not tell", "wait; if it goes on, ask Meta's support with the trace in the log"),
		failing(131016, 0, "a service of Meta's is unavailable", "wait; look at the status page of the platform"),
		failing(133004, 0, "a server of Meta's is unavailable", "wait; look at the status page of the platform"),
		// Surely refused: a number in maintenance takes nothing. It lasts a minute.
		{
			Code: 131057, Class: PauseNumber, Scope: wa.ScopeNumber, Wait: Delay{20 * time.Second, 2, 5 * time.Minute},
			VendorCode: VendorWhatsApp, Whose: Meta, Page: pageThroughput,
			Meaning: "the account is in maintenance, such as while its throughput is raised",
			Remedy:  "wait; it takes about a minute",
		},
		{
			Code: 2494100, Class: PauseNumber, Scope: wa.ScopeNumber, Wait: Delay{time.Minute, 2, 10 * time.Minute},
			VendorCode: VendorWhatsApp, Whose: Meta, Page: pageErrors,
			Meaning: "the number is in maintenance",
			Remedy:  "wait; it takes some minutes",
		},
	}
}

// stop is a row of what a person has to mend for a number.
func stop(code int, meaning, remedy string) MetaCode {
	return MetaCode{
		Code: code, Class: Configuration, Scope: wa.ScopeNumber, Wait: probing(),
		VendorCode: VendorPlatform, Whose: Operator, Meaning: meaning, Remedy: remedy, Page: pageErrors,
	}
}

// stopAccount is the same for an account.
func stopAccount(code int, meaning, remedy string) MetaCode {
	m := stop(code, meaning, remedy)
	m.Scope = wa.ScopeAccount
	return m
}

// limit is a row of a limit of an account's calls.
func limit(class Class, code int, meaning, remedy, page string) MetaCode {
	return MetaCode{
		Code: code, Class: class, Scope: wa.ScopeAccount, Slowed: true, Wait: Delay{time.Minute, 2, time.Hour},
		VendorCode: VendorWhatsApp, Whose: Operator, Meaning: meaning, Remedy: remedy, Page: page,
	}
}

// failing is a row of a failure of Meta's own.
func failing(code, tries int, meaning, remedy string) MetaCode {
	return MetaCode{
		Code: code, Class: Uncertain, Wait: brief(), Tries: tries,
		VendorCode: VendorWhatsApp, Whose: Meta, Meaning: meaning, Remedy: remedy, Page: pageErrors,
	}
}

// powersOf4 is the wait that Meta asks for after too many messages to a person:
// 4^X seconds.
func powersOf4() Delay { return Delay{4 * time.Second, 4, time.Hour} }

// ending makes a row one of a range.
func ending(last int, m MetaCode) MetaCode {
	m.Last = last
	return m
}

func managing(m MetaCode) MetaCode {
	m.Area = Management
	return m
}

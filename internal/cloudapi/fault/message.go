package fault

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// messageRows are the codes of one message: its recipient, its content, its
// template.
func messageRows() []MetaCode {
	return []MetaCode{
		// The recipient.
		never(1026, VendorWhatsApp, Recipient, "the recipient's app cannot show this type of message", "send the same as a text"),
		never(130472, VendorWhatsApp, Recipient, "the recipient is part of an experiment of Meta's and gets no marketing",
			"do not send it again: the result would be the same"),
		never(130497, VendorWhatsApp, Operator, "the account may not write to people of the recipient's country",
			"leave out recipients of that country; see the messaging policy of WhatsApp for what is allowed where"),
		never(131021, VendorWhatsApp, Sender, "the recipient is the sender", "send to another number than the source's own"),
		never(131026, VendorNoContact, Recipient,
			"undeliverable: the recipient is not on WhatsApp, has an old app or has not accepted the terms",
			"check the number with its country code; ask the person in another way to update the app and accept its terms"),
		{
			Code: 131030, Class: Configuration, VendorCode: VendorWhatsApp, Whose: Operator, Page: pageErrors,
			Meaning: "the recipient is not on the allow list of the test number",
			Remedy:  "add the recipient in the App Dashboard, or send from a number of your own",
		},
		page(pageNoStorage, never(131036, VendorWhatsApp, Meta, "Meta no longer had the message for one of the recipient's devices",
			"nothing: the other devices have it; send it again only if nobody answers")),
		never(131047, VendorWindow, Sender, "more than 24 hours have passed since the recipient's last message", "send a template"),
		{
			Code: 131049, Class: Wait, Wait: Delay{24 * time.Hour, 2, 96 * time.Hour}, Tries: 4,
			VendorCode: VendorWhatsApp, Whose: Sender, Page: pageErrors,
			Meaning: "withheld, because the person gets enough marketing as it is",
			Remedy:  "do not send marketing to this person for some days; what the person asked for can go as utility",
		},
		never(131050, VendorWhatsApp, Recipient, "the recipient has stopped the marketing messages of this business",
			"send no marketing to this person until they resume it; record the opt-out"),
		page(pageUserIDs, never(131062, VendorWhatsApp, Sender, "this message needs a phone number, not a user id",
			"send to the person's phone number; templates for authentication need one")),
		page(pageIdentity, never(137000, VendorWhatsApp, Sender, "the recipient's identity changed",
			"confirm with the person that it is still them, then send again with the new hash or without one")),

		// Groups.
		group(131020, Sender, "the group has no other member", "invite somebody to the group first"),
		group(131041, Sender, "there is no such group", "compare the id with the number's list of groups"),
		group(131207, Operator, "the group is suspended", "look at the Business Support Home; write to the people one by one"),
		{
			Code: 131208, Class: Wait, Scope: wa.ScopePair, Slowed: true, Wait: powersOf4(),
			VendorCode: VendorWhatsApp, Whose: Sender, Page: pageGroups,
			Meaning: "too many operations on groups", Remedy: "wait; do less with groups at a time",
		},
		group(131212, Sender, "not a participant of the group", "invite the person again, or choose another group"),
		group(131215, Operator, "the number may not use groups", "see the conditions for groups on Meta's page"),

		// The content.
		never(CodeInvalidParameter, VendorWhatsApp, Sender, "a parameter is invalid",
			"read the details, and compare the request with Meta's page for this type of message"),
		never(130501, VendorMedia, Sender, "this type of message is not supported", "send another type of message"),
		never(131008, VendorWhatsApp, Sender, "a required parameter is missing", "add the parameter that the details name"),
		never(CodeParameterValue, VendorWhatsApp, Sender, "the value of a parameter is not valid", "correct the parameter that the details name"),
		never(131051, VendorMedia, Sender, "this type of message is not supported", "send another type of message"),
		never(131055, VendorWhatsApp, Sender, "this way of sending is not allowed for the message", "send another type of message"),
		never(135000, VendorWhatsApp, Sender, "Meta refused the request without a reason",
			"compare the request with Meta's page for this type of message"),
		media(CodeMediaDownload, "Meta could not fetch the media", "check that the link answers without a login, and the file's type and size"),
		media(CodeMediaUpload, "Meta could not take the media", "check the file's type, size and content; send another file"),
		{
			Code: 134011, Class: Configuration, VendorCode: VendorWhatsApp, Whose: Operator, Page: pageErrors,
			Meaning: "the terms of WhatsApp Payments are not accepted", Remedy: "accept them in WhatsApp Manager",
		},
		page(pageCalling, MetaCode{
			Code: 138000, Class: Configuration, VendorCode: VendorWhatsApp, Whose: Operator,
			Meaning: "calling is not enabled for the number", Remedy: "enable it in the settings of the number, or leave out what asks for a call",
		}),
		page(pageCalling, never(138009, VendorWhatsApp, Sender, "the person was asked too often whether they may be called",
			"wait until the person calls or answers; a call that connects resets the limit")),

		// Templates.
		never(132000, VendorTemplateData, Sender, "the number of parameters differs from the template's",
			"give as many values as the template has variables"),
		never(132001, VendorTemplate, Sender, "no such template in this language, or it is not approved",
			"compare name and language with the list of templates, and wait for the approval"),
		never(132005, VendorTemplateData, Sender, "the text is too long with its parameters", "give shorter values"),
		never(132007, VendorTemplateData, Sender, "a parameter breaks the policy for characters",
			"leave out line breaks, tabs and runs of more than four spaces"),
		never(132008, VendorTemplateData, Sender, "a parameter is formatted wrongly", "give the value in the form that the template asks for"),
		never(132012, VendorTemplateData, Sender, "a parameter does not have the format of the template's",
			"give each variable a value of the type that the template has there"),
		{
			Code: 132015, Class: Wait, Wait: Delay{3 * time.Hour, 2, 24 * time.Hour}, // the first pause lasts three hours
			VendorCode: VendorTemplate, Whose: Operator, Page: pageErrors,
			Meaning: "the template is paused for its quality",
			Remedy:  "wait for the end of the pause, or send another template; improve this one",
		},
		never(132016, VendorTemplate, Operator, "the template is disabled for its quality", "make a new template with another content"),
		never(132068, VendorTemplate, Operator, "the flow of the template is blocked", "correct the flow in WhatsApp Manager"),
		{
			Code: 132069, Class: Wait, Slowed: true, Wait: Delay{time.Hour, 2, 24 * time.Hour},
			VendorCode: VendorWhatsApp, Whose: Operator, Page: pageErrors,
			Meaning: "the flow is throttled, and ten messages of this hour are used up", Remedy: "correct the flow's endpoint in WhatsApp Manager",
		},
		{
			Code: 131063, Class: Configuration, VendorCode: VendorTemplate, Whose: Operator, Page: pageErrors,
			Meaning: "marketing templates are switched off on the Cloud API for this account",
			Remedy:  "switch them on in WhatsApp Manager",
		},
	}
}

func never(code int, vendor string, whose Party, meaning, remedy string) MetaCode {
	return MetaCode{Code: code, Class: Never, VendorCode: vendor, Whose: whose, Meaning: meaning, Remedy: remedy, Page: pageErrors}
}

func group(code int, whose Party, meaning, remedy string) MetaCode {
	return page(pageGroups, never(code, VendorWhatsApp, whose, meaning, remedy))
}

// media is a row of a media that Meta does not like: perhaps the network was at
// fault, so it is tried again, but not for ever.
func media(code int, meaning, remedy string) MetaCode {
	return MetaCode{
		Code: code, Class: Later, Wait: Delay{5 * time.Second, 4, time.Hour}, Tries: MediaTries,
		VendorCode: VendorMedia, Whose: Sender, Meaning: meaning, Remedy: remedy, Page: pageErrors,
	}
}

// page says where Meta tells of a row.
func page(page string, m MetaCode) MetaCode {
	m.Page = page
	return m
}

package fault

import "time"

// managementRows are the codes that no message meets.
func managementRows() []MetaCode {
	return []MetaCode{
		in(Inbound, pageErrors, refusal(131060, Meta, "a message of a person's cannot be had",
			"nothing; ask the person to send it again")),
		in(Management, pageErrors, refusal(131059, Operator, "the cursor of a list is not valid any more", "read the list from its beginning")),

		// Groups.
		{
			Code: 131201, Area: Group, Class: Uncertain, Wait: brief(), Tries: 1, VendorCode: VendorWhatsApp, Whose: Operator, Page: pageGroups,
			Meaning: "some of the participants were refused, and the others taken", Remedy: "look at each participant in the answer",
		},
		in(Group, pageGroups, refusal(131202, Operator, "a participant is named twice", "name each participant once")),
		in(Group, pageGroups, refusal(131204, Operator, "too many participants", "name fewer participants")),
		in(Group, pageGroups, refusal(131209, Operator, "the picture of the group has the wrong proportions", "give a square picture")),
		in(Group, pageGroups, refusal(131210, Operator, "the picture of the group is too small", "give a larger picture")),
		in(Group, pageGroups, refusal(131211, Operator, "the number has as many groups as it may have", "delete a group first")),
		in(Group, pageGroups, refusal(131213, Operator, "there is no such request to join", "read the list of requests again")),
		in(Group, pageGroups, refusal(131214, Operator, "the number may not create groups now", "see the conditions for groups on Meta's page")),

		// Registration.
		in(Registration, pageErrors, again(133000, brief(), 5, Meta, "an earlier deregistration is not complete", "deregister the number once more, then register it")),
		in(Registration, pageErrors, configure(133005, "the PIN of the two-step verification is wrong", "give the right PIN, or set a new one in WhatsApp Manager")),
		in(Registration, pageErrors, wait(133008, time.Hour, "too many wrong PINs of the two-step verification",
			"wait as long as the details say; set a new PIN in WhatsApp Manager")),
		in(Registration, pageErrors, wait(133009, time.Minute, "the PIN of the two-step verification came too fast", "wait as long as the details say")),
		in(Registration, pageErrors, wait(133015, 5*time.Minute, "the number was deleted a moment ago", "wait five minutes, then register it")),
		in(Registration, pageErrors, wait(133016, 72*time.Hour, "registered and deregistered too often: ten times in 72 hours",
			"wait until 72 hours have passed; a number need not be registered again for a new token")),
		in(Registration, pageErrors, wait(2593107, 24*time.Hour, "the data of the WhatsApp Business app was asked for too often", "wait a day")),
		in(Registration, pageErrors, refusal(2593108, Operator, "the data of the WhatsApp Business app can be had for 24 hours after the onboarding",
			"take the number out, and onboard it again")),
		in(Registration, pageErrors, refusal(2388012, Operator, "the number is being moved already", "wait for the end of the move")),
		in(Registration, pageErrors, refusal(2388091, Operator, "the number cannot be moved", "see Meta's page on moving numbers")),
		in(Registration, pageErrors, refusal(2388093, Operator, "the move was not confirmed", "confirm it in WhatsApp Manager")),
		in(Registration, pageErrors, refusal(2388103, Operator, "the account that the number moves to is not in order",
			"verify that account and give it a payment method")),

		// Calls by voice.
		in(Calling, pageErrors, again(613, hourly(), 0, Operator, "the permission for calls was asked for too often", "wait; ask less often")),
		in(Calling, pageErrors, configure(131044, "there is a problem with the payment method for calls", "check the payment method in the billing settings")),
		calling(138001, Recipient, "the person cannot be called", "write to the person instead"),
		in(Calling, pageCalling, again(138002, brief(), 5, Operator, "the number has a thousand calls at the same time", "wait for the end of a call")),
		calling(138003, Operator, "there is a call with this person already", "wait for its end"),
		calling(138004, Operator, "the call could not be connected", "check the session description, and call again"),
		in(Calling, pageCalling, again(138005, brief(), 0, Operator, "the number starts calls too fast", "start fewer calls at a time")),
		calling(138006, Recipient, "the person did not allow calls", "ask for the permission with a message first"),
		calling(138007, Operator, "the call was not connected in time", "answer with the session description sooner"),
		calling(138008, Operator, "a call failed", "see Meta's page"),
		ending(138011, calling(138010, Operator, "a call failed", "see Meta's page")),
		in(Calling, pageCalling, wait(138012, 24*time.Hour, "the person was called as often as is allowed in a day", "wait as long as the details say")),
		in(Calling, pageCalling, again(138013, hourly(), 0, Operator, "the permission for calls was asked for too often", "wait; ask less often")),
		ending(138017, calling(138014, Operator, "a call failed", "see Meta's page")),
		in(Calling, pageCalling, configure(138018, "calling cannot be enabled", "subscribe an app to the calls webhook, or configure SIP")),

		// Templates.
		in(Management, pageErrors, refusal(134100, Sender, "this way of sending is for marketing alone", "send the message as usual")),
		in(Management, pageErrors, again(134101, Delay{10 * time.Minute, 2, time.Hour}, 0, Meta,
			"the template is not ready for marketing messages yet", "wait ten minutes")),
		in(Management, pageErrors, again(134102, hourly(), 0, Meta, "the template cannot be used for marketing messages now", "send it as usual")),
		in(Management, pageErrors, refusal(1752041, Operator, "the account is being onboarded for marketing messages already", "wait for the end")),
		in(Management, pageErrors, refusal(2388019, Operator, "the account has as many templates as it may have", "delete templates that are not used")),
		in(Management, pageErrors, refusal(2388040, Sender, "a part of the template is too long", "shorten it")),
		in(Management, pageErrors, refusal(2388047, Sender, "the header of the template is formatted wrongly", "correct the header")),
		in(Management, pageErrors, refusal(2388072, Sender, "the body of the template is formatted wrongly", "correct the body")),
		in(Management, pageErrors, refusal(2388073, Sender, "the footer of the template is formatted wrongly", "correct the footer")),
		in(Management, pageErrors, refusal(2388293, Sender, "the template has too many variables for its length", "add words or leave out variables")),
		in(Management, pageErrors, refusal(2388299, Sender, "the template begins or ends with a variable", "put words before and after it")),

		// Flows.
		in(Flow, pageFlows, refusal(139000, Operator, "flows are blocked for the account for its integrity", "look at the Business Support Home")),
		in(Flow, pageFlows, refusal(139001, Operator, "the flow could not be changed", "a published flow is not changed: make a copy; read the details")),
		in(Flow, pageFlows, refusal(139002, Operator, "the flow could not be published", "correct what the details name")),
		in(Flow, pageFlows, refusal(139003, Operator, "the flow could not be deprecated", "only a published flow is deprecated")),
		in(Flow, pageFlows, refusal(139004, Operator, "the flow could not be deleted", "a published flow is deprecated instead")),

		// Blocked users.
		in(Management, pageBlock, refusal(139100, Operator, "some users could not be blocked or unblocked",
			"look at each user in the answer; only who wrote within 24 hours can be blocked")),
		in(Management, pageBlock, refusal(139101, Operator, "the list of blocked users is full: 64,000", "unblock somebody first")),
		in(Management, pageBlock, again(139102, brief(), 5, Operator, "the list of blocked users was changed at the same time", "read the list again")),
		in(Management, pageBlock, again(139103, brief(), 5, Meta, "the list of blocked users failed", "wait")),

		in(Username, pageUserIDs, ending(147005, refusal(147001, Operator, "the username of the business was refused",
			"choose another one; the details say what is wrong"))),
	}
}

func in(area Area, where string, m MetaCode) MetaCode {
	m.Area = area
	return page(where, m)
}

func refusal(code int, whose Party, meaning, remedy string) MetaCode {
	return never(code, VendorWhatsApp, whose, meaning, remedy)
}

func calling(code int, whose Party, meaning, remedy string) MetaCode {
	return in(Calling, pageCalling, refusal(code, whose, meaning, remedy))
}

// configure is a row of what a person has to mend for one call.
func configure(code int, meaning, remedy string) MetaCode {
	m := refusal(code, Operator, meaning, remedy)
	m.Class = Configuration
	return m
}

func again(code int, wait Delay, tries int, whose Party, meaning, remedy string) MetaCode {
	m := refusal(code, whose, meaning, remedy)
	m.Class, m.Wait, m.Tries = Later, wait, tries
	return m
}

// wait is a row with one wait that Meta names.
func wait(code int, d time.Duration, meaning, remedy string) MetaCode {
	m := refusal(code, Operator, meaning, remedy)
	m.Class, m.Wait = Wait, Delay{d, 1, d}
	return m
}

// hourly is the wait of limits by the hour.
func hourly() Delay { return Delay{time.Hour, 2, 24 * time.Hour} }

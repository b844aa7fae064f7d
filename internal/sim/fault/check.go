package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

// groupPrefix is how the ids of groups begin, in Meta's base64.
const groupPrefix = "Y2FwaV9ncm91cD"

// withSpan are the actions that take time, of which After and UpTo tell.
func withSpan() []string { return []string{Hang, Drip, Slow, Delay, Double, Reorder, Batch} }

// sendTypes are the types of the messages that a business sends.
func sendTypes() []string {
	return []string{
		"text", "image", "audio", "video", "document", "sticker", "location", "contacts", "reaction", "template", "interactive", "pin",
	}
}

// callbackTypes are Meta's webhook fields, the statuses, and the types of the messages that users send.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (read 2026-09)
func callbackTypes() []string {
	return append(sendTypes(),
		"button", "order", "system", "unsupported", "edit", "revoke", "request_welcome",
		"sent", "delivered", "read", "played", "failed",
		"messages", "user_preferences", "security", "calls", "flows", "history", "standby",
		"account_alerts", "account_review_update", "account_settings_update", "account_update", "automatic_events",
		"business_capability_update", "business_status_update", "business_username_update", "group_lifecycle_update",
		"group_participants_update", "group_settings_update", "group_status_update", "message_echoes", "message_template_components_update",
		"message_template_quality_update", "message_template_status_update", "messaging_handovers", "partner_solutions",
		"payment_configuration_update", "phone_number_name_update", "phone_number_quality_update", "smb_app_state_sync",
		"smb_message_echoes", "template_category_update", "template_correct_category_detection", "tracking_events", "user_id_update",
	)
}

// Check fills in what may be left out, writes the number of the user as the calls have it, or says all that is wrong: what is not
// known, and what would never apply or mean nothing.
func (r *Rule) Check() error {
	err := errors.Join(r.checkAction(), r.checkUser(), r.checkType(), r.checkCounts(), r.checkError(), r.checkSpan())
	if r.Name == "" {
		r.Name = r.Do
		if r.Do == Error {
			r.Name = fmt.Sprintf("error %d", r.Code)
		}
	}
	return err
}

// checkAction fills in what the action tells of where it happens.
func (r *Rule) checkAction() error {
	about := OnSend
	switch {
	case slices.Contains(onCallback(), r.Do):
		about = OnCallback
	case !slices.Contains(onRequest(), r.Do):
		return fmt.Errorf("do %q: give one of %s", r.Do, strings.Join(append(onRequest(), onCallback()...), ", "))
	}
	switch {
	case r.On == "":
		r.On = about
	case !slices.Contains([]string{OnSend, OnUpload, OnGraph, OnCallback}, r.On):
		return fmt.Errorf("on %q: give one of %s, %s, %s, %s", r.On, OnSend, OnUpload, OnGraph, OnCallback)
	case (r.On == OnCallback) != (about == OnCallback):
		return fmt.Errorf("on %q: %s happens on %s", r.On, r.Do, about)
	case r.Do == Pause && r.On != OnSend:
		return fmt.Errorf("on %q: only a send has a template to pause", r.On)
	}
	return nil
}

// ofMessages says whether the calls have a user, a type and a place in a conversation.
func (r *Rule) ofMessages() bool { return r.On != OnUpload && r.On != OnGraph }

func (r *Rule) checkUser() error {
	switch {
	case r.To == "":
		return nil
	case !r.ofMessages():
		return fmt.Errorf("to: a request on %s is to no user", r.On)
	case strings.HasPrefix(r.To, groupPrefix):
		return nil
	}
	plain := rule.PlainPhone(r.To)
	if !rule.IsPhone(plain) {
		return fmt.Errorf("to %q: give a phone number with its country code, of %d to %d digits, or the id of a group", r.To, rule.PhoneMin, rule.PhoneMax)
	}
	r.To = plain
	return nil
}

func (r *Rule) checkType() error {
	switch {
	case r.Type == "":
		return nil
	case !r.ofMessages():
		return fmt.Errorf("type: a request on %s has none", r.On)
	case r.Do == Early && r.Type != "sent":
		return fmt.Errorf("type %q: only the status sent can come early", r.Type)
	case r.Do == Pause && r.Type != "template":
		return fmt.Errorf("type %q: only a template can be paused", r.Type)
	case r.On == OnSend && !slices.Contains(sendTypes(), r.Type):
		return fmt.Errorf("type %q: give one of %s", r.Type, strings.Join(sendTypes(), ", "))
	case r.On == OnCallback && !slices.Contains(callbackTypes(), r.Type):
		return fmt.Errorf("type %q: give a status, such as delivered, a type of message, such as text, or one of Meta's webhook fields, such as messages", r.Type)
	}
	return nil
}

func (r *Rule) checkCounts() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	below := func(n int) bool { return n < 1 }
	if slices.ContainsFunc(r.Nth, below) {
		bad("nth: it counts from 1")
	}
	if slices.ContainsFunc(r.Calls, below) {
		bad("calls: it counts from 1")
	}
	if len(r.Nth) > 0 && !r.ofMessages() {
		bad("nth: a request on %s is between no number and user: give calls", r.On)
	}
	if !(r.Probability >= 0 && r.Probability <= 1) { // written so that what is no number is refused too
		bad("probability %v: give 0 to 1", r.Probability)
	}
	if r.Times < 0 || r.For < 0 {
		bad("times and for are not negative")
	}
	return errors.Join(errs...)
}

// checkError looks at what only an error has.
func (r *Rule) checkError() error {
	switch {
	case r.Do == Error:
	case r.Code != 0:
		return fmt.Errorf("code: it goes with error alone, and not with %s", r.Do)
	case r.HTTP != 0:
		return fmt.Errorf("status: it goes with error alone, and not with %s", r.Do)
	case r.Async:
		return fmt.Errorf("async: it goes with error alone, and not with %s", r.Do)
	default:
		return nil
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	now, _ := Recipient(0)
	if r.Code == 0 {
		bad("code: say which of Meta's errors it is; code 0 itself has the recipient %s alone", now)
	} else if _, ok := Find(r.Code); r.Code < 0 || !ok && r.HTTP == 0 && !r.Async {
		bad("code %d: it is not in the table of Meta's codes; give status with it, if it is to be one that nobody knows", r.Code)
	}
	switch {
	case r.Async && r.On != OnSend:
		bad("async: only an error of a send can come later")
	case r.Async && r.HTTP != 0:
		bad("status: a send that fails later is answered with 200; leave out status or async")
	case r.HTTP != 0 && (r.HTTP < 400 || r.HTTP > 599):
		bad("status %d: give an HTTP status from 400 to 599", r.HTTP)
	}
	return errors.Join(errs...)
}

func (r *Rule) checkSpan() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case r.After < 0 || r.UpTo < 0:
		bad("after and up_to are not negative")
	case (r.After > 0 || r.UpTo > 0) && !slices.Contains(withSpan(), r.Do):
		bad("after and up_to: they go with %s, and not with %s", strings.Join(withSpan(), ", "), r.Do)
	case r.UpTo > 0 && r.After > r.UpTo:
		bad("after %s is more than up_to %s", r.After, r.UpTo)
	}
	switch {
	case r.Max != 0 && r.Do != Batch:
		bad("max: it goes with %s, and not with %s", Batch, r.Do)
	case r.Max < 0 || r.Max > MaxBatch:
		bad("max %d: give at most %d; 0 is that too", r.Max, MaxBatch)
	}
	return errors.Join(errs...)
}

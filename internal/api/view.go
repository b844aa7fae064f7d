package api

import (
	"time"

	"github.com/waypost/waypost/internal/number"
	"github.com/waypost/waypost/internal/wa"
)

// Number is a WhatsApp business number of an account. What Meta has not said is
// left out.
type Number struct {
	ID      string   `json:"id" doc:"Meta's phone_number_id" example:"106540000000001"`
	Display string   `json:"display_phone_number" doc:"The phone number, in digits" example:"15550109999"`
	WABAID  string   `json:"waba_id" doc:"The WhatsApp Business Account that has the number"`
	Sources []string `json:"sources" doc:"The ids of the sources that use the number"`
	Default bool     `json:"default,omitempty" doc:"Sends that name no source go out through it"`

	Status       string     `json:"status,omitempty" doc:"Meta's word; CONNECTED can send" example:"CONNECTED"`
	VerifiedName string     `json:"verified_name,omitempty" doc:"The name that people see"`
	NameStatus   string     `json:"name_status,omitempty" doc:"Whether Meta approves of the name" example:"APPROVED"`
	Quality      string     `json:"quality_rating,omitempty" doc:"GREEN, YELLOW, RED or UNKNOWN" example:"GREEN"`
	Tier         string     `json:"messaging_limit_tier,omitempty" doc:"How many people a day may be written to outside their windows" example:"TIER_2K"`
	Throughput   int        `json:"throughput,omitempty" doc:"Messages a second that Meta takes, those that come in included" example:"80"`
	Coexistence  bool       `json:"coexistence,omitempty" doc:"The WhatsApp Business app uses the number as well"`
	ReadAt       *time.Time `json:"read_at,omitempty" doc:"When Meta was last asked"`
	ToldAt       *time.Time `json:"told_at,omitempty" doc:"When a callback last changed something"`
	ProvenAt     *time.Time `json:"proven_at,omitempty" doc:"Until when statuses of Meta are known to have come"`
}

// NumberDetail is a number as Meta has it now.
type NumberDetail struct {
	Number
	Verification string     `json:"code_verification_status,omitempty" doc:"VERIFIED once the code that was sent to the number was given"`
	Platform     string     `json:"platform_type,omitempty" doc:"CLOUD_API, ON_PREMISE or NOT_APPLICABLE"`
	Mode         string     `json:"account_mode,omitempty" doc:"LIVE or SANDBOX"`
	Level        string     `json:"throughput_level,omitempty" doc:"STANDARD, HIGH or NOT_APPLICABLE"`
	Callbacks    *Callbacks `json:"callbacks,omitempty" doc:"Where Meta's callbacks about the number go"`
}

// Callbacks is where callbacks go: to the number's address, else the account's, else
// the app's.
type Callbacks struct {
	Number    string `json:"phone_number,omitempty"`
	WABA      string `json:"whatsapp_business_account,omitempty"`
	App       string `json:"application,omitempty"`
	Effective string `json:"effective,omitempty" doc:"The one that counts"`
}

// NumbersOf makes one entry of each number of a list.
func NumbersOf(all []number.Listed) []Number {
	out := []Number{}
	place := map[string]int{}
	for _, l := range all {
		i, known := place[l.Source.Number.ID]
		if !known {
			i = len(out)
			place[l.Source.Number.ID] = i
			out = append(out, newNumber(l))
		}
		if l.Source.ID != "" { // a number that has no source yet
			out[i].Sources = append(out[i].Sources, string(l.Source.ID))
		}
		out[i].Default = out[i].Default || l.Source.Default
	}
	return out
}

func newNumber(l number.Listed) Number {
	s := l.State
	return Number{
		ID: l.Source.Number.ID, Display: l.Source.Number.Display, WABAID: l.Source.Number.WABAID, Sources: []string{},
		Status: s.Status, VerifiedName: s.VerifiedName, NameStatus: s.NameStatus, Quality: s.Quality, Tier: s.Tier,
		Throughput: s.Throughput, Coexistence: s.Coexistence,
		ReadAt: moment(s.ReadAt), ToldAt: moment(s.ToldAt), ProvenAt: moment(s.ProvenAt),
	}
}

// DetailOf puts together what is known of a number and what Meta has just said.
func DetailOf(known Number, node wa.NumberNode) NumberDetail {
	d := NumberDetail{
		Number: known, Verification: node.Verification, Platform: node.Platform, Mode: node.Mode, Level: node.Level,
	}
	d.Status, d.VerifiedName, d.NameStatus, d.Quality, d.Tier = node.Status, node.VerifiedName, node.NameStatus, node.Quality, node.Tier
	d.Throughput, d.Coexistence = node.Throughput(), node.Coexistence()
	if c := node.Callbacks; c.Effective() != "" {
		d.Callbacks = &Callbacks{Number: c.Number, WABA: c.WABA, App: c.App, Effective: c.Effective()}
	}
	return d
}

// moment writes a time in UTC; nil if there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Profile is what people see of a number.
type Profile struct {
	About       string   `json:"about,omitempty"`
	Address     string   `json:"address,omitempty"`
	Description string   `json:"description,omitempty"`
	Email       string   `json:"email,omitempty"`
	Vertical    string   `json:"vertical,omitempty"`
	Websites    []string `json:"websites,omitempty"`
	Picture     string   `json:"profile_picture_url,omitempty" doc:"A link that is good for some time"`
}

// ProfileOf makes a profile presentable.
func ProfileOf(p wa.BusinessProfile) Profile {
	return Profile{
		About: p.About, Address: p.Address, Description: p.Description, Email: p.Email, Vertical: p.Vertical,
		Websites: p.Websites, Picture: p.Picture,
	}
}

// Health says whether something can send.
type Health struct {
	CanSend  string         `json:"can_send_message" doc:"AVAILABLE, LIMITED or BLOCKED"`
	Entities []HealthEntity `json:"entities"`
}

// HealthEntity is one of the things that a send goes through.
type HealthEntity struct {
	Kind     string          `json:"entity_type" doc:"PHONE_NUMBER, MESSAGE_TEMPLATE, WABA, BUSINESS or APP"`
	ID       string          `json:"id"`
	CanSend  string          `json:"can_send_message"`
	Info     []string        `json:"additional_info,omitempty" doc:"What limits it, in Meta's words"`
	Problems []HealthProblem `json:"errors,omitempty"`
}

// HealthProblem is one reason, in Meta's words.
type HealthProblem struct {
	Code        int    `json:"error_code"`
	Description string `json:"error_description"`
	Solution    string `json:"possible_solution,omitempty"`
}

// NumberHealth is the health of a number and what it stands on.
type NumberHealth struct {
	Number   Health  `json:"number"`
	WABA     Health  `json:"waba"`
	Template *Health `json:"template,omitempty"`
}

// HealthOf makes a health presentable.
func HealthOf(h number.Health) NumberHealth {
	out := NumberHealth{Number: health(h.Number), WABA: health(h.WABA)}
	if h.Template != nil {
		t := health(*h.Template)
		out.Template = &t
	}
	return out
}

func health(h wa.Health) Health {
	out := Health{CanSend: h.CanSend, Entities: []HealthEntity{}}
	for _, e := range h.Entities {
		entity := HealthEntity{Kind: e.Kind, ID: e.ID, CanSend: e.CanSend, Info: e.Info}
		for _, p := range e.Problems {
			entity.Problems = append(entity.Problems, HealthProblem{Code: p.Code, Description: p.Description, Solution: p.Solution})
		}
		out.Entities = append(out.Entities, entity)
	}
	return out
}

// Blocking is what became of a request to block or unblock people.
type Blocking struct {
	Done   []BlockedUser  `json:"done" doc:"Those with whom it worked"`
	Failed []BlockFailure `json:"failed" doc:"Those with whom it did not"`
}

// BlockedUser is somebody with whom it worked.
type BlockedUser struct {
	Input string `json:"input" doc:"As it was asked for"`
	WAID  string `json:"wa_id,omitempty" doc:"WhatsApp's id"`
}

// BlockFailure is somebody with whom it did not work.
type BlockFailure struct {
	Input string `json:"input"`
	Code  int    `json:"meta_code,omitempty"`
	Why   string `json:"reason"`
}

// BlockingOf makes a result presentable.
func BlockingOf(r wa.BlockResult) Blocking {
	out := Blocking{Done: []BlockedUser{}, Failed: []BlockFailure{}}
	for _, u := range r.Done {
		out.Done = append(out.Done, BlockedUser(u))
	}
	for _, f := range r.Failed {
		why := f.Failure.Title
		if f.Failure.Details != "" {
			why += ": " + f.Failure.Details
		}
		out.Failed = append(out.Failed, BlockFailure{Input: f.Input, Code: f.Failure.Code, Why: why})
	}
	return out
}

// Subscription is an app that hears of what happens in a WhatsApp Business Account.
type Subscription struct {
	AppID    string `json:"app_id"`
	AppName  string `json:"app_name,omitempty"`
	Link     string `json:"link,omitempty"`
	Override string `json:"override_callback_uri,omitempty" doc:"Where its callbacks go instead of to the app's own address"`
}

// SubscriptionsOf makes subscriptions presentable.
func SubscriptionsOf(all []wa.Subscription) []Subscription {
	out := []Subscription{}
	for _, s := range all {
		out = append(out, Subscription(s))
	}
	return out
}

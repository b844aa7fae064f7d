package api

import (
	"context"
	"net/http"

	"github.com/waypost/waypost/internal/wa"
)

// numberRoutes is what there is under /v1/numbers.
func (s *Server) numberRoutes() []route {
	const one = "/numbers/{id}"
	return []route{
		at(http.MethodGet, "/numbers", "list-numbers", "List the account's numbers and what is known of them", s.listNumbers),
		at(http.MethodPost, "/numbers", "create-number", "Make a source for a number of a WhatsApp Business Account, or for a new one", s.createNumber),
		at(http.MethodGet, one, "get-number", "Read what is known of a number, without asking Meta", s.getNumber),
		at(http.MethodPost, one+"/refresh", "refresh-number", "Read a number from Meta now", s.refreshNumber),
		at(http.MethodPost, one+"/request-code", "request-code", "Have a verification code sent to the number", s.requestCode),
		at(http.MethodPost, one+"/verify-code", "verify-code", "Give Meta the code that the number got", s.verifyCode),
		at(http.MethodPost, one+"/register", "register-number", "Let a verified number send through the Cloud API", s.registerNumber),
		at(http.MethodPost, one+"/deregister", "deregister-number", "Take a number off the Cloud API", s.deregisterNumber),
		at(http.MethodPost, one+"/pin", "set-pin", "Set the PIN of the two-step verification", s.setPIN),
		at(http.MethodGet, one+"/profile", "get-profile", "Read what people see of the number", s.getProfile),
		at(http.MethodPut, one+"/profile", "change-profile", "Change what people see; what is left out stays", s.putProfile),
		at(http.MethodGet, one+"/health", "get-health", "Ask Meta whether the number can send", s.getHealth),
		at(http.MethodGet, one+"/blocked", "list-blocked", "List whom the number has blocked", s.listBlocked),
		at(http.MethodPost, one+"/blocked", "block", "Block people who wrote within the last 24 hours", s.block),
		at(http.MethodDelete, one+"/blocked", "unblock", "Take blocks back", s.unblock),
		at(http.MethodGet, one+"/subscription", "get-subscription", "List the apps that hear of the number's account", s.listSubscriptions),
		at(http.MethodPost, one+"/subscription", "subscribe", "Subscribe the app to the number's account", s.subscribe),
		at(http.MethodDelete, one+"/subscription", "unsubscribe", "End the callbacks of the number's whole account", s.unsubscribe),
		at(http.MethodPut, one+"/callback", "set-callback", "Give the number an address of its own for callbacks", s.setCallback),
		at(http.MethodDelete, one+"/callback", "clear-callback", "Take the number's own address away", s.clearCallback),
	}
}

// nothing is an answer without body (204).
type (
	nothing struct{}
	// NumberPath is a request about one number. It is exported because the library
	// looks only into what is.
	NumberPath struct {
		ID string `path:"id" maxLength:"64" pattern:"^[0-9]+$" doc:"Meta's phone_number_id"`
	}
	// with is a request about one number with a body.
	with[B any] struct {
		NumberPath
		Body B
	}
	// got is an answer with a body.
	got[B any] struct{ Body B }
)

// find returns the source through which the account uses a number; a number of
// another account is not there.
func (s *Server) find(ctx context.Context, id string) (wa.Source, error) {
	src, err := s.Numbers.Find(ctx, accountOf(ctx), id)
	if err != nil {
		return src, s.failed(ctx, err)
	}
	return src, nil
}

// known is what is known of a number.
func (s *Server) known(ctx context.Context, id string) (Number, error) {
	all, err := s.Numbers.List(ctx, accountOf(ctx))
	if err != nil {
		return Number{}, s.failed(ctx, err)
	}
	for _, n := range NumbersOf(all) {
		if n.ID == id {
			return n, nil
		}
	}
	return Number{}, s.failed(ctx, wa.NotFound("number"))
}

func (s *Server) getNumber(ctx context.Context, in *NumberPath) (*got[Number], error) {
	n, err := s.known(ctx, in.ID)
	return &got[Number]{n}, err
}

func (s *Server) refreshNumber(ctx context.Context, in *NumberPath) (*got[NumberDetail], error) {
	src, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	node, err := s.Numbers.Refresh(ctx, src)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	n, err := s.known(ctx, in.ID)
	return &got[NumberDetail]{DetailOf(n, node)}, err
}

// done does something to a number and answers nothing.
func (s *Server) done(ctx context.Context, id string, do func(wa.Source) error) (*nothing, error) {
	src, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := do(src); err != nil {
		return nil, s.failed(ctx, err)
	}
	return nil, nil //nolint:nilnil // 204
}

type codeRequest struct {
	Method   string `json:"method,omitempty" default:"SMS" doc:"SMS or VOICE"`
	Language string `json:"language,omitempty" default:"en_US" doc:"Language of the text"`
}

func (s *Server) requestCode(ctx context.Context, in *with[codeRequest]) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.RequestCode(ctx, src, wa.CodeRequest(in.Body)) })
}

type verification struct {
	Code string `json:"code" doc:"Six digits; a dash is ignored" example:"123456"`
}

func (s *Server) verifyCode(ctx context.Context, in *with[verification]) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.VerifyCode(ctx, src, in.Body.Code) })
}

type registration struct {
	PIN    string `json:"pin" doc:"Six digits: that of the two-step verification, or what it is to be" example:"123456"`
	Region string `json:"data_localization_region,omitempty" doc:"Country in which message contents are kept" example:"DE"`
}

func (s *Server) registerNumber(ctx context.Context, in *with[registration]) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error {
		return s.Numbers.Register(ctx, src, wa.Registration{PIN: wa.NewSecret(in.Body.PIN), Region: in.Body.Region})
	})
}

type confirmation struct {
	Confirm string `json:"confirm" doc:"The number's phone number, so that it is not another one by mistake" example:"15550109999"`
}

func (s *Server) deregisterNumber(ctx context.Context, in *with[confirmation]) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.Deregister(ctx, src, in.Body.Confirm) })
}

type pin struct {
	PIN string `json:"pin" doc:"Six digits"`
}

func (s *Server) setPIN(ctx context.Context, in *with[pin]) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.SetPIN(ctx, src, wa.NewSecret(in.Body.PIN)) })
}

func (s *Server) getProfile(ctx context.Context, in *NumberPath) (*got[Profile], error) {
	src, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.Numbers.Profile(ctx, src)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[Profile]{ProfileOf(p)}, nil
}

type profileChange struct {
	About         *string   `json:"about,omitempty" doc:"At most 139 characters, and at least one"`
	Address       *string   `json:"address,omitempty" doc:"At most 256 characters; empty takes it away"`
	Description   *string   `json:"description,omitempty" doc:"At most 512 characters"`
	Email         *string   `json:"email,omitempty" doc:"At most 128 characters"`
	Vertical      *string   `json:"vertical,omitempty" doc:"Line of business" example:"RETAIL"`
	Websites      *[]string `json:"websites,omitempty" doc:"At most 2, each at most 256 characters"`
	PictureHandle *string   `json:"profile_picture_handle,omitempty" doc:"Handle of an upload at Meta"`
}

func (s *Server) putProfile(ctx context.Context, in *with[profileChange]) (*got[Profile], error) {
	src, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	p, err := s.Numbers.ChangeProfile(ctx, src, wa.ProfileChange{
		About: b.About, Address: b.Address, Description: b.Description, Email: b.Email, Vertical: b.Vertical,
		Websites: b.Websites, PictureHandle: b.PictureHandle,
	})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[Profile]{ProfileOf(p)}, nil
}

type healthQuestion struct {
	NumberPath
	TemplateID string `query:"template_id" maxLength:"64" doc:"Also ask for a template of the number's WABA, by Meta's id"`
}

func (s *Server) getHealth(ctx context.Context, in *healthQuestion) (*got[NumberHealth], error) {
	src, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	h, err := s.Numbers.Health(ctx, src, in.TemplateID)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[NumberHealth]{HealthOf(h)}, nil
}

type blockedList struct {
	Blocked []string `json:"blocked" doc:"WhatsApp ids"`
}

func (s *Server) listBlocked(ctx context.Context, in *NumberPath) (*got[blockedList], error) {
	src, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	users, err := s.Numbers.Blocked(ctx, src)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[blockedList]{blockedList{append([]string{}, users...)}}, nil
}

type users struct {
	Users []string `json:"users" doc:"Phone numbers or user ids, at most 1,000"`
}

func (s *Server) block(ctx context.Context, in *with[users]) (*got[Blocking], error) {
	return s.changeBlocked(ctx, in, s.Numbers.Block)
}

func (s *Server) unblock(ctx context.Context, in *with[users]) (*got[Blocking], error) {
	return s.changeBlocked(ctx, in, s.Numbers.Unblock)
}

func (s *Server) changeBlocked(
	ctx context.Context, in *with[users], do func(context.Context, wa.Source, []string) (wa.BlockResult, error),
) (*got[Blocking], error) {
	src, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := do(ctx, src, in.Body.Users)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[Blocking]{BlockingOf(r)}, nil
}

type subscriptionList struct {
	Apps []Subscription `json:"apps"`
}

func (s *Server) listSubscriptions(ctx context.Context, in *NumberPath) (*got[subscriptionList], error) {
	src, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.Numbers.Subscriptions(ctx, src)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &got[subscriptionList]{subscriptionList{SubscriptionsOf(all)}}, nil
}

type override struct {
	URI         string `json:"override_callback_uri,omitempty" doc:"At most 200 characters; Meta tries it at once"`
	VerifyToken string `json:"verify_token,omitempty" doc:"What Meta shows when it tries it; required with an address"`
}

// noun never adds the gateway's own verify token: whoever has an API token could
// have Meta show it to any address.
func (o override) noun() wa.CallbackOverride {
	return wa.CallbackOverride{URI: o.URI, VerifyToken: wa.NewSecret(o.VerifyToken)}
}

func (s *Server) subscribe(ctx context.Context, in *struct {
	NumberPath
	Body *override
},
) (*nothing, error) {
	var o override
	if in.Body != nil {
		o = *in.Body
	}
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.Subscribe(ctx, src, o.noun()) })
}

func (s *Server) unsubscribe(ctx context.Context, in *NumberPath) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.Unsubscribe(ctx, src) })
}

func (s *Server) setCallback(ctx context.Context, in *with[override]) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.SetCallback(ctx, src, in.Body.noun()) })
}

func (s *Server) clearCallback(ctx context.Context, in *NumberPath) (*nothing, error) {
	return s.done(ctx, in.ID, func(src wa.Source) error { return s.Numbers.ClearCallback(ctx, src) })
}

// Package manage serves the calls of the Graph face by which a business manages what it has: numbers, accounts, profile, blocked
// users, uploads, media, QR codes and groups, and by which it reads what became of its sends.
//
// It owns the routes of these calls and who may make them. It never sends a message and never holds the simulator's lock: what it
// shows has locks of its own, and what is to be called back is handed over.
package manage

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/business"
	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/qr"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/wire"
)

// Face serves the managing calls. Its methods may be called from many goroutines.
type Face struct{ Parts }

// Parts are what the calls show and change. All are required.
type Parts struct {
	GraphURL string // base URL at which Graph is reached
	AppID    string // the app that every token belongs to
	Accounts *account.Directory
	Codes    *qr.Store
	Records  *business.Records
	Groups   *group.Store
	Ledger   *ledger.Ledger
	Media    *media.Store

	Now      func() time.Time
	Trace    func() string                                         // makes an fbtrace_id
	Callback func() wire.Callback                                  // where the app's callbacks go at present
	Prove    func(ctx context.Context, c wire.Callback) error      // lets a receiver prove itself
	Tell     func(about ledger.Callback, value any, now time.Time) // calls back
	Forget   func(m *media.Item)                                   // removes a medium when its life ends
	Wrote    func(n account.Number) map[string]bool                // the users whose window with a number is open
}

// Handler serves one Graph route. The token is known by then; whose object it may touch is for the handler to check.
type Handler func(w http.ResponseWriter, r *http.Request, token string) error

// OwnNumber finds the number named in the path, if the token may use it.
func (s *Face) OwnNumber(r *http.Request, token string) (account.Number, error) {
	id := r.PathValue("object")
	n, ok := s.Accounts.Of(token, id)
	if !ok {
		return account.Number{}, rule.NoObject(r.Method, id)
	}
	return n, nil
}

// OwnAccount finds the account named in the path, if the token may use a number of it.
func (s *Face) OwnAccount(r *http.Request, token string) (string, error) {
	id := r.PathValue("object")
	if !s.Accounts.MayAccount(token, id) {
		return "", rule.NoObject(r.Method, id)
	}
	return id, nil
}

// ListAddress is where a client finds the list it is reading.
func (s *Face) ListAddress(r *http.Request) string { return s.GraphURL + r.URL.Path }

// call is a request to manage a number or an account that the token may use.
type call struct {
	method  string
	number  account.Number // zero when the call is to an account
	waba    string
	token   string
	part    string          // what the path has below the edge
	body    json.RawMessage // an object
	query   url.Values
	address string // where the client finds the list it is reading
	now     time.Time
}

// managing does what a call asks for and returns the answer.
type managing func(ctx context.Context, c call) (any, error)

// Routes are the routes by which a business manages its numbers, accounts and groups.
func (s *Face) Routes() map[string]Handler {
	routes := s.numberRoutes()
	maps.Copy(routes, s.businessRoutes())
	maps.Copy(routes, s.groupRoutes())
	return routes
}

// businessRoutes are the routes of what is told of a business and done by it.
func (s *Face) businessRoutes() map[string]Handler {
	return map[string]Handler{
		"GET /debug_token":                         s.debugToken,
		"GET /{object}/phone_numbers":              s.listNumbersOf,
		"GET /{object}/template_analytics":         s.countTemplates,
		"GET /{object}/whatsapp_business_profile":  s.getProfile,
		"POST /{object}/whatsapp_business_profile": s.postProfile,
		"GET /{object}/block_users":                s.listBlocked,
		"POST /{object}/block_users":               s.changeBlocked,
		"DELETE /{object}/block_users":             s.changeBlocked,
		"POST /{object}/uploads":                   s.beginUpload,
	}
}

// numberRoutes are the routes of numbers and accounts.
func (s *Face) numberRoutes() map[string]Handler {
	return map[string]Handler{
		"POST /{object}/phone_numbers":     s.forAccount(s.createNumber),
		"GET /{object}/subscribed_apps":    s.forAccount(s.listSubscribed),
		"POST /{object}/subscribed_apps":   s.forAccount(s.subscribe),
		"DELETE /{object}/subscribed_apps": s.forAccount(s.unsubscribe),

		"POST /{object}/request_code": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.Accounts.RequestCode(c.number.ID, c.body))
		}),
		"POST /{object}/verify_code": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.Accounts.VerifyCode(c.number.ID, c.body))
		}),
		"POST /{object}/register": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.Accounts.Register(c.number.ID, c.body, c.now))
		}),
		"POST /{object}/deregister": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.Accounts.Deregister(c.number.ID, c.now))
		}),
		"GET /{object}/settings": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.Accounts.Settings(c.number.ID), nil
		}),
		"POST /{object}/settings": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.Accounts.SetSettings(c.number.ID, c.body))
		}),
		"POST /{object}/conversational_automation": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.Accounts.SetAutomation(c.number.ID, c.body))
		}),
		"GET /{object}/username": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.Accounts.Username(c.number.ID), nil
		}),
		"POST /{object}/username": s.forNumber(s.takeUsername),
		"DELETE /{object}/username": s.forNumber(func(_ context.Context, c call) (any, error) {
			s.Accounts.DropUsername(c.number.ID)
			return success(nil)
		}),

		"GET /{object}/message_history": s.forNumber(s.listHistory),
		"GET /{object}/events":          s.listEvents,

		"GET /{object}/message_qrdls": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.Codes.Page(c.number.ID, c.query, c.address)
		}),
		"POST /{object}/message_qrdls": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.Codes.Post(c.number.ID, c.body, c.now)
		}),
		"GET /{object}/message_qrdls/{part}": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.Codes.Get(c.number.ID, c.part, c.query.Get("fields"))
		}),
		"DELETE /{object}/message_qrdls/{part}": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.Codes.Delete(c.number.ID, c.part))
		}),

		"GET /{object}/username_suggestions": s.forNumber(func(_ context.Context, c call) (any, error) {
			return map[string]any{"data": []any{map[string]any{"username_suggestions": account.Suggestions(c.number)}}}, nil
		}),
	}
}

// success is the answer to what either worked or did not.
func success(err error) (any, error) {
	return face.Success{Success: err == nil}, err
}

// forNumber serves a managing call to a number.
func (s *Face) forNumber(do managing) Handler {
	return func(w http.ResponseWriter, r *http.Request, token string) error {
		n, err := s.OwnNumber(r, token)
		if err != nil {
			return err
		}
		return s.serve(w, r, call{number: n, waba: n.WABAID, token: token}, do)
	}
}

// forAccount serves a managing call to an account.
func (s *Face) forAccount(do managing) Handler {
	return func(w http.ResponseWriter, r *http.Request, token string) error {
		waba, err := s.OwnAccount(r, token)
		if err != nil {
			return err
		}
		return s.serve(w, r, call{waba: waba, token: token}, do)
	}
}

func (s *Face) serve(w http.ResponseWriter, r *http.Request, c call, do managing) (err error) {
	c.method, c.part, c.query, c.address, c.now = r.Method, r.PathValue("part"), r.URL.Query(), s.ListAddress(r), s.Now()
	if r.Method != http.MethodGet {
		if c.body, err = face.ReadParameters(w, r); err != nil {
			return err
		}
	}
	answer, err := do(r.Context(), c)
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, answer)
}

func (s *Face) createNumber(_ context.Context, c call) (any, error) {
	id, err := s.Accounts.Create(c.waba, c.token, c.body)
	return map[string]string{"id": id}, err
}

// changeNumber is a POST to a number itself: a new PIN, or a receiver of its own for its callbacks.
func (s *Face) changeNumber(ctx context.Context, c call) (any, error) {
	changed, err := s.Accounts.Change(c.number.ID, c.body)
	if err != nil {
		return nil, err
	}
	if changed.PIN {
		s.tellSecurity(c.number, "PIN_CHANGED", c.now)
	}
	if o := changed.Configure; o != nil {
		if err := s.proveOverride(ctx, *o); err != nil {
			return nil, err
		}
		s.Accounts.SetOverride(c.number.ID, *o)
	}
	return success(nil)
}

// tellSecurity calls back what happened to a number's two-step verification.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/security (read 2026-09)
func (s *Face) tellSecurity(n account.Number, event string, now time.Time) {
	s.Tell(ledger.Callback{WABAID: n.WABAID, Field: "security"}, map[string]string{
		"display_phone_number": n.Display, "event": event, "requester": s.AppID,
	}, now)
}

func (s *Face) listSubscribed(_ context.Context, c call) (any, error) {
	return map[string]any{"data": s.Accounts.Subscriptions(c.waba)}, nil
}

// subscribe subscribes the app to an account, with a receiver of its own if one is named.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api (read 2026-09)
func (s *Face) subscribe(ctx context.Context, c call) (any, error) {
	o, named, err := account.ReadOverride(c.body)
	if err != nil {
		return nil, err
	}
	if err := s.proveOverride(ctx, o); err != nil {
		return nil, err
	}
	s.Accounts.Subscribe(c.waba, o)
	if named && o.URI != "" {
		return map[string]any{"success": true, "data": s.Accounts.Subscriptions(c.waba)}, nil
	}
	return success(nil)
}

func (s *Face) unsubscribe(_ context.Context, c call) (any, error) {
	s.Accounts.Unsubscribe(c.waba)
	return success(nil)
}

// proveOverride lets a receiver prove itself as that of the app does.
func (s *Face) proveOverride(ctx context.Context, o account.Override) error {
	if o.URI == "" {
		return nil
	}
	if err := s.Prove(ctx, wire.Callback{URL: o.URI, VerifyToken: o.VerifyToken}); err != nil {
		return rule.Refuse(rule.CodeHandshake, "Callback verification failed", "%s", err)
	}
	return nil
}

// Target is where a callback goes: to the number's own receiver, or the account's, or the app's. The app's secret signs in every
// case. Without an address the callback is dropped, and err says why. The lock must not be needed: directory and callback have
// been read before.
func (s *Face) Target(app wire.Callback, waba, numberID string) (wire.Callback, error) {
	o, subscribed := s.Accounts.Route(waba, numberID)
	switch {
	case !subscribed:
		return wire.Callback{}, errors.New("the app is not subscribed to the account")
	case o.URI != "":
		return wire.Callback{URL: o.URI, VerifyToken: o.VerifyToken, AppSecret: app.AppSecret}, nil
	case app.URL == "":
		return wire.Callback{}, errors.New("no callback is set")
	}
	return app, nil
}

func (s *Face) takeUsername(_ context.Context, c call) (any, error) {
	if err := s.Accounts.SetUsername(c.number.ID, c.body); err != nil {
		return nil, err
	}
	status := s.Accounts.Username(c.number.ID)
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/business_username_update (read 2026-09)
	s.Tell(ledger.Callback{WABAID: c.waba, Field: "business_username_update"}, map[string]any{
		"display_phone_number": c.number.Display, "username": status["username"], "status": status["status"],
	}, c.now)
	return map[string]any{"status": status["status"]}, nil
}

// ShowPicture serves the picture of a QR code. Like Meta's it needs no token.
func (s *Face) ShowPicture(w http.ResponseWriter, r *http.Request) {
	mimeType, picture, ok, err := s.Codes.Picture(r.URL.Query())
	if err != nil || !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", mimeType)
	w.Header().Set("Content-Security-Policy", "sandbox")
	_, _ = w.Write(picture) //nolint:gosec // drawn here; a client that leaves early is no fault of ours
}

// PostNumber is a POST to a number itself.
func (s *Face) PostNumber(w http.ResponseWriter, r *http.Request, token string) error {
	return s.forNumber(s.changeNumber)(w, r, token)
}

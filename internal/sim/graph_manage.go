package sim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/rule"
)

// call is a request to manage a number or an account that the token may use.
type call struct {
	method  string
	number  Number // zero when the call is to an account
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

// manageRoutes are the routes by which a business manages its numbers and accounts.
func (s *Sim) manageRoutes() map[string]graphHandler {
	return map[string]graphHandler{
		"POST /{object}/phone_numbers":     s.forAccount(s.createNumber),
		"GET /{object}/subscribed_apps":    s.forAccount(s.listSubscribed),
		"POST /{object}/subscribed_apps":   s.forAccount(s.subscribe),
		"DELETE /{object}/subscribed_apps": s.forAccount(s.unsubscribe),

		"POST /{object}/request_code": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.accounts.RequestCode(c.number.ID, c.body))
		}),
		"POST /{object}/verify_code": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.accounts.VerifyCode(c.number.ID, c.body))
		}),
		"POST /{object}/register": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.accounts.Register(c.number.ID, c.body, c.now))
		}),
		"POST /{object}/deregister": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.accounts.Deregister(c.number.ID, c.now))
		}),
		"GET /{object}/settings": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.accounts.Settings(c.number.ID), nil
		}),
		"POST /{object}/settings": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.accounts.SetSettings(c.number.ID, c.body))
		}),
		"POST /{object}/conversational_automation": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.accounts.SetAutomation(c.number.ID, c.body))
		}),
		"GET /{object}/username": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.accounts.Username(c.number.ID), nil
		}),
		"POST /{object}/username": s.forNumber(s.takeUsername),
		"DELETE /{object}/username": s.forNumber(func(_ context.Context, c call) (any, error) {
			s.accounts.DropUsername(c.number.ID)
			return success(nil)
		}),
		"POST /{object}/unpause": s.unpauseTemplate,

		"GET /{object}/message_history": s.forNumber(s.listHistory),
		"GET /{object}/events":          s.listEvents,

		"GET /{object}/message_qrdls": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.codes.Page(c.number.ID, c.query, c.address)
		}),
		"POST /{object}/message_qrdls": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.codes.Post(c.number.ID, c.body, c.now)
		}),
		"GET /{object}/message_qrdls/{part}": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.codes.Get(c.number.ID, c.part, c.query.Get("fields"))
		}),
		"DELETE /{object}/message_qrdls/{part}": s.forNumber(func(_ context.Context, c call) (any, error) {
			return success(s.codes.Delete(c.number.ID, c.part))
		}),

		"GET /{object}/username_suggestions": s.forNumber(func(_ context.Context, c call) (any, error) {
			return map[string]any{"data": []any{map[string]any{"username_suggestions": account.Suggestions(c.number)}}}, nil
		}),
	}
}

// success is the answer to what either worked or did not.
func success(err error) (any, error) {
	return successAnswer{Success: err == nil}, err
}

// forNumber serves a managing call to a number.
func (s *Sim) forNumber(do managing) graphHandler {
	return func(w http.ResponseWriter, r *http.Request, token string) error {
		n, err := s.ownNumber(r, token)
		if err != nil {
			return err
		}
		return s.manage(w, r, call{number: n, waba: n.WABAID, token: token}, do)
	}
}

// forAccount serves a managing call to an account.
func (s *Sim) forAccount(do managing) graphHandler {
	return func(w http.ResponseWriter, r *http.Request, token string) error {
		waba, err := s.ownWABA(r, token)
		if err != nil {
			return err
		}
		return s.manage(w, r, call{waba: waba, token: token}, do)
	}
}

func (s *Sim) manage(w http.ResponseWriter, r *http.Request, c call, do managing) (err error) {
	c.method, c.part, c.query, c.address, c.now = r.Method, r.PathValue("part"), r.URL.Query(), s.address(r), s.now()
	if r.Method != http.MethodGet {
		if c.body, err = readParameters(w, r); err != nil {
			return err
		}
	}
	answer, err := do(r.Context(), c)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// readParameters reads what a call says: a JSON body, or a form, or the query, as Graph takes all three. The answer is always an
// object.
func readParameters(w http.ResponseWriter, r *http.Request) (json.RawMessage, error) {
	if media.BareType(r.Header.Get("Content-Type")) == "application/json" && r.ContentLength != 0 {
		return readBody(w, r)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxJSONBody)
	if err := r.ParseForm(); err != nil {
		return nil, rule.BadParameter("the form is broken: %s", err)
	}
	object := map[string]any{}
	for key, values := range r.Form {
		if key == "access_token" || key == "fields" {
			continue
		}
		object[key] = values[0]
		// Lists, objects and truth values are written as JSON; digits stay text, because PINs and codes are.
		if strings.HasPrefix(values[0], "[") || strings.HasPrefix(values[0], "{") || values[0] == "true" || values[0] == "false" {
			var inner any
			if json.Unmarshal([]byte(values[0]), &inner) == nil {
				object[key] = inner
			}
		}
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, rule.BadParameter("the form is broken: %s", err)
	}
	return raw, nil
}

func (s *Sim) createNumber(_ context.Context, c call) (any, error) {
	id, err := s.accounts.Create(c.waba, c.token, c.body)
	return map[string]string{"id": id}, err
}

// changeNumber is a POST to a number itself: a new PIN, or a receiver of its own for its callbacks.
func (s *Sim) changeNumber(ctx context.Context, c call) (any, error) {
	changed, err := s.accounts.Change(c.number.ID, c.body)
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
		s.accounts.SetOverride(c.number.ID, *o)
	}
	return success(nil)
}

// tellSecurity calls back what happened to a number's two-step verification.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/security (read 2026-09)
func (s *Sim) tellSecurity(n Number, event string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitField(Post{WABAID: n.WABAID, Field: "security"}, map[string]string{
		"display_phone_number": n.Display, "event": event, "requester": s.appID,
	}, now)
}

func (s *Sim) listSubscribed(_ context.Context, c call) (any, error) {
	return map[string]any{"data": s.accounts.Subscriptions(c.waba)}, nil
}

// subscribe subscribes the app to an account, with a receiver of its own if one is named.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api (read 2026-09)
func (s *Sim) subscribe(ctx context.Context, c call) (any, error) {
	o, named, err := account.ReadOverride(c.body)
	if err != nil {
		return nil, err
	}
	if err := s.proveOverride(ctx, o); err != nil {
		return nil, err
	}
	s.accounts.Subscribe(c.waba, o)
	if named && o.URI != "" {
		return map[string]any{"success": true, "data": s.accounts.Subscriptions(c.waba)}, nil
	}
	return success(nil)
}

func (s *Sim) unsubscribe(_ context.Context, c call) (any, error) {
	s.accounts.Unsubscribe(c.waba)
	return success(nil)
}

// proveOverride lets a receiver prove itself as that of the app does.
func (s *Sim) proveOverride(ctx context.Context, o account.Override) error {
	if o.URI == "" {
		return nil
	}
	if err := s.shakeHands(ctx, Callback{URL: o.URI, VerifyToken: o.VerifyToken}); err != nil {
		return rule.Refuse(rule.CodeHandshake, "Callback verification failed", "%s", err)
	}
	return nil
}

// target is where a callback goes: to the number's own receiver, or the account's, or the app's. The app's secret signs in every
// case. Without an address the callback is dropped, and err says why. The lock must not be needed: directory and callback have
// been read before.
func (s *Sim) target(app Callback, waba, numberID string) (Callback, error) {
	o, subscribed := s.accounts.Route(waba, numberID)
	switch {
	case !subscribed:
		return Callback{}, errors.New("the app is not subscribed to the account")
	case o.URI != "":
		return Callback{URL: o.URI, VerifyToken: o.VerifyToken, AppSecret: app.AppSecret}, nil
	case app.URL == "":
		return Callback{}, errors.New("no callback is set")
	}
	return app, nil
}

func (s *Sim) takeUsername(_ context.Context, c call) (any, error) {
	if err := s.accounts.SetUsername(c.number.ID, c.body); err != nil {
		return nil, err
	}
	status := s.accounts.Username(c.number.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/business_username_update (read 2026-09)
	s.emitField(Post{WABAID: c.waba, Field: "business_username_update"}, map[string]any{
		"display_phone_number": c.number.Display, "username": status["username"], "status": status["status"],
	}, c.now)
	return map[string]any{"status": status["status"]}, nil
}

// showPicture serves the picture of a QR code. Like Meta's it needs no token.
func (s *Sim) showPicture(w http.ResponseWriter, r *http.Request) {
	mimeType, picture, ok, err := s.codes.Picture(r.URL.Query())
	if err != nil || !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", mimeType)
	w.Header().Set("Content-Security-Policy", "sandbox")
	_, _ = w.Write(picture) //nolint:gosec // drawn here; a client that leaves early is no fault of ours
}

// Numbers returns every business number, those that were added at run time too, in order of creation.
func (s *Sim) Numbers() []Number { return s.accounts.Numbers() }

package waapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// The configuration of webhooks: the paths and fields that the vendor's own
// client sends. Their answers are not public; that client reads a list of
// name, url, status and type.

// webhookRoutes are served under both versions: the vendor's client sends two
// of them to v3 and one to v2.
func (s *Server) webhookRoutes() []route {
	var all []route
	for _, version := range []string{"v2", "v3"} {
		base := "/api/" + version + "/metainfo/webhook/"
		all = append(all,
			route{base + "list_webhook", map[string]handler{http.MethodGet: s.listWebhooks}},
			route{base + "update_webhook", map[string]handler{http.MethodPost: s.updateWebhook}},
			route{base + "manage_webhook", map[string]handler{http.MethodPost: s.manageWebhook}},
		)
	}
	return all
}

// The words for whether a webhook is posted to. Others are not understood.
const (
	webhookEnabled  = "enable"
	webhookDisabled = "disable"
)

// webhookView is what is shown of an endpoint. Its headers are not.
type webhookView struct {
	Name   string       `json:"name"`
	URL    string       `json:"url"`
	Status string       `json:"status"`
	Type   wa.EventKind `json:"type"`
	Source wa.SourceID  `json:"source,omitempty"`
}

func (s *Server) listWebhooks(w http.ResponseWriter, r *http.Request, c caller) error {
	var kind wa.EventKind
	if word := r.URL.Query().Get("type"); strings.TrimSpace(word) != "" {
		var err error
		if kind, err = webhookKind(word); err != nil {
			return err
		}
	}
	all, err := s.endpoints.Endpoints(r.Context(), c.account)
	if err != nil {
		return err
	}
	list := []webhookView{}
	for _, e := range all {
		if kind != "" && e.Kind != kind {
			continue
		}
		v := webhookView{Name: e.Name, URL: e.URL, Status: webhookEnabled, Type: e.Kind, Source: e.SourceID}
		if e.Disabled {
			v.Status = webhookDisabled
		}
		list = append(list, v)
	}
	return succeed(w, "", list)
}

// webhookKind returns the kind of event that a type names, in any letter case.
func webhookKind(word string) (wa.EventKind, error) {
	kind := wa.EventKind(strings.ToLower(strings.TrimSpace(word)))
	switch {
	case kind == "":
		return "", failure.Refuse(wa.Problem{Field: "webhook_type", Rule: wa.RuleRequired})
	case !kind.Valid():
		return "", failure.Refuse(wa.Problem{Field: "webhook_type", Rule: wa.RuleUnknown})
	}
	return kind, nil
}

// webhookWish is what a request says about an endpoint; "" is not said.
type webhookWish struct {
	kind wa.EventKind
	name string
	// source is nil if it is to stay as it is, "" for all sources.
	source *wa.SourceID
	url    string
	// headers are nil if they are to stay as they are.
	headers map[string]wa.Secret
}

// webhookName reads which webhook a request means; nameField is what it calls
// the name.
func webhookName(o lenient.Object, nameField string) (kind wa.EventKind, name string, err error) {
	word, err := o.Trimmed("type")
	if err != nil {
		return "", "", err
	}
	if kind, err = webhookKind(word); err != nil {
		return "", "", err
	}
	name, err = o.Trimmed(nameField)
	return kind, name, err
}

// decodeWebhook reads an update.
func decodeWebhook(o lenient.Object) (wish webhookWish, err error) {
	if wish.kind, wish.name, err = webhookName(o, "name"); err != nil {
		return wish, err
	}
	if !o["source"].Absent() {
		source, err := o.Trimmed("source")
		if err != nil {
			return wish, err
		}
		wish.source = (*wa.SourceID)(&source)
	}
	if wish.url, err = o.Trimmed("url"); err != nil {
		return wish, err
	}
	wish.headers, err = webhookHeaders(o["headers"])
	return wish, err
}

// updateWebhook changes the endpoint of a name, or makes it.
func (s *Server) updateWebhook(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	wish, err := decodeWebhook(body)
	if err != nil {
		return err
	}
	defer s.changing.lock(c.account)()
	all, err := s.endpoints.Endpoints(r.Context(), c.account)
	if err != nil {
		return err
	}
	e, err := wish.place(all)
	if err != nil {
		return err
	}
	id := wa.NewID[wa.EndpointID]()
	e.ID, e.AccountID, e.CreatedAt, e.URL, e.Headers = id, c.account, s.now(), wish.url, wish.headers
	if err := failure.Refuse(e.Validate()...); err != nil {
		return err
	}
	if e, err = s.endpoints.PutEndpoint(r.Context(), e); err != nil {
		return unknownSource(err)
	}
	if e.ID == id {
		return succeed(w, "Webhook created successfully.", nil)
	}
	return succeed(w, "Webhook updated successfully.", nil)
}

func unknownSource(err error) error {
	if wa.CodeOf(err) == wa.CodeNotFound {
		return failure.Refuse(wa.Problem{Field: "source", Rule: wa.RuleUnknown})
	}
	return err
}

// webhookHeaders reads headers: a JSON object, or one written into a string.
// Nothing, null and "" are nil.
func webhookHeaders(v lenient.Value) (map[string]wa.Secret, error) {
	malformed := failure.Refuse(wa.Problem{
		Field: "headers", Rule: wa.RuleMalformed, Detail: "must be a JSON object of names and texts, or a string that holds one",
	})
	if v.Absent() {
		return nil, nil
	}
	if text, ok := v.Text(); ok {
		if v = lenient.Value(strings.TrimSpace(text)); v.Absent() {
			return nil, nil
		}
	}
	o, err := lenient.Parse(v)
	if err != nil {
		return nil, malformed
	}
	headers := map[string]wa.Secret{}
	for name, v := range o {
		if v.Absent() {
			continue
		}
		text, ok := v.Text()
		if !ok {
			return nil, malformed
		}
		headers[name] = wa.NewSecret(text)
	}
	return headers, nil
}

// place returns the endpoint that is to be set, as far as the request leaves it
// as it is. Without a name it is the type's only one, else the one called by the
// type; but a filter that the request does not know of is not taken away.
func (wish webhookWish) place(all []wa.Endpoint) (wa.Endpoint, error) {
	named := webhooksOf(all, wish.kind, wish.name)
	if wish.name == "" && len(named) > 1 {
		named = webhooksOf(all, wish.kind, string(wish.kind))
	}
	e := wa.Endpoint{Kind: wish.kind, Name: cmp.Or(wish.name, string(wish.kind))}
	if len(named) == 1 {
		e.Name, e.SourceID = named[0].Name, named[0].SourceID
	}
	if wish.source == nil {
		return e, nil
	}
	if wish.name == "" && len(named) == 1 && e.SourceID != *wish.source {
		return e, failure.Refuse(wa.Problem{Field: "name", Rule: wa.RuleRequired})
	}
	e.SourceID = *wish.source
	return e, nil
}

// webhooksOf returns the endpoints of a type, and of a name if there is one.
func webhooksOf(all []wa.Endpoint, kind wa.EventKind, name string) []wa.Endpoint {
	return slices.DeleteFunc(slices.Clone(all), func(e wa.Endpoint) bool {
		return e.Kind != kind || (name != "" && e.Name != name)
	})
}

// manageWebhook enables or disables an endpoint.
func (s *Server) manageWebhook(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	const nameField = "webhook_name"
	kind, name, err := webhookName(body, nameField)
	if err != nil {
		return err
	}
	disabled, err := webhookStatus(body)
	if err != nil {
		return err
	}
	if name == "" {
		if name, err = s.onlyWebhook(r.Context(), c.account, kind, nameField); err != nil {
			return err
		}
	}
	if !wa.ValidName(name) {
		return noWebhook(nameField)
	}
	err = s.endpoints.SetEndpointDisabled(r.Context(), store.EndpointKey{AccountID: c.account, Kind: kind, Name: name}, disabled)
	switch {
	case wa.CodeOf(err) == wa.CodeNotFound:
		return noWebhook(nameField)
	case err != nil:
		return err
	case disabled:
		return succeed(w, "Webhook disabled successfully.", nil)
	}
	return succeed(w, "Webhook enabled successfully.", nil)
}

// onlyWebhook returns the name of the type's only webhook.
func (s *Server) onlyWebhook(ctx context.Context, account wa.AccountID, kind wa.EventKind, nameField string) (string, error) {
	all, err := s.endpoints.Endpoints(ctx, account)
	if err != nil {
		return "", err
	}
	switch all = webhooksOf(all, kind, ""); len(all) {
	case 0:
		return "", noWebhook(nameField)
	case 1:
		return all[0].Name, nil
	}
	return "", failure.Refuse(wa.Problem{Field: nameField, Rule: wa.RuleRequired})
}

func noWebhook(nameField string) error {
	return failure.Refuse(wa.Problem{Field: nameField, Rule: wa.RuleUnknown, Detail: "does not exist"})
}

func webhookStatus(o lenient.Object) (disabled bool, err error) {
	const field = "status"
	word, err := o.Trimmed(field)
	if err != nil {
		return false, err
	}
	switch strings.ToLower(word) {
	case "":
		return false, failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleRequired})
	case webhookEnabled:
		return false, nil
	case webhookDisabled:
		return true, nil
	}
	return false, failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleUnknown, Detail: "can only be enable or disable"})
}

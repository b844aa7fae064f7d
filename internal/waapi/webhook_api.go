package waapi

import (
	"cmp"
	"encoding/json"
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
	kind   wa.EventKind
	name   string
	source wa.SourceID
	url    string
	// headers are nil if they are to stay as they are.
	headers map[string]wa.Secret
}

// decodeWebhook reads what both ways to change a webhook have in common;
// nameField is what it calls the name.
func decodeWebhook(o lenient.Object, nameField string) (wish webhookWish, err error) {
	kind, err := o.Trimmed("type")
	if err != nil {
		return wish, err
	}
	if wish.kind, err = webhookKind(kind); err != nil {
		return wish, err
	}
	if wish.name, err = o.Trimmed(nameField); err != nil {
		return wish, err
	}
	source, err := o.Trimmed("source")
	wish.source = wa.SourceID(source)
	return wish, err
}

// updateWebhook changes an endpoint or makes one. It is named by its source,
// else by its name, which is matched exactly; one that cannot be found so is
// that for all sources, which then gets the name.
func (s *Server) updateWebhook(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	wish, err := decodeWebhook(body, "name")
	if err != nil {
		return err
	}
	if wish.url, err = body.Trimmed("url"); err != nil {
		return err
	}
	if wish.headers, err = webhookHeaders(body["headers"]); err != nil {
		return err
	}
	if wish.source != "" {
		if _, err := s.gate.FindSource(r.Context(), c.account, wish.source); err != nil {
			return unknownSource(err)
		}
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	all, err := s.endpoints.Endpoints(r.Context(), c.account)
	if err != nil {
		return err
	}
	e, found, err := wish.place(all)
	if err != nil {
		return err
	}
	e.URL, e.Name = wish.url, cmp.Or(wish.name, e.Name)
	if wish.headers != nil {
		e.Headers = wish.headers
	}
	text := "Webhook updated successfully."
	if !found {
		e.ID, e.AccountID, e.CreatedAt = wa.NewID[wa.EndpointID](), c.account, s.now()
		text = "Webhook created successfully."
	}
	if err := failure.Refuse(e.Validate()...); err != nil {
		return err
	}
	if _, err := s.endpoints.PutEndpoint(r.Context(), e); err != nil {
		return err
	}
	return succeed(w, text, nil)
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
		if !json.Valid(v) {
			return nil, malformed
		}
	}
	o, ok := v.Object()
	if !ok {
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

// place returns the endpoint that is to be changed, or the beginning of a new
// one.
func (wish webhookWish) place(all []wa.Endpoint) (e wa.Endpoint, found bool, err error) {
	named := wish.among(all)
	if wish.source == "" && len(named) > 1 {
		return e, false, wish.several("name")
	}
	if wish.source == "" && len(named) == 1 {
		return named[0], true, nil
	}
	for _, e := range all {
		if e.Kind == wish.kind && e.SourceID == wish.source {
			return e, true, nil
		}
	}
	return wa.Endpoint{Kind: wish.kind, SourceID: wish.source}, false, nil
}

// among returns the endpoints that fit what the request says.
func (wish webhookWish) among(all []wa.Endpoint) []wa.Endpoint {
	return slices.DeleteFunc(slices.Clone(all), func(e wa.Endpoint) bool {
		return e.Kind != wish.kind || (wish.name != "" && e.Name != wish.name) || (wish.source != "" && e.SourceID != wish.source)
	})
}

// several refuses a request that more than one endpoint fits.
func (wish webhookWish) several(field string) error {
	if wish.name == "" {
		return failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleRequired})
	}
	return failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "stands for several webhooks; give the source too"})
}

// manageWebhook enables or disables an endpoint.
func (s *Server) manageWebhook(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	const nameField = "webhook_name"
	wish, err := decodeWebhook(body, nameField)
	if err != nil {
		return err
	}
	disabled, err := webhookStatus(body)
	if err != nil {
		return err
	}
	s.changing.Lock() // an update under way writes back what it has read
	defer s.changing.Unlock()
	all, err := s.endpoints.Endpoints(r.Context(), c.account)
	if err != nil {
		return err
	}
	named := wish.among(all)
	if len(named) > 1 {
		return wish.several(nameField)
	}
	missing := failure.Refuse(wa.Problem{Field: nameField, Rule: wa.RuleUnknown, Detail: "does not exist"})
	if len(named) == 0 {
		return missing
	}
	err = s.endpoints.SetEndpointDisabled(r.Context(), store.EndpointKey{
		AccountID: c.account, Kind: named[0].Kind, SourceID: named[0].SourceID,
	}, disabled)
	switch {
	case wa.CodeOf(err) == wa.CodeNotFound: // removed since
		return missing
	case err != nil:
		return err
	case disabled:
		return succeed(w, "Webhook disabled successfully.", nil)
	}
	return succeed(w, "Webhook enabled successfully.", nil)
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

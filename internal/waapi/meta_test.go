package waapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/template"
	"github.com/waypost/waypost/internal/wa"
)

// The WABAs of the fixture beside the usual one, which is 2099.
const (
	wabaExpired     = "2190" // its token has expired
	wabaUnreachable = "2191" // what answers is not Meta
	wabaEmpty       = "2192" // it has no templates
)

// firstTemplate is longer than any run of digits in an id of ours.
const firstTemplate = 7000000000000001

// metaTemplate is a template as the graph of the tests keeps it.
type metaTemplate struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Language   string          `json:"language"`
	Status     string          `json:"status"`
	Category   string          `json:"category"`
	Components json.RawMessage `json:"components"`
	Quality    map[string]any  `json:"quality_score,omitempty"`
	Reason     string          `json:"rejected_reason"`
}

// graph plays Meta for the template API. Its templates are those that the
// simulator has.
type graph struct {
	mu   sync.Mutex
	list []metaTemplate
	made int
	// asked are method and path of every call.
	asked []string
	// changes are the bodies of creates and edits.
	changes []string
}

// newGraph gives the templates the ids firstTemplate and up, in the order in
// which they stand here.
func newGraph() *graph {
	const card = `{"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Only today: {{1}} off."},` +
		`{"type":"BUTTONS","buttons":[{"type":"URL","text":"See it","url":"https://shop.example/deals"}]}]}`
	g := &graph{}
	for _, t := range []metaTemplate{
		{Name: "order_update", Language: "en", Category: "UTILITY", Components: json.RawMessage(
			`[{"type":"BODY","text":"Hi {{1}}, your order of {{2}} items is on its way.","example":{"body_text":[["Ada","3"]]}}]`)},
		{Name: "order_update", Language: "hi", Category: "UTILITY", Components: json.RawMessage(
			`[{"type":"BODY","text":"नमस्ते {{1}}, आपके {{2}} सामान का ऑर्डर रास्ते में है।"}]`)},
		{Name: "hello_world", Language: "en_US", Category: "UTILITY", Components: json.RawMessage(
			`[{"type":"HEADER","format":"TEXT","text":"Hello World"},{"type":"BODY","text":"This message shows that the number can send."},` +
				`{"type":"FOOTER","text":"The simulator"}]`)},
		{Name: "invoice_ready", Language: "en", Category: "UTILITY", Components: json.RawMessage(
			`[{"type":"HEADER","format":"DOCUMENT"},{"type":"BODY","text":"Your invoice {{1}} is ready."},` +
				`{"type":"BUTTONS","buttons":[{"type":"URL","text":"Pay now","url":"https://shop.example/pay/{{1}}"}]}]`)},
		{Name: "spring_sale", Language: "en", Category: "MARKETING", Components: json.RawMessage(
			`[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Spring is here, {{1}}! Everything green is cheaper."},` +
				`{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Show me"},{"type":"QUICK_REPLY","text":"No more offers"}]}]`)},
		{Name: "login_code", Language: "en", Category: "AUTHENTICATION", Components: json.RawMessage(
			`[{"type":"BODY","text":"*{{1}}* is your verification code."},{"type":"FOOTER","code_expiration_minutes":10},` +
				`{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copy code"}]}]`)},
		{Name: "deal_cards", Language: "en", Category: "MARKETING", Components: json.RawMessage(
			`[{"type":"BODY","text":"Our deals of the week."},{"type":"CAROUSEL","cards":[` + card + `,` + card + `]}]`)},
		{Name: "flash_offer", Language: "en", Category: "MARKETING", Components: json.RawMessage(
			`[{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Ends soon!","has_expiration":true}},` +
				`{"type":"BODY","text":"Hi {{1}}, the code is good for a short time only."},` +
				`{"type":"BUTTONS","buttons":[{"type":"COPY_CODE","example":"FLASH25"},` +
				`{"type":"URL","text":"Shop now","url":"https://shop.example/flash?c={{1}}"}]}]`)},
		{Name: "old_news", Language: "en", Category: "MARKETING", Status: "PAUSED", Components: json.RawMessage(
			`[{"type":"BODY","text":"Old news."}]`)},
	} {
		if t.Status == "" {
			t.Status = "APPROVED"
		}
		g.add(t)
	}
	return g
}

func (g *graph) add(t metaTemplate) metaTemplate {
	g.made++
	t.ID, t.Reason, t.Quality = strconv.Itoa(firstTemplate-1+g.made), "NONE", map[string]any{"score": "GREEN"}
	g.list = append(g.list, t)
	return t
}

// ServeHTTP answers as Meta does.
func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v23.0/"), "/")
	g.asked = append(g.asked, r.Method+" "+strings.Join(path, "/"))
	switch node := path[0]; {
	case node == wabaExpired:
		refuseGraph(w, http.StatusUnauthorized, `"code":190,"message":"Error validating access token: `+bearer(r)+` has expired"`)
	case node == wabaUnreachable:
		http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
	case len(path) == 2 && path[1] == "message_templates":
		g.templates(w, r, node)
	case node == "app":
		answerGraph(w, map[string]any{"id": "300"})
	case len(path) == 2 && path[1] == "uploads":
		answerGraph(w, map[string]any{"id": "upload:abc?sig=" + r.URL.Query().Get("file_length")})
	case strings.HasPrefix(node, "upload:"):
		body, _ := io.ReadAll(r.Body)
		answerGraph(w, map[string]any{"h": fmt.Sprintf("4::%s:%d", r.Header.Get("File_offset"), len(body))})
	case len(path) == 2 && path[1] == "template_analytics":
		answerGraph(w, map[string]any{"data": []any{map[string]any{"granularity": r.URL.Query().Get("granularity"), "data_points": []any{
			map[string]any{"template_id": strconv.Itoa(firstTemplate), "start": json.Number(r.URL.Query().Get("start")), "sent": 3},
		}}}, "paging": map[string]any{"cursors": map[string]any{"before": "b", "after": "a"}}})
	case len(path) == 2 && path[1] == "whatsapp_business_profile":
		answerGraph(w, map[string]any{"data": []any{map[string]any{
			"about": "Open till six", "profile_picture_url": "https://pps.whatsapp.example/1.jpg", "vertical": "RETAIL",
			"websites": []string{"https://shop.example/"},
		}}})
	case strings.HasPrefix(node, "1099"):
		answerGraph(w, map[string]any{
			"display_phone_number": "+1 555-010-9999", "verified_name": "Shop", "code_verification_status": "VERIFIED",
			"quality_rating": "GREEN", "messaging_limit_tier": "TIER_1K", "name_status": "APPROVED", "status": "CONNECTED",
		})
	default:
		g.one(w, r, node)
	}
}

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func answerGraph(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		body = []byte(err.Error()) // which is no JSON
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

func refuseGraph(w http.ResponseWriter, status int, fields string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"error":{`+fields+`,"type":"OAuthException","fbtrace_id":"A1"}}`)
}

// templates is the edge of a WABA. A page has three.
func (g *graph) templates(w http.ResponseWriter, r *http.Request, waba string) {
	switch r.Method {
	case http.MethodGet:
		list := g.list
		if waba == wabaEmpty {
			list = []metaTemplate{}
		}
		from, _ := strconv.Atoi(r.URL.Query().Get("after"))
		to := min(from+3, len(list))
		paging := map[string]any{"cursors": map[string]any{"before": strconv.Itoa(from), "after": strconv.Itoa(to)}}
		if to < len(list) {
			paging["next"] = "https://graph.example/next?access_token=" + bearer(r)
		}
		answerGraph(w, map[string]any{"data": list[from:to], "paging": paging})
	case http.MethodPost:
		var t metaTemplate
		if err := g.change(r, &t); err != nil {
			refuseGraph(w, http.StatusBadRequest, `"code":100,"message":"(#100) Param components must be a JSON array"`)
			return
		}
		if slices.ContainsFunc(g.list, func(other metaTemplate) bool { return other.Name == t.Name && other.Language == t.Language }) {
			refuseGraph(w, http.StatusBadRequest, `"code":100,"error_subcode":2388024,"message":"Invalid parameter",`+
				`"error_user_title":"Content in This Language Already Exists","error_user_msg":"There is already content for it."`)
			return
		}
		t.Status = "PENDING"
		t = g.add(t)
		answerGraph(w, map[string]any{"id": t.ID, "status": t.Status, "category": t.Category})
	case http.MethodDelete:
		before := len(g.list)
		q := r.URL.Query()
		g.list = slices.DeleteFunc(g.list, func(t metaTemplate) bool {
			return t.Name == q.Get("name") && (q.Get("hsm_id") == "" || q.Get("hsm_id") == t.ID)
		})
		if len(g.list) == before {
			refuseGraph(w, http.StatusBadRequest, `"code":100,"error_subcode":2593002,"message":"Invalid parameter",`+
				`"error_user_title":"Message Template Not Found","error_user_msg":"There is no such template."`)
			return
		}
		answerGraph(w, map[string]any{"success": true})
	}
}

// change reads a create or an edit.
func (g *graph) change(r *http.Request, into *metaTemplate) error {
	body, err := io.ReadAll(r.Body)
	g.changes = append(g.changes, string(body))
	return errors.Join(err, json.Unmarshal(body, into))
}

// one is a template by its id.
func (g *graph) one(w http.ResponseWriter, r *http.Request, id string) {
	i := slices.IndexFunc(g.list, func(t metaTemplate) bool { return t.ID == id })
	if i < 0 {
		refuseGraph(w, http.StatusBadRequest, `"code":100,"error_subcode":33,"message":"Unsupported request. Object with ID '`+id+`' does not exist"`)
		return
	}
	if r.Method == http.MethodPost {
		if err := g.change(r, &g.list[i]); err != nil {
			refuseGraph(w, http.StatusBadRequest, `"code":100,"message":"(#100) Invalid JSON"`)
			return
		}
		g.list[i].Status = "PENDING"
		answerGraph(w, map[string]any{"success": true})
		return
	}
	answerGraph(w, g.list[i])
}

// withMeta gives the options a Meta to talk to, and the library of templates.
func (g *gateway) withMeta(o Options) Options {
	g.graph = newGraph()
	srv := httptest.NewServer(g.graph)
	g.t.Cleanup(srv.Close)
	client, err := cloudapi.New(cloudapi.Options{BaseURL: srv.URL, Version: "v23.0"})
	check(g.t, err)
	g.library = template.New(template.Options{
		Store: g.store, Sources: g.store, Meta: client, Logger: slog.New(slog.NewTextHandler(g.logs, nil)), Now: noon,
	})
	o.Templates, o.Meta = g.library, client
	return o
}

// knowTemplates brings the templates of an account's default source here.
func (g *gateway) knowTemplates(account wa.AccountID) {
	src, err := g.store.DefaultSource(g.t.Context(), account)
	check(g.t, err)
	_, _, err = g.library.List(g.t.Context(), src, wa.TemplateFilter{}, 1, 0)
	check(g.t, err)
}

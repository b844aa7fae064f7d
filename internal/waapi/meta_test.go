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

	"github.com/waypost/waypost/conformance"
	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/conform"
	"github.com/waypost/waypost/internal/template"
	"github.com/waypost/waypost/internal/wa"
)

// The WABAs of the fixture beside the usual one, which is 2099.
const (
	wabaExpired     = "2190" // its token has expired
	wabaUnreachable = "2191" // what answers is not Meta
	wabaEmpty       = "2192" // it has no templates
	wabaBusy        = "2193" // it was called too often
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
	Format     string          `json:"parameter_format,omitempty"`
	Components json.RawMessage `json:"components"`
	Quality    map[string]any  `json:"quality_score,omitempty"`
	Reason     string          `json:"rejected_reason"`
}

// graph plays Meta for the template API. What it says to people is what the
// simulator says: the cases are played with that, too.
type graph struct {
	mu   sync.Mutex
	list []metaTemplate
	made int
	// asked are method and path of every call.
	asked []string
	// changes are the bodies of creates and edits.
	changes []string
}

// newGraph gives the templates of conformance/templates.json the ids
// firstTemplate and up, in their order.
func newGraph(templates []conform.Template) *graph {
	g := &graph{}
	for _, t := range templates {
		g.add(metaTemplate{Name: t.Name, Language: t.Language, Status: t.Status, Category: t.Category, Format: t.Format, Components: t.Components})
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
	case node == wabaBusy:
		refuseGraph(w, http.StatusBadRequest, `"code":80008,"message":"(#80008) There have been too many calls to this WhatsApp Business account."`)
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
	case len(path) == 2 && path[1] == "messages":
		body, _ := io.ReadAll(r.Body)
		g.changes = append(g.changes, string(body))
		answerGraph(w, map[string]any{"success": true})
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
				`"error_user_title":"Content in This Language Already Exists","error_user_msg":"there is already a template `+t.Name+` in `+t.Language+
				`: use another name or language, or edit the one there is"`)
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
				`"error_user_title":"Message Template Not Found","error_user_msg":"there is no template with that name and id"`)
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
	templates, err := conform.ReadTemplates(conformance.Templates())
	check(g.t, err)
	g.graph = newGraph(templates)
	for i, t := range templates {
		g.names[t.Key] = g.graph.list[i].ID
	}
	srv := httptest.NewServer(g.graph)
	g.t.Cleanup(srv.Close)
	client, err := cloudapi.New(cloudapi.Options{BaseURL: srv.URL, Version: "v23.0"})
	check(g.t, err)
	g.templates = template.New(template.Options{
		Store: g.store, Sources: g.store, Meta: client, Logger: slog.New(slog.NewTextHandler(g.logs, nil)), Now: noon,
	})
	o.Templates, o.Meta = g.templates, client
	return o
}

// knowTemplates brings the templates of an account's default source here.
func (g *gateway) knowTemplates(account wa.AccountID) {
	src, err := g.store.DefaultSource(g.t.Context(), account)
	check(g.t, err)
	_, _, err = g.templates.List(g.t.Context(), src, wa.TemplateFilter{}, 1, 0)
	check(g.t, err)
}

package conform

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/conformance"
)

const (
	listWebhooks  = "GET /api/v3/metainfo/webhook/list_webhook"
	setWebhook    = "POST /api/v3/metainfo/webhook/update_webhook"
	manageWebhook = "POST /api/v2/metainfo/webhook/manage_webhook"
	listTemplates = "GET /api/v3/metainfo/template/list"
	metaTemplates = "GET /control/templates"
	putTemplate   = "POST /control/templates"
)

func webhooksAre(list string) string { return `{"status":"success","data":[` + list + `]}` }

// changes are the requests about webhooks and sources, without the lists.
func (a *answers) changes() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []string
	for _, asked := range a.asked {
		if !strings.HasPrefix(asked, "GET ") {
			list = append(list, asked)
		}
	}
	a.asked = nil
	return strings.Join(list, "\n")
}

// TestWebhooksAreTakenAwayAndPutBack: they are given to a source, which is
// deleted, for no call deletes one.
func TestWebhooksAreTakenAwayAndPutBack(t *testing.T) {
	const before = `{"name":"A","url":"https://shop.example/a","status":"disable","type":"event"},` +
		`{"name":"B","url":"https://shop.example/b","status":"enable","type":"incoming","source":"s1"}`
	a := &answers{
		texts: map[string]string{makeSource: success, setWebhook: success, manageWebhook: success},
		next: map[string][]string{listWebhooks: {
			webhooksAre(before), webhooksAre(before), webhooksAre(""),
			webhooksAre(`{"name":"made by a case","url":"https://shop.example/c","status":"enable","type":"event"}`), webhooksAre(""),
		}},
	}
	r := remote(t, a, func(access *Access) { access.Set = map[string]string{"webhooks": "yes", "run": "R"} })
	a.texts["DELETE /api/v2/source/hooks-R"] = success
	names, reasons := r.Names(t.Context(), needing("webhooks"))
	if names["webhooks"] == "" {
		t.Fatal(reasons)
	}
	got := a.changes()
	for _, want := range []string{
		`{"name":"A","source":"hooks-R","type":"event","url":"https://shop.example/a"}`,
		`{"name":"B","source":"hooks-R","type":"incoming","url":"https://shop.example/b"}`,
	} {
		if !strings.Contains(got, want) || !strings.HasSuffix(got, "\nDELETE /api/v2/source/hooks-R") {
			t.Errorf("did not give %s to the source that was deleted:\n%s", want, got)
		}
	}
	check(t, r.CleanUp(t.Context()))
	got = a.changes()
	_, after, ok := strings.Cut(got, "DELETE /api/v2/source/hooks-R\n")
	if want := setWebhook + ` {"name":"A","source":"","type":"event","url":"https://shop.example/a"}` + "\n" +
		manageWebhook + ` {"status":"disable","type":"event","webhook_name":"A"}` + "\n" +
		setWebhook + ` {"name":"B","source":"s1","type":"incoming","url":"https://shop.example/b"}`; !ok || after != want {
		t.Errorf("put back\n%s\nwant\n%s", got, want)
	}
}

func TestWebhooksThatMustNotBeChanged(t *testing.T) {
	const one = `{"name":"A","url":"https://shop.example/a","status":"enable","type":"event"}`
	allowed := func(access *Access) { access.Set = map[string]string{"webhooks": "yes", "run": "R"} }
	with := func(more map[string]string) map[string]string {
		more[listWebhooks] = webhooksAre(one)
		return more
	}
	for _, tt := range []struct {
		texts  map[string]string
		change func(*Access)
		want   string
		fine   bool
	}{
		{nil, nil, "lists no webhooks", true},
		{with(map[string]string{}), nil, "lost are their headers", true},
		{with(map[string]string{}), allowed, "makes no sources", true},
		{with(map[string]string{makeSource: success}), allowed, setWebhook[5:] + " was answered with 404", false},
		{
			with(map[string]string{makeSource: success, setWebhook: success, "DELETE /api/v2/source/hooks-R": success}), allowed,
			"keeps the webhooks of a source that was deleted", true,
		},
	} {
		a := &answers{texts: tt.texts}
		got, fine := why(t, remote(t, a, tt.change), "webhooks")
		if !strings.Contains(got, tt.want) || fine != tt.fine {
			t.Errorf("%q, nobody's fault: %t, want %q", got, fine, tt.want)
		}
		if tt.change == nil && a.changes() != "" {
			t.Errorf("changed something: %s", got)
		}
	}
}

func listed(id, status string) string {
	return `{"status":"success","data":{"templates":[{"template_id":` + id + `,"template_name":"order","language":"en","status":"` + status + `"}]}}`
}

// TestTemplatesArePutAtTheSimulator, and the server is asked until it has them.
func TestTemplatesArePutAtTheSimulator(t *testing.T) {
	a := &answers{
		texts: map[string]string{
			listSources: oneSource, metaTemplates: `{"templates":[{"id":"76","status":"APPROVED","category":"UTILITY","quality":"GREEN","components":[]}]}`,
			putTemplate: `{"id":"77"}`, "PUT /control/templates/77": `{"id":"77"}`, listTemplates: listed(`"77"`, "PAUSED"),
		},
		next: map[string][]string{listTemplates: {`{"status":"failure"}`, listed(`"76"`, "PAUSED"), listed(`"77"`, "DISABLED")}},
	}
	r := remote(t, a, nil)
	names, reasons := r.Names(t.Context(), needing("meta_templates", "order_template"))
	if names["order_template"] != "77" || len(a.next[listTemplates]) != 0 {
		t.Errorf("%v, %v", names, reasons)
	}
	put := `{"category":"UTILITY","components":[],"language":"en","name":"order","parameter_format":"","status":"DISABLED","waba_id":"2"}`
	if !a.has(putTemplate+" "+put) || !a.has(`PUT /control/templates/77 {"quality":"GREEN","status":"PAUSED"}`) {
		t.Errorf("asked %q", a.asked)
	}
	// What is there as it should be stays; what a case has edited does not.
	a.changes()
	a.texts[metaTemplates] = `{"templates":[{"id":"77","status":"PAUSED","category":"UTILITY","quality":"GREEN","components":[ ]}]}`
	r.Names(t.Context(), needing("meta_templates"))
	if got := a.changes(); got != "" {
		t.Errorf("changed %s", got)
	}
	a.texts[metaTemplates] = `{"templates":[{"id":"77","status":"PAUSED","category":"UTILITY","quality":"GREEN","components":[{}]}]}`
	check(t, r.CleanUp(t.Context()))
	if !a.has(put) {
		t.Error("an edited template was not put back")
	}
}

func TestWhyTemplatesAreNotKnown(t *testing.T) {
	alone := func(a *Access) { a.Simulator = "" }
	hasty := func(a *Access) { a.Patience = 150 * time.Millisecond }
	there := map[string]string{
		listSources: oneSource, metaTemplates: `{"templates":[]}`, putTemplate: `{"id":"77"}`, "PUT /control/templates/77": `{}`,
		listTemplates: listed(`"77"`, "DISABLED"),
	}
	for _, tt := range []struct {
		texts  map[string]string
		change func(*Access)
		want   string
		fine   bool
	}{
		{map[string]string{listSources: oneSource}, alone, "lists no templates", true},
		{map[string]string{listSources: oneSource, listTemplates: listed("1", "APPROVED")}, alone, "does not list order in en as PAUSED; have those", true},
		{map[string]string{listSources: oneSource, listTemplates: `{"status":"failure"}`}, alone, "was answered with 200", false},
		{map[string]string{listSources: oneSource}, nil, "template order: --simulator: GET /templates?", false},
		{there, hasty, "point the simulator's callbacks at the server", false},
	} {
		got, fine := why(t, remote(t, &answers{texts: tt.texts}, tt.change), "order_template")
		if !strings.Contains(got, tt.want) || fine != tt.fine {
			t.Errorf("%q, nobody's fault: %t, want %q", got, fine, tt.want)
		}
	}
	a := &answers{texts: map[string]string{listSources: oneSource, listTemplates: listed("1", "PAUSED")}}
	if names, reasons := remote(t, a, alone).Names(t.Context(), needing("order_template")); names["order_template"] != "1" {
		t.Errorf("a server that has the templates: %v, %v", names, reasons)
	}
}

// TestTheEdgesOfTheWindow: only one that is open is waited for.
func TestTheEdgesOfTheWindow(t *testing.T) {
	a := &answers{texts: map[string]string{listSources: oneSource, callBack: "{}", send: success}}
	r := remote(t, a, nil)
	before := time.Now()
	r.Names(t.Context(), needing("just_in", "just_out", "group"))
	for _, want := range []string{`"from":"15550100002"`, `"from":"15550100006"`, `"group_id":"conform-group"`, `"phone_number_id":"1"`, `"waba_id":"2"`} {
		if !a.has(want) {
			t.Errorf("no %s in %q", want, a.asked)
		}
	}
	for _, asked := range a.asked {
		if strings.Contains(asked, defaultJustOut) && strings.HasPrefix(asked, send) {
			t.Errorf("waited for who is outside: %s", asked)
		}
	}
	if time.Since(before) > margin {
		t.Error("the window is over")
	}
}

func TestReadTemplates(t *testing.T) {
	list, err := ReadTemplates(conformance.Templates())
	check(t, err)
	keys := map[string]bool{}
	for _, m := range list {
		if keys[m.Key] || !nameForm.MatchString("{"+m.Key+"}") {
			t.Errorf("%s is no name, or there twice", m.Key)
		}
		keys[m.Key] = true
	}
	if len(list) < 10 {
		t.Errorf("%d templates", len(list))
	}
	for _, text := range []string{"", "{}", `[{"id":"a"}]`, `[{"id":"a","name":"b","language":"en","status":"PAUSED","statsu":""}]`} {
		if list, err := ReadTemplates([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, list)
		}
	}
}

func TestCheckNames(t *testing.T) {
	f := needing("colour", "last")
	for _, tt := range []struct {
		set   map[string]string
		other string
		want  string
	}{
		{map[string]string{"colour": "red", "writer": "1", "order_template": "7", "empty_token": "E", "revoked_token": "R"}, "B", ""},
		{map[string]string{"writter": "1"}, "", "--set writter: no case needs it; the names are, nearest first, writer, "},
		{map[string]string{"last": "1"}, "", "--set last: no case needs it; the names are, nearest first, "},
		{nil, "T-token", "--other-token is the same as --token"},
		{map[string]string{"empty_token": "T-token"}, "", "whose account has a source"},
		{map[string]string{"empty_token": "B"}, "B", "the cases make a source in the other account"},
		{map[string]string{"revoked_token": "B"}, "B", "which is in use"},
	} {
		r := remote(t, &answers{}, func(a *Access) { a.Set, a.OtherToken = tt.set, tt.other })
		err := r.CheckNames([]File{f})
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, want %q", tt.set, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "T-token") {
			t.Errorf("a token is shown: %v", err)
		}
	}
}

func TestNearest(t *testing.T) {
	if got := nearest("writr", []string{"token", "run", "silent", "writer_spaced", "writer"}); got[0] != "writer" {
		t.Errorf("%q", got)
	}
}

// TestSourcesOfFailedCasesAreDeleted, and the default is what it was.
func TestSourcesOfFailedCasesAreDeleted(t *testing.T) {
	a := &answers{
		texts: map[string]string{"PATCH /api/v2/source/s1": success},
		next:  map[string][]string{listSources: {oneSource}},
	}
	r := remote(t, a, nil)
	names, _ := r.Names(t.Context(), needing("run"))
	made := "made by " + names["run"]
	a.texts["DELETE /api/v2/source/"+made] = success
	a.texts[listSources] = `{"status":"success","data":{"sources":[{"id":"s1","default":false},{"id":"s2"},{"id":"` + made + `","default":true}]}}`
	check(t, r.CleanUp(t.Context()))
	if got, want := a.changes(), "PATCH /api/v2/source/s1 {\"default\":true}\nDELETE /api/v2/source/"+made; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCleanUpGoesOnAfterAMistake(t *testing.T) {
	a := &answers{texts: map[string]string{makeSource: success, "POST /api/v2/consent/manage/": success}}
	r := remote(t, a, func(access *Access) { access.OtherToken = "B" })
	r.Names(t.Context(), needing("optedin", "beta_source"))
	if err := r.CleanUp(t.Context()); err == nil || !strings.Contains(err.Error(), "clean up: DELETE /api/v2/source/beta-") {
		t.Errorf("%v", err)
	}
	if !a.has("optout") {
		t.Errorf("asked %q", a.asked)
	}
	if before := slices.Clone(a.asked); r.CleanUp(t.Context()) != nil || len(a.asked) != len(before) {
		t.Error("cleaned up twice")
	}
}

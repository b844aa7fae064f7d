package cloudapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/wa"
)

// script answers each call with the next of the texts, as JSON, and keeps what
// was asked.
type script struct {
	t       *testing.T
	answers []string
	asked   []string
	headers []http.Header
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.asked = append(s.asked, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)))
	s.headers = append(s.headers, r.Header)
	if len(s.answers) == 0 {
		s.t.Errorf("asked too often: %s", s.asked)
		return
	}
	status, text, _ := strings.Cut(s.answers[0], " ")
	s.answers = s.answers[1:]
	code := 0
	if _, err := fmt.Sscan(status, &code); err != nil {
		s.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

// play starts a Meta that answers with the texts, such as "200 {}".
func play(t *testing.T, answers ...string) (*Client, *script) {
	t.Helper()
	s := &script{t: t, answers: answers}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	c, err := New(Options{BaseURL: srv.URL, Version: "v23.0"})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func shop() wa.Number {
	return wa.Number{ID: "109", WABAID: "209", Display: "15550109999", Token: wa.NewSecret("EAAG-canary"), AppSecret: wa.NewSecret("s")}
}

func (s *script) want(lines ...string) {
	s.t.Helper()
	if diff := cmp.Diff(lines, s.asked); diff != "" {
		s.t.Errorf("asked (-want +got):\n%s", diff)
	}
	for _, h := range s.headers {
		if got := h.Get("Authorization"); !strings.HasSuffix(got, " EAAG-canary") {
			s.t.Errorf("Authorization is %q", got)
		}
	}
}

const fieldsQuery = "fields=id%2Cname%2Clanguage%2Cstatus%2Ccategory%2Ccomponents%2Cparameter_format%2Cquality_score%2Crejected_reason"

func TestTemplatesAreListedPageByPage(t *testing.T) {
	c, s := play(
		t,
		`200 {"data":[{"id":11,"name":"order","language":"en_US","status":"approved","category":"UTILITY","components":[{"type":"BODY",`+
			`"text":"Hi {{1}}"}],"quality_score":{"score":"GREEN","date":1},"rejected_reason":"NONE"},{"odd":true},7],`+
			`"paging":{"cursors":{"before":"b","after":"a 1"},"next":"https://graph.facebook.com/x?access_token=EAAG-canary"}}`,
		`200 {"data":[{"id":"12","name":"sale","language":"de","status":"REJECTED","category":"MARKETING","components":null,`+
			`"parameter_format":"NAMED","rejected_reason":"PROMOTIONAL"}],"paging":{"cursors":{"after":"a2"}}}`,
	)
	got, err := c.ListTemplates(t.Context(), shop())
	if err != nil {
		t.Fatal(err)
	}
	want := []wa.StoredTemplate{
		{
			WABAID: "209", ID: "11", Name: "order", Language: "en_US", Status: wa.TemplateApproved, Category: "UTILITY", Quality: "GREEN",
			Components: json.RawMessage(`[{"type":"BODY","text":"Hi {{1}}"}]`), Definition: wa.TemplateDefinition{Body: "Hi {{1}}"},
		},
		{
			WABAID: "209", ID: "12", Name: "sale", Language: "de", Status: wa.TemplateRejected, Category: "MARKETING", Reason: "PROMOTIONAL",
			Components: json.RawMessage(`[]`), Definition: wa.TemplateDefinition{Named: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const path = "GET /v23.0/209/message_templates?"
	s.want(path+fieldsQuery+"&limit=50", path+"after=a+1&"+fieldsQuery+"&limit=50")
}

func TestAListThatIsNoneIsNeverKept(t *testing.T) {
	for _, answer := range []string{
		`200 {}`,
		`200 {"data":null}`,
		`200 <html>`,
		`200 {"data":[{"name":"cut"`,
		`302 {}`,
		`502 <html>`,
		`500 {"error":{"code":1,"message":"x"}}`,
		`200 {"error":{"code":2,"message":"x"}}`,
	} {
		c, _ := play(t, answer)
		if list, err := c.ListTemplates(t.Context(), shop()); err == nil {
			t.Errorf("%s: a list of %d", answer, len(list))
		}
	}
	same := `200 {"data":[],"paging":{"cursors":{"after":"a"},"next":"x"}}`
	c, _ := play(t, same, same)
	if _, err := c.ListTemplates(t.Context(), shop()); err == nil {
		t.Error("a list without an end was taken")
	}
}

func TestAListWithoutBoundsIsNone(t *testing.T) {
	var answers []string
	page := strings.Repeat(`{},`, 5000) + `{}`
	for i := range 5 {
		answers = append(answers, fmt.Sprintf(`200 {"data":[%s],"paging":{"cursors":{"after":"a%d"},"next":"x"}}`, page, i))
	}
	c, s := play(t, answers...)
	if _, err := c.ListTemplates(t.Context(), shop()); err == nil || len(s.asked) != 4 {
		t.Errorf("asked %d times for 5,001 templates each: %v", len(s.asked), err)
	}
	answers = nil
	page = strings.Repeat(" ", maxAnswer-200)
	for i := range maxTemplateBytes/maxAnswer + 2 {
		answers = append(answers, fmt.Sprintf(`200 {"data":[%s],"paging":{"cursors":{"after":"a%d"},"next":"x"}}`, page, i))
	}
	c, s = play(t, answers...)
	if _, err := c.ListTemplates(t.Context(), shop()); err == nil || len(s.answers) == 0 {
		t.Errorf("asked %d times for a megabyte each: %v", len(s.asked), err)
	}
}

func TestManagedErrors(t *testing.T) {
	for _, row := range []struct {
		name, answer string
		kind         wa.OutcomeKind
		vendor       string
		code         int
	}{
		{"bad parameter", `400 {"error":{"code":100,"message":"Invalid parameter","error_user_msg":"Too long."}}`, wa.OutcomeRejected, fault.VendorTemplateData, 100},
		{"no such template", `400 {"error":{"code":100,"error_subcode":33,"message":"Object with ID '11' does not exist"}}`, wa.OutcomeRejected, fault.VendorTemplate, 100},
		{"no such name", `400 {"error":{"code":100,"error_subcode":2593002,"message":"Invalid parameter"}}`, wa.OutcomeRejected, fault.VendorTemplate, 100},
		{"no such waba", `400 {"error":{"code":100,"error_subcode":33,"message":"Object with ID '209' does not exist"}}`, wa.OutcomeMisconfigured, fault.VendorPlatform, 100},
		{"token", `401 {"error":{"code":190,"message":"expired"}}`, wa.OutcomeMisconfigured, fault.VendorPlatform, 190},
		{"too many calls", `400 {"error":{"code":80008,"message":"too many"}}`, wa.OutcomeLater, fault.VendorWhatsApp, 80008},
		{"Meta's fault", `500 {"error":{"code":2,"message":"down"}}`, wa.OutcomeLater, fault.VendorWhatsApp, 2},
		{"no answer of Meta's", `503 busy`, wa.OutcomeLater, fault.VendorPlatform, 0},
		{"redirect", `301 {}`, wa.OutcomeMisconfigured, fault.VendorPlatform, 0},
	} {
		c, _ := play(t, row.answer)
		err := c.EditTemplate(t.Context(), shop(), "11", wa.TemplateChange{"category": json.RawMessage(`"UTILITY"`)})
		e, ok := errors.AsType[*wa.OutcomeError](err)
		if !ok {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if f := e.Outcome.Failure; e.Outcome.Kind != row.kind || f.VendorCode != row.vendor || f.Code != row.code {
			t.Errorf("%s: %s %+v", row.name, e.Outcome.Kind, f)
		}
	}
}

// Whatever Meta answers, a change is made only if it says so.
func TestWhatIsNoAnswerIsNoSuccess(t *testing.T) {
	ctx := t.Context()
	edit := func(c *Client) error { return c.EditTemplate(ctx, shop(), "11", wa.TemplateChange{}) }
	remove := func(c *Client) error { return c.DeleteTemplate(ctx, shop(), "order", "11") }
	number := func(c *Client) error { _, err := c.NumberDetails(ctx, shop()); return err }
	profile := func(c *Client) error { _, err := c.BusinessProfile(ctx, shop()); return err }
	figures := func(c *Client) error {
		_, err := c.TemplateStatistics(ctx, shop(), wa.TemplateStatistics{})
		return err
	}
	for _, row := range []struct {
		answer string
		calls  []func(*Client) error
	}{
		{`200 {"success":false}`, []func(*Client) error{edit, remove}},
		{`200 {"success":null}`, []func(*Client) error{edit, remove}},
		{`200 {}`, []func(*Client) error{edit, remove}},
		{`200 null`, []func(*Client) error{edit, remove, number, profile, figures}},
		{`200 []`, []func(*Client) error{edit, remove, number, profile, figures}},
		{`200 "x"`, []func(*Client) error{edit, remove, number, profile, figures}},
	} {
		for i, call := range row.calls {
			c, _ := play(t, row.answer)
			e, ok := errors.AsType[*wa.OutcomeError](call(c))
			if !ok || e.Outcome.Kind != wa.OutcomeLater || e.Outcome.Failure.Code != 0 {
				t.Errorf("%s, call %d: %v", row.answer, i, e)
			}
		}
	}
	c, _ := play(t, `200 {"success":"true"}`)
	if err := edit(c); err != nil {
		t.Error(err)
	}
}

func TestATokenIsNeverRepeated(t *testing.T) {
	c, _ := play(t, `400 {"error":{"code":190,"message":"Cannot parse EAAG-canary","error_data":{"details":"EAAG-canary"}}}`)
	_, err := c.ListTemplates(t.Context(), shop())
	if e, ok := errors.AsType[*wa.OutcomeError](err); !ok || strings.Contains(fmt.Sprintf("%+v", e.Outcome), "canary") {
		t.Errorf("%v", err)
	}
}

func TestATemplateIsMadeEditedReadAndDeleted(t *testing.T) {
	c, s := play(
		t,
		`200 {"id":"11","status":"PENDING","category":"MARKETING"}`,
		`200 {"success":true}`,
		`200 {"id":"11","name":"order","language":"en","status":"APPROVED","category":"MARKETING","components":[{"type":"body","text":"x"}]}`,
		`200 {"success":true}`,
		`200 {"success":true}`,
	)
	ctx := t.Context()
	made, err := c.CreateTemplate(ctx, shop(), wa.TemplateChange{
		"name": json.RawMessage(`"order"`), "language": json.RawMessage(`"en"`), "category": json.RawMessage(`"UTILITY"`),
		"components": json.RawMessage(`[{"type":"body","text":"Hi {{1}}"}]`),
	})
	want := wa.StoredTemplate{
		WABAID: "209", ID: "11", Name: "order", Language: "en", Status: wa.TemplatePending, Category: "MARKETING",
		Components: json.RawMessage(`[{"type":"body","text":"Hi {{1}}"}]`), Definition: wa.TemplateDefinition{Body: "Hi {{1}}"},
	}
	if diff := cmp.Diff(want, made); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	read, err := wa.StoredTemplate{}, c.EditTemplate(ctx, shop(), "11", wa.TemplateChange{"components": json.RawMessage(`[]`)})
	if err == nil {
		read, err = c.ReadTemplate(ctx, shop(), "11")
	}
	if err != nil || read.Definition.Body != "x" || read.Status != wa.TemplateApproved {
		t.Errorf("%v %+v", err, read)
	}
	if err := errors.Join(c.DeleteTemplate(ctx, shop(), "order", "11"), c.DeleteTemplate(ctx, shop(), "order", "")); err != nil {
		t.Error(err)
	}
	s.want(
		`POST /v23.0/209/message_templates {"category":"UTILITY","components":[{"type":"body","text":"Hi {{1}}"}],"language":"en","name":"order"}`,
		`POST /v23.0/11 {"components":[]}`,
		`GET /v23.0/11?`+fieldsQuery,
		`DELETE /v23.0/209/message_templates?hsm_id=11&name=order`,
		`DELETE /v23.0/209/message_templates?name=order`,
	)
}

func TestAnIDNeverLeadsElsewhere(t *testing.T) {
	c, s := play(t)
	for _, id := range []string{"", "../me", "11?x=1", "11/12"} {
		_, err := c.ReadTemplate(t.Context(), shop(), id)
		if err == nil || c.EditTemplate(t.Context(), shop(), id, nil) == nil ||
			(id != "" && c.DeleteTemplate(t.Context(), shop(), "order", id) == nil) {
			t.Errorf("%q was asked for", id)
		}
	}
	s.want()
}

func TestDefinitions(t *testing.T) {
	for _, row := range []struct {
		name, components, format, category string
		want                               wa.TemplateDefinition
	}{
		{"nothing", `null`, "", "", wa.TemplateDefinition{}},
		{"no list", `"x"`, "", "", wa.TemplateDefinition{}},
		{
			"all of a text", `[{"type":"HEADER","format":"TEXT","text":"For {{1}}"},{"type":"BODY","text":"B"},{"type":"FOOTER","text":"F"},` +
				`{"type":"BUTTONS","buttons":[{"type":"url","text":"Go","url":"https://shop.example/{{1}}"},{"type":"PHONE_NUMBER","text":"Call","phone_number":"+15550100001"}]}]`,
			"POSITIONAL", "UTILITY",
			wa.TemplateDefinition{
				Header: &wa.HeaderDefinition{Format: wa.HeaderText, Text: "For {{1}}"}, Body: "B", Footer: "F",
				Buttons: []wa.ButtonDefinition{
					{Kind: "URL", Text: "Go", URL: "https://shop.example/{{1}}"}, {Kind: "PHONE_NUMBER", Text: "Call", Phone: "+15550100001"},
				},
			},
		},
		{"media", `[{"type":"header","format":"video"}]`, "", "", wa.TemplateDefinition{Header: &wa.HeaderDefinition{Format: wa.HeaderVideo}}},
		{
			"a code, as it is made", `[{"type":"BODY","add_security_recommendation":true},{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}]`,
			"", "AUTHENTICATION",
			wa.TemplateDefinition{Authentication: true, Body: "{{1}}", Buttons: []wa.ButtonDefinition{{Kind: "OTP"}}},
		},
		{
			"a code, as it is listed", `[{"type":"BODY","text":"*{{1}}* is your code."},{"type":"BUTTONS","buttons":[{"type":"URL","text":"Copy",` +
				`"url":"https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}]}]`, "", "authentication",
			wa.TemplateDefinition{
				Authentication: true, Body: "*{{1}}* is your code.", Buttons: []wa.ButtonDefinition{
					{Kind: "OTP", Text: "Copy", URL: "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"},
				},
			},
		},
		{
			"cards", `[{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"IMAGE"}]},{"components":[{"type":"BODY","text":"{{1}}"}]}]}]`, "named", "",
			wa.TemplateDefinition{Named: true, Cards: []wa.TemplateDefinition{
				{Named: true, Header: &wa.HeaderDefinition{Format: wa.HeaderImage}}, {Named: true, Body: "{{1}}"},
			}},
		},
		{"offer", `[{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"x","has_expiration":true}}]`, "", "", wa.TemplateDefinition{Offer: true, OfferExpires: true}},
	} {
		if diff := cmp.Diff(row.want, definition(json.RawMessage(row.components), row.format, row.category)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestASampleIsUploaded(t *testing.T) {
	file := wa.File{Name: "a b.png", MIMEType: "image/png", Size: 5, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("bytes")), nil
	}}
	c, s := play(t, `200 {"id":"300"}`, `200 {"id":"upload:abc==?sig=x%20y"}`, `200 {"h":"4::handle"}`)
	handle, err := c.UploadSample(t.Context(), shop(), file)
	if err != nil || handle != "4::handle" {
		t.Fatalf("%q, %v", handle, err)
	}
	s.want("GET /v23.0/app?fields=id", "POST /v23.0/300/uploads?file_length=5&file_name=a+b.png&file_type=image%2Fpng",
		"POST /v23.0/upload:abc==?sig=x%20y bytes")
	if last := s.headers[2]; last.Get("File_offset") != "0" || last.Get("Authorization") != "OAuth EAAG-canary" {
		t.Errorf("headers %v", last)
	}
	for name, answers := range map[string][]string{
		"no app":     {`200 {}`},
		"no session": {`200 {"id":"300"}`, `200 {}`},
		"elsewhere":  {`200 {"id":"300"}`, `200 {"id":"upload:../../me"}`},
		"an address": {`200 {"id":"300"}`, `200 {"id":"https://evil.example/upload:1"}`},
		"no handle":  {`200 {"id":"300"}`, `200 {"id":"upload:1"}`, `200 {}`},
		"refused":    {`200 {"id":"300"}`, `400 {"error":{"code":100,"message":"no"}}`},
	} {
		c, s := play(t, answers...)
		if _, err := c.UploadSample(t.Context(), shop(), file); err == nil {
			t.Errorf("%s: taken", name)
		}
		if len(s.answers) != 0 {
			t.Errorf("%s: %d answers are left", name, len(s.answers))
		}
	}
	c, s = play(t)
	file.Size = 0
	if _, err := c.UploadSample(t.Context(), shop(), file); err == nil {
		t.Error("an empty file was taken")
	}
	s.want()
}

func TestNumberAndProfile(t *testing.T) {
	c, s := play(
		t,
		`200 {"display_phone_number":"+1 555-010-9999","verified_name":"Shop","code_verification_status":"VERIFIED","name_status":"APPROVED",`+
			`"quality_rating":"GREEN","messaging_limit_tier":"TIER_1K","status":"CONNECTED","id":"109"}`,
		`200 {"data":[{"about":"a","address":"b","description":"c","email":"d","profile_picture_url":"https://p.example/1","vertical":"RETAIL","websites":["w"]}]}`,
		`200 {"data":[]}`,
	)
	d, err := c.NumberDetails(t.Context(), shop())
	if want := (wa.NumberDetails{
		Display: "15550109999", VerifiedName: "Shop", Verification: "VERIFIED", NameStatus: "APPROVED", Quality: "GREEN", Limit: "TIER_1K", Status: "CONNECTED",
	}); err != nil || d != want {
		t.Errorf("%v %+v", err, d)
	}
	p, err := c.BusinessProfile(t.Context(), shop())
	want := wa.BusinessProfile{
		About: "a", Address: "b", Description: "c", Email: "d", Picture: "https://p.example/1", Vertical: "RETAIL", Websites: []string{"w"},
	}
	if diff := cmp.Diff(want, p); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if p, err := c.BusinessProfile(t.Context(), shop()); err != nil || p.About != "" {
		t.Errorf("an empty profile: %+v %v", p, err)
	}
	if got := s.asked[1]; !strings.HasPrefix(got, "GET /v23.0/109/whatsapp_business_profile?fields=about") {
		t.Errorf("asked %s", got)
	}
}

func TestStatistics(t *testing.T) {
	c, s := play(
		t,
		`200 {"data":[{"granularity":"DAILY"}],"paging":{"cursors":{"before":"b","after":"a"},"next":"x"}}`,
		`200 {"paging":{"cursors":{"before":"b","after":"a"}}}`,
	)
	question := wa.TemplateStatistics{
		TemplateIDs: []string{"11", "12"}, Start: time.Unix(100, 0), End: time.Unix(200, 0), Granularity: "DAILY",
	}
	got, err := c.TemplateStatistics(t.Context(), shop(), question)
	if diff := cmp.Diff(wa.StatisticsPage{Data: json.RawMessage(`[{"granularity":"DAILY"}]`), Before: "b", After: "a"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	question.MetricTypes, question.ProductType, question.WABATimezone = []string{"SENT", "READ"}, "CLOUD_API", true
	question.Limit, question.Before, question.After = 5, "x", "y"
	got, err = c.TemplateStatistics(t.Context(), shop(), question)
	if diff := cmp.Diff(wa.StatisticsPage{Data: json.RawMessage(`[]`), Before: "b"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	const path = "GET /v23.0/209/template_analytics?"
	s.want(
		path+"end=200&granularity=DAILY&start=100&template_ids=%5B11%2C12%5D",
		path+"after=y&before=x&end=200&granularity=DAILY&limit=5&metric_types=SENT%2CREAD&product_type=CLOUD_API&start=100&template_ids=%5B11%2C12%5D&use_waba_timezone=true",
	)
}

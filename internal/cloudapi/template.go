package cloudapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

const (
	// templatePage is how many templates are asked for at a time. Those with a
	// carousel have some 10 KB, and a page has to stay below maxAnswer.
	templatePage = 50
	// maxTemplatePages is above the 6,000 templates that a WABA may have.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview (read 2026-09)
	maxTemplatePages = 400
	// maxTemplates and maxTemplateBytes bound a list in all; what is longer is
	// none of Meta's.
	maxTemplates     = 20_000
	maxTemplateBytes = 128 << 20
	// subcodeNoTemplate goes with code 100: there is no template of that name.
	subcodeNoTemplate = "2593002"
	templateFields    = "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason"
)

// templateNode is a template as Meta lists it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
// (read 2026-09)
type templateNode struct {
	ID         node.Text       `json:"id"`
	Name       node.Text       `json:"name"`
	Language   node.Text       `json:"language"`
	Status     node.Text       `json:"status"`
	Category   node.Text       `json:"category"`
	Components json.RawMessage `json:"components"`
	Format     node.Text       `json:"parameter_format"`
	Quality    struct {
		Score node.Text `json:"score"`
	} `json:"quality_score"`
	Reason node.Text `json:"rejected_reason"`
}

// paging is how Meta goes through a list. The last page has no next. Next itself
// is not used: it carries the access token.
type paging struct {
	Cursors struct {
		Before node.Text `json:"before"`
		After  node.Text `json:"after"`
	} `json:"cursors"`
	Next node.Text `json:"next"`
}

func (n templateNode) noun(waba string) wa.StoredTemplate {
	return wa.StoredTemplate{
		WABAID: waba, ID: string(n.ID), Name: string(n.Name), Language: string(n.Language),
		Category: strings.ToUpper(string(n.Category)), Status: wa.TemplateStatus(strings.ToUpper(string(n.Status))),
		Quality: string(n.Quality.Score), Reason: reason(n.Reason), Components: listOf(n.Components),
		Definition: definition(n.Components, string(n.Format), string(n.Category)),
	}
}

// reason leaves out Meta's word for none.
func reason(t node.Text) string {
	if t == "NONE" {
		return ""
	}
	return string(t)
}

func listOf(data json.RawMessage) json.RawMessage {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		return json.RawMessage("[]")
	}
	return data
}

// ListTemplates returns all templates of the number's WABA. An error is a
// [*wa.OutcomeError].
func (c *Client) ListTemplates(ctx context.Context, n wa.Number) ([]wa.StoredTemplate, error) {
	var all []wa.StoredTemplate
	found, size := 0, 0
	q := url.Values{"fields": {templateFields}, "limit": {strconv.Itoa(templatePage)}}
	for range maxTemplatePages {
		body, err := c.manage(ctx, n, http.MethodGet, c.endpoint(n.WABAID, "message_templates")+"?"+q.Encode(), nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Data   *[]json.RawMessage `json:"data"`
			Paging paging             `json:"paging"`
		}
		node.Read(body, &page)
		if page.Data == nil {
			return nil, managedLater("the answer has no list of templates", "")
		}
		found, size = found+len(*page.Data), size+len(body)
		if found > maxTemplates || size > maxTemplateBytes {
			return nil, managedLater(fmt.Sprintf("the list has more than %d templates or %d bytes", maxTemplates, maxTemplateBytes), "")
		}
		for _, data := range *page.Data {
			var got templateNode
			node.Read(data, &got)
			if got.Name != "" && got.Language != "" {
				all = append(all, got.noun(n.WABAID))
			}
		}
		after := string(page.Paging.Cursors.After)
		if page.Paging.Next == "" || after == "" {
			return all, nil
		}
		if after == q.Get("after") {
			break
		}
		q.Set("after", after)
	}
	return nil, managedLater("the list of templates has no end", "")
}

// ReadTemplate returns one template by Meta's id. An error is a
// [*wa.OutcomeError].
func (c *Client) ReadTemplate(ctx context.Context, n wa.Number, id string) (wa.StoredTemplate, error) {
	if !validMetaID(id) {
		return wa.StoredTemplate{}, noTemplate()
	}
	body, err := c.manage(ctx, n, http.MethodGet, c.endpoint(id)+"?"+url.Values{"fields": {templateFields}}.Encode(), nil)
	if err != nil {
		return wa.StoredTemplate{}, err
	}
	var got templateNode
	node.Read(body, &got)
	if got.Name == "" || got.Language == "" {
		return wa.StoredTemplate{}, managedLater("the answer is no template", "")
	}
	return got.noun(n.WABAID), nil
}

// CreateTemplate gives a template to Meta for approval and returns it as it is
// then. An error is a [*wa.OutcomeError]; without an answer of Meta's the
// template may have been made all the same.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
// (read 2026-09)
func (c *Client) CreateTemplate(ctx context.Context, n wa.Number, change wa.TemplateChange) (wa.StoredTemplate, error) {
	sent, err := json.Marshal(change)
	if err != nil {
		return wa.StoredTemplate{}, fmt.Errorf("encode template: %w", err)
	}
	body, err := c.manage(ctx, n, http.MethodPost, c.endpoint(n.WABAID, "message_templates"), sent)
	if err != nil {
		return wa.StoredTemplate{}, err
	}
	// What Meta does not repeat is as it was sent.
	var got templateNode
	node.Read(sent, &got)
	got.Status = node.Text(wa.TemplatePending)
	node.Read(body, &got)
	if got.ID == "" {
		return wa.StoredTemplate{}, managedLater("Meta may have taken the template: its answer has no id", "")
	}
	return got.noun(n.WABAID), nil
}

// EditTemplate changes a template by Meta's id. An error is a
// [*wa.OutcomeError].
func (c *Client) EditTemplate(ctx context.Context, n wa.Number, id string, change wa.TemplateChange) error {
	if !validMetaID(id) {
		return noTemplate()
	}
	sent, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("encode template: %w", err)
	}
	body, err := c.manage(ctx, n, http.MethodPost, c.endpoint(id), sent)
	if err != nil {
		return err
	}
	return done(body)
}

// DeleteTemplate deletes a template in the language that Meta's id stands for,
// or in all languages if id is "". An error is a [*wa.OutcomeError].
func (c *Client) DeleteTemplate(ctx context.Context, n wa.Number, name, id string) error {
	q := url.Values{"name": {name}}
	if id != "" {
		if !validMetaID(id) {
			return noTemplate()
		}
		q.Set("hsm_id", id)
	}
	body, err := c.manage(ctx, n, http.MethodDelete, c.endpoint(n.WABAID, "message_templates")+"?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	return done(body)
}

// done reports as an error that Meta does not say it has made a change.
func done(body []byte) error {
	var got struct {
		Success json.RawMessage `json:"success"`
	}
	node.Read(body, &got)
	if strings.Trim(string(got.Success), `"`) != "true" {
		return managedLater("Meta does not say that the change was made", "")
	}
	return nil
}

// manage makes one call that is not a send and returns its answer, which is a
// JSON object.
func (c *Client) manage(ctx context.Context, n wa.Number, method, address string, body []byte) ([]byte, error) {
	a, err := c.exchange(ctx, n, method, address, body)
	if err != nil {
		return nil, err
	}
	return a.managed(n)
}

// exchange makes one call that is not a send and returns whatever comes back.
func (c *Client) exchange(ctx context.Context, n wa.Number, method, address string, body []byte) (answer, error) {
	if o, bad := unusable(n); bad {
		return answer{}, &wa.OutcomeError{Outcome: o}
	}
	ctx, cancel := context.WithTimeout(ctx, c.answerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, managedLater("the request cannot be made", "")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.GetBody = nil // see Send
	}
	authorize(req, n)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return answer{}, managedLater("Meta did not answer", cause(err))
	}
	return readAnswer(resp), nil
}

func (c *Client) managed(req *http.Request, n wa.Number) ([]byte, error) {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, managedLater("Meta did not answer", cause(err))
	}
	return readAnswer(resp).managed(n)
}

// managed returns the JSON object that a call was answered with.
func (a answer) managed(n wa.Number) ([]byte, error) {
	if _, isError := a.graphError(); !a.ok() || isError {
		return nil, managedError(a, n)
	}
	if !a.whole || !json.Valid(a.body) || !bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("{")) {
		return nil, managedLater("the answer is none of Meta's", http.StatusText(a.status))
	}
	return a.body, nil
}

// managedError says what a refusal means. The vendor's codes for a send serve:
// what is wrong with the request is 8010, a template that is not there 8009.
func managedError(a answer, n wa.Number) error {
	e, isGraph := a.graphError()
	switch {
	case a.redirect():
		return &wa.OutcomeError{Outcome: fault.Misconfigured(
			fault.Ours("the Graph API was not found: it redirects", "check the base url and the version"))}
	case !isGraph:
		return managedLater("the answer is none of Meta's", http.StatusText(a.status))
	}
	e = e.Without(n.Token)
	o := e.Outcome(a.status, wa.Message{})
	switch {
	case e.Subcode == subcodeNoTemplate:
		o.Failure.VendorCode = fault.VendorTemplate
	case e.MissingObject() && !strings.Contains(string(e.Message), n.WABAID) && !strings.Contains(string(e.Message), n.ID):
		o = wa.Outcome{Kind: wa.OutcomeRejected, Failure: fault.FailureOf(e.Number(), e.Title(), e.Details()), Trace: o.Trace}
		o.Failure.VendorCode = fault.VendorTemplate
	case o.Kind == wa.OutcomeUnknown:
		o.Kind, o.After = wa.OutcomeLater, fault.Unexplained().After(1)
	case o.Unlisted && !o.Slowed:
		// The waits of the table are for messages; here somebody is told at once.
		o.Kind, o.After, o.Tries = wa.OutcomeRejected, 0, 0
	case o.Kind == wa.OutcomeRejected && e.Number() == fault.CodeInvalidParameter:
		o.Failure.VendorCode = fault.VendorTemplateData
		if e.Details() == "" {
			o.Failure.Details = "" // the table speaks of messages
		}
	}
	return &wa.OutcomeError{Outcome: o}
}

func managedLater(title, details string) error {
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind: wa.OutcomeLater, After: fault.Unexplained().After(1), Failure: fault.Ours(title, details),
	}}
}

func noTemplate() error {
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind: wa.OutcomeRejected, Failure: wa.Failure{VendorCode: fault.VendorTemplate, Title: "this is no id of a template"},
	}}
}

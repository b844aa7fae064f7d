package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/wa"
)

// firstMessage does what the page does that the project starts from: a person
// writes, a media is uploaded, it is sent by its id, and its statuses arrive.
func (d *demo) firstMessage(ctx context.Context) error {
	d.story.title(d.info)
	if err := d.setUp(ctx); err != nil {
		return err
	}
	d.story.line("phone", "%s (%s) writes to %s: Hello!", demoName, demoPhone, demoDisplay)
	if _, err := d.meta.Say(ctx, sim.Inbound{From: demoPhone, To: demoDisplay, Text: "Hello!"}); err != nil {
		return fmt.Errorf("demo phone: %w", err)
	}
	if err := d.await(ctx, func(e webhookBody) bool { return len(e.Incoming) > 0 }); err != nil {
		return fmt.Errorf("the phone's hello was to arrive at the webhook: %w", err)
	}
	if err := d.upload(ctx); err != nil {
		return err
	}
	if err := d.send(ctx); err != nil {
		return err
	}
	return d.awaitRead(ctx)
}

// setUp makes what a new customer makes: account, token, webhook, source.
func (d *demo) setUp(ctx context.Context) error {
	db := d.gateway.home.store
	account := wa.Account{ID: wa.NewID[wa.AccountID](), Name: "demo", CreatedAt: time.Now()}
	token, secret := wa.NewToken(account.ID, "demo", time.Now())
	d.info.Token = secret.Reveal()
	if err := errors.Join(db.CreateAccount(ctx, account), db.CreateToken(ctx, token)); err != nil {
		return err
	}
	for _, kind := range []wa.EventKind{wa.EventStatus, wa.EventIncoming} {
		if _, err := db.PutEndpoint(ctx, wa.Endpoint{
			ID: wa.NewID[wa.EndpointID](), AccountID: account.ID, Kind: kind, URL: d.info.WebhookURL, CreatedAt: time.Now(),
		}); err != nil {
			return err
		}
	}
	var reply struct{ Data struct{ ID string } }
	if err := d.callJSON(ctx, "/api/v2/source/", map[string]string{
		"name": "Demo", "phone_number_id": demoNumberID, "waba_id": demoWABAID, "display_phone_number": demoDisplay,
		"access_token": d.secrets.access, "app_secret": d.secrets.app,
	}, &reply); err != nil {
		return err
	}
	d.info.SourceID, d.info.Recipient = reply.Data.ID, demoPhone
	if err := d.meta.SetCallback(ctx, sim.Callback{
		URL: d.info.BaseURL + "/meta/callback", VerifyToken: d.secrets.verify, AppSecret: d.secrets.app,
	}); err != nil {
		return fmt.Errorf("demo callback: %w", err)
	}
	d.story.line("set up", "account, token, webhook and source %s for number %s", d.info.SourceID, demoDisplay)
	return nil
}

func (d *demo) upload(ctx context.Context) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "welcome.pdf")
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	if _, err := part.Write(samplePDF); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	if err := form.Close(); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	d.story.line("request", "POST /api/v2/media/upload/  welcome.pdf, %d bytes", len(samplePDF))
	var reply struct {
		Data struct {
			MediaID string `json:"mediaId"`
		}
	}
	if err := d.call(ctx, "/api/v2/media/upload/", form.FormDataContentType(), &body, &reply); err != nil {
		return err
	}
	d.info.MediaID = reply.Data.MediaID
	return nil
}

// send posts the page's own request, but for its ids and number.
func (d *demo) send(ctx context.Context) error {
	body := demoMessage(d.info, demoHeader)
	d.story.line("request", "POST /api/v2/message/")
	d.story.block(body)
	var reply struct{ Data struct{ ID string } }
	if err := d.call(ctx, "/api/v2/message/", "application/json", strings.NewReader(body), &reply); err != nil {
		return err
	}
	d.info.MessageID = reply.Data.ID
	return nil
}

func demoMessage(info demoInfo, header string) string {
	return fmt.Sprintf(`{
  "message": [
    {
      "recipient_whatsapp": "%s",
      "message_type": "media",
      "recipient_type": "individual",
      "source": "%s",
      "x-apiheader": "%s",
      "type_media": [{"attachments": [{"attachment_id": "%s", "caption": "%s"}]}]
    }
  ]
}`, info.Recipient, info.SourceID, header, info.MediaID, demoCaption)
}

// awaitRead collects the statuses of the message until it was read.
func (d *demo) awaitRead(ctx context.Context) error {
	d.info.Statuses = []string{}
	var failure string
	err := d.await(ctx, func(e webhookBody) bool {
		for _, s := range e.Statuses {
			if s.MessageID != d.info.MessageID {
				continue
			}
			d.info.Statuses = append(d.info.Statuses, s.Status)
			if s.Status == "failed" {
				failure = s.Remark
				return true
			}
		}
		return slices.Contains(d.info.Statuses, "read")
	})
	switch {
	case failure != "":
		return fmt.Errorf("the message failed: %s", failure)
	case err != nil:
		return fmt.Errorf("the message was to be read (statuses at the webhook: %s): %w", cmp.Or(strings.Join(d.info.Statuses, ", "), "none"), err)
	}
	return nil
}

// await tells each event as it arrives, until one is the one that is waited
// for.
func (d *demo) await(ctx context.Context, wanted func(webhookBody) bool) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case e := <-d.receiver.events:
			d.story.event(e)
			if wanted(parseWebhook(e.Body)) {
				return nil
			}
		}
	}
}

// webhookBody is what the demo reads of a webhook.
type webhookBody struct {
	Statuses []struct {
		MessageID string `json:"ncmessage_id"`
		Status    string `json:"status"`
		Remark    string `json:"status_remark"`
	} `json:"delivery_status"`
	Incoming []struct {
		From string `json:"from"`
		Type string `json:"message_type"`
		Text struct {
			Text string `json:"text"`
		} `json:"text_type"`
	} `json:"incoming_message"`
}

func parseWebhook(body []byte) webhookBody {
	var e webhookBody
	_ = json.Unmarshal(body, &e) // what cannot be read is not what is waited for
	return e
}

func (d *demo) callJSON(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return d.call(ctx, path, "application/json", bytes.NewReader(body), out)
}

// call posts to the gateway as a customer's program does.
func (d *demo) call(ctx context.Context, path, contentType string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.info.BaseURL+path, body)
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	req.Header.Set("Authorization", "Bearer "+d.info.Token)
	req.Header.Set("Content-Type", contentType)
	resp, err := d.client.Do(req)
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	if !strings.Contains(path, "/source/") {
		d.story.line("answer", "%d %s", resp.StatusCode, bytes.TrimSpace(answer))
	}
	var envelope struct{ Status string }
	if json.Unmarshal(answer, &envelope) != nil || envelope.Status != "success" {
		return fmt.Errorf("POST %s was answered %d %s", path, resp.StatusCode, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return nil
}

// story prints what happens, with the time since the start.
type story struct {
	start   time.Time
	colours bool

	// unread is called when nobody can read the story any more.
	unread func()

	mu  sync.Mutex
	out io.Writer
}

func newStory(out io.Writer, colours bool) *story {
	return &story{start: time.Now(), out: out, colours: colours}
}

// Colours of the terminal.
const (
	dim    = "2"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	bold   = "1"
)

func (s *story) paint(colour, text string) string {
	if !s.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (s *story) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := fmt.Fprintln(s.out, text); err != nil && s.unread != nil {
		s.unread()
	}
}

func (s *story) line(what, format string, args ...any) {
	colour := map[string]string{"status": green, "incoming": green, "request": cyan, "failed": yellow}[what]
	if colour == "" {
		colour = bold
	}
	s.print(s.paint(dim, fmt.Sprintf("%8.3fs", time.Since(s.start).Seconds())) + "  " +
		s.paint(colour, fmt.Sprintf("%-9s", what)) + "  " + fmt.Sprintf(format, args...))
}

func (s *story) block(text string) {
	s.print(s.paint(dim, "           "+strings.ReplaceAll(text, "\n", "\n           ")))
}

func (s *story) title(info demoInfo) {
	s.print(s.paint(bold, "Waypost demo") + ": gateway and simulated WhatsApp on this machine; nothing leaves it.")
	s.print("gateway " + info.BaseURL + "   webhook receiver " + info.WebhookURL + "\n")
}

// event tells of a webhook that arrived.
func (s *story) event(e received) {
	body := parseWebhook(e.Body)
	for _, in := range body.Incoming {
		s.line("incoming", "%s from %s %s", in.Type, in.From, in.Text.Text)
	}
	for _, st := range body.Statuses {
		what := "status"
		if st.Status == "failed" {
			what = "failed"
		}
		s.line(what, "%-9s  message %s  %s", st.Status, st.MessageID, st.Remark)
	}
}

func (s *story) trouble(err error) { s.line("failed", "%v", err) }

// invite says how to go on by hand.
func (s *story) invite(info demoInfo) {
	compact := strings.Join(strings.Fields(demoMessage(info, "my-second-message")), " ")
	s.print(fmt.Sprintf(`
%s  base URL      %s
           token         %s
           source        %s
           the phone     %s
           webhooks seen %s
           simulator     %s (control), %s (Graph API)

Send another one:

curl -s %s/api/v2/message/ \
  -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \
  -d '%s'

Let the phone write:

curl -s %s/phones/%s/messages -H 'Content-Type: application/json' -d '{"text":"Hello again"}'

Everything is thrown away at the end. Stop with Ctrl-C.`,
		s.paint(bold, "It is up."), info.BaseURL, info.Token, info.SourceID, info.Recipient, info.WebhookURL, info.SimControlURL, info.SimGraphURL,
		info.BaseURL, info.Token, compact, info.SimControlURL, info.Recipient))
}

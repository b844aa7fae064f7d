package cloudapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/waypost/waypost/internal/cloudapi/encode"
	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// Send makes one attempt to send a message and says what became of it. It
// returns within the answer timeout. The context should not be one that a stop
// of the process cancels: an answer that nobody waits for makes the message
// uncertain.
func (c *Client) Send(ctx context.Context, n wa.Number, d wa.Dispatch) wa.Outcome {
	body, err := encode.Send(d)
	if err != nil {
		return wa.Outcome{Kind: wa.OutcomeRejected, Failure: fault.Ours("the message cannot be encoded", err.Error())}
	}
	if o, bad := unusable(n); bad {
		return o
	}
	ctx, cancel := context.WithTimeout(ctx, c.answerTimeout)
	defer cancel()
	var p passage
	if ctx.Err() != nil {
		// net/http would say nothing of it to the trace.
		return notSent(ctx.Err(), d.Message)
	}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, p.hooks(d.OnWire)),
		http.MethodPost, c.endpoint(n.ID, "messages"), bytes.NewReader(body))
	if err != nil {
		return fault.Misconfigured(fault.Ours("the request cannot be made", ""))
	}
	// Without GetBody nothing in net/http can send the body a second time. An
	// Idempotency-Key would make it do so; it must never be set here.
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/json")
	authorize(req, n)
	// Not through http.Client: it would follow redirects.
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return p.outcome(ctx, err, d.Message)
	}
	return judge(readAnswer(resp), n, d)
}

func authorize(req *http.Request, n wa.Number) {
	req.Header.Set("Authorization", "Bearer "+n.Token.Reveal())
	req.Header.Set("User-Agent", "waypost")
}

// passage is how far a request came on its way out.
type passage struct{ asked, connected, wrote atomic.Bool }

func (p *passage) hooks(onWire func()) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { p.asked.Store(true) },
		// net/http calls it before it hands the request to the connection.
		GotConn: func(httptrace.GotConnInfo) {
			p.connected.Store(true)
			if onWire != nil {
				onWire()
			}
		},
		WroteHeaders: func() { p.wrote.Store(true) },
	}
}

// nothingLeft reports whether surely nothing left the process. A transport that
// does not report is not believed, but for an error to dial. With a connection
// at hand and the time over, HTTP/2 may still be about to write.
func (p *passage) nothingLeft(ctx context.Context, err error) bool {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return true
	}
	return p.asked.Load() && !p.wrote.Load() && (!p.connected.Load() || ctx.Err() == nil)
}

// outcome is for an attempt that got no answer.
func (p *passage) outcome(ctx context.Context, err error, m wa.Message) wa.Outcome {
	if p.nothingLeft(ctx, err) {
		return notSent(err, m)
	}
	return wa.Outcome{Kind: wa.OutcomeUnknown, Failure: fault.Ours("Meta may have taken the message: no answer came", cause(err))}
}

// notSent is for an attempt of which surely nothing left the process.
func notSent(err error, m wa.Message) wa.Outcome {
	return wa.Outcome{
		Kind: wa.OutcomeLater, After: fault.Unsent().After(m.Tries()), Failure: fault.Ours("Meta could not be reached", cause(err)),
	}
}

// cause says why there was no answer, in words of ours: the text of the error
// may hold an address, or whatever the other side wrote.
func cause(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "the attempt was cancelled"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "not in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host name was not found"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate is not trusted"
	}
	return "the connection failed"
}

// judge says what an answer to a send means.
func judge(a answer, n wa.Number, d wa.Dispatch) wa.Outcome {
	if a.ok() {
		return accepted(a, n)
	}
	e, isGraph := a.graphError()
	switch {
	case isGraph:
		return refusal(e.Without(n.Token), a.status, n, d)
	case a.status == http.StatusTooManyRequests:
		return fault.Slowed(d.Message)
	case a.redirect():
		return fault.Misconfigured(fault.Ours("the Graph API was not found: it redirects", "check the base url and the version"))
	}
	return wa.Outcome{
		Kind:    wa.OutcomeUnknown,
		Failure: fault.Ours("Meta may have taken the message: the answer is none of its own", http.StatusText(a.status)),
	}
}

// sendAnswer is what an accepted send gets. message_status may say that a
// template is held back; it was taken all the same. A contact has no wa_id if the
// person shows none, and for a group it has the group's id.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
type sendAnswer struct {
	Contacts []struct {
		WAID         node.Text `json:"wa_id"`
		UserID       node.Text `json:"user_id"`
		ParentUserID node.Text `json:"parent_user_id"`
	} `json:"contacts"`
	Messages []struct {
		ID     node.Text `json:"id"`
		Status node.Text `json:"message_status"`
	} `json:"messages"`
}

// statusAccepted is the message_status of what is not held back.
const statusAccepted = "accepted"

// person is whom the message went to, as far as the answer says; nothing if it
// says it of several.
func (a sendAnswer) person() wa.PersonIDs {
	if len(a.Contacts) != 1 {
		return wa.PersonIDs{}
	}
	c := a.Contacts[0]
	return wa.PersonIDs{Phone: string(c.WAID), UserID: string(c.UserID), ParentUserID: string(c.ParentUserID)}
}

// accepted is for a 2xx. If the body does not say the id, a status will: the
// message was taken, so it is never sent again.
func accepted(a answer, n wa.Number) wa.Outcome {
	if e, isGraph := a.graphError(); isGraph {
		e = e.Without(n.Token)
		// Meta documents no such answer, so it promises nothing either way.
		return wa.Outcome{
			Kind: wa.OutcomeUnknown, Trace: e.TraceID(),
			Failure: fault.FailureOf(e.Number(), e.Title(), e.Details()),
		}
	}
	var got sendAnswer
	if a.whole && json.Valid(a.body) {
		node.Read(a.body, &got)
	}
	if len(got.Messages) == 0 {
		return wa.Outcome{Kind: wa.OutcomeSent}
	}
	m := got.Messages[0]
	o := wa.Outcome{Kind: wa.OutcomeSent, WAMID: string(m.ID), Contact: got.person()}
	if m.Status != statusAccepted {
		o.Held = string(m.Status)
	}
	return o
}

// refusal is for a complete error of Meta's. Where it is about our media id,
// the media has to be uploaded again.
func refusal(e fault.Error, status int, n wa.Number, d wa.Dispatch) wa.Outcome {
	o := e.Outcome(status, d.Message)
	if o.Kind == wa.OutcomeUnknown || !aboutMedia(e, n, d) {
		return o
	}
	o.Failure = mediaFailure(e)
	o.Kind, o.After = wa.OutcomeLater, fault.Unsent().After(d.Message.Tries())
	o.MediaGone, o.Tries, o.Scope = true, fault.MediaTries, wa.ScopeMessage
	return o
}

// mediaFailure replaces what the table says of a missing object, which is about
// the number.
func mediaFailure(e fault.Error) wa.Failure {
	f := fault.FailureOf(e.Number(), e.Title(), e.Details())
	f.VendorCode = fault.VendorMedia
	if e.MissingObject() && e.Details() == "" {
		f.Details = "Meta does not know the media"
	}
	return f
}

// aboutMedia reports whether the error means that Meta does not know the media
// id of the dispatch. Meta's pages name no code for it. Seen are 100 and 131009
// with words about the media, 100 with subcode 33, and the two media codes.
func aboutMedia(e fault.Error, n wa.Number, d wa.Dispatch) bool {
	if len(d.MetaMedia)+len(d.MetaLinks) == 0 {
		return false
	}
	words := strings.ToLower(string(e.Message) + " " + e.Details())
	switch e.Number() {
	case fault.CodeMediaDownload, fault.CodeMediaUpload:
		return true
	case fault.CodeInvalidParameter, fault.CodeParameterValue:
		if e.MissingObject() {
			return !strings.Contains(words, n.ID) // else it is the number that is missing
		}
		return strings.Contains(words, "media") || strings.Contains(words, "['id']") || namesMedia(words, d)
	}
	return false
}

func namesMedia(words string, d wa.Dispatch) bool {
	said := func(metaID string) bool { return strings.Contains(words, metaID) }
	return slices.ContainsFunc(slices.Collect(maps.Values(d.MetaMedia)), said) ||
		slices.ContainsFunc(slices.Collect(maps.Values(d.MetaLinks)), said)
}

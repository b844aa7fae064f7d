package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
)

// Phone is a virtual phone by its number. It comes to be on first use: online, and telling when it has read.
type Phone struct {
	Number string // digits
	sim    *Sim
}

// Phone returns the phone with this number.
func (s *Sim) Phone(number string) *Phone { return &Phone{Number: number, sim: s} }

// PhoneState is what a phone is.
type PhoneState struct {
	Number   string   `json:"number"`
	Name     string   `json:"name"`
	About    string   `json:"about"`
	Picture  string   `json:"picture"`
	Username string   `json:"username"`
	UserID   string   `json:"user_id"` // business-scoped
	Hidden   bool     `json:"hidden"`
	Absent   bool     `json:"absent"`
	Receipts bool     `json:"receipts"`
	Played   bool     `json:"played"`
	Online   bool     `json:"online"`
	Blocks   []string `json:"blocks"`  // ids of business numbers that it blocks
	Stopped  []string `json:"stopped"` // ids of those whose marketing it stopped
	Typing   []string `json:"typing"`  // ids of those that are typing
}

// PhoneChange says what to change on a phone; nil leaves it as it is. [Ptr] makes pointers.
type PhoneChange struct {
	Name     *string   `json:"name,omitempty"`
	About    *string   `json:"about,omitempty"`
	Picture  *string   `json:"picture,omitempty"`
	Username *string   `json:"username,omitempty"` // businesses are told it and the business-scoped id
	Hidden   *bool     `json:"hidden,omitempty"`   // businesses are told the id and not the number
	Absent   *bool     `json:"absent,omitempty"`   // the number is not on WhatsApp
	Receipts *bool     `json:"receipts,omitempty"`
	Played   *bool     `json:"played,omitempty"` // tells when a voice message was played
	Online   *bool     `json:"online,omitempty"`
	Blocks   *[]string `json:"blocks,omitempty"` // business numbers to block, all of them
}

// Ptr makes a pointer of a value.
func Ptr[T any](v T) *T { return &v }

func (p *Phone) path(rest string) string { return "/phones/" + url.PathEscape(p.Number) + rest }

// Set changes the phone.
func (p *Phone) Set(ctx context.Context, c PhoneChange) (PhoneState, error) {
	var state PhoneState
	err := p.sim.send(ctx, http.MethodPut, p.path(""), c, &state)
	return state, err
}

// State says what the phone is. A phone that was never used is an error.
func (p *Phone) State(ctx context.Context) (PhoneState, error) {
	var state PhoneState
	err := p.sim.get(ctx, p.path(""), &state)
	return state, err
}

// Messages lists what the phone received and wrote, oldest first.
func (p *Phone) Messages(ctx context.Context) ([]Message, error) {
	var answer struct {
		Messages []Message `json:"messages"`
	}
	err := p.sim.get(ctx, p.path("/messages"), &answer)
	return answer.Messages, err
}

// Wait is [Sim.Wait] for this phone.
func (p *Phone) Wait(ctx context.Context, m Match) (Message, error) {
	m.Phone = p.Number
	return p.sim.Wait(ctx, m)
}

// Say lets the phone write a text to the business number, if there is one only. It returns the wamid.
func (p *Phone) Say(ctx context.Context, text string) (string, error) {
	return p.Write(ctx, Writing{Text: text})
}

// Reply lets the phone answer a message with a text, quoting it.
func (p *Phone) Reply(ctx context.Context, m Message, text string) (string, error) {
	return p.Write(ctx, Writing{Text: text, To: m.NumberID, ReplyTo: m.ID})
}

// React lets the phone put an emoji on a message; an empty one takes it away.
func (p *Phone) React(ctx context.Context, m Message, emoji string) (string, error) {
	return p.Write(ctx, Writing{
		To: m.NumberID, Type: "reaction", Object: map[string]string{"message_id": m.ID, "emoji": emoji},
	})
}

// Writing is what a phone writes: a text, a file, or the object of any other type.
type Writing struct {
	To        string // id or display number of the business number; may be empty when there is one
	Text      string
	Type      string // of Object: location, contacts, reaction, button, interactive, order, system, unsupported, edit or revoke
	Object    any    // what Meta's callback has under the type's name
	ReplyTo   string // wamid of the message that this answers
	Forwarded bool
	Referral  any // the advertisement that led here, as Meta's callback has it
}

// Write lets the phone write. It returns the wamid once the callback is in line.
func (p *Phone) Write(ctx context.Context, w Writing) (string, error) {
	body := map[string]any{}
	for key, value := range map[string]string{"to": w.To, "text": w.Text, "type": w.Type, "reply_to": w.ReplyTo} {
		if value != "" {
			body[key] = value
		}
	}
	if w.Object != nil {
		body[w.Type] = w.Object
	}
	if w.Forwarded {
		body["forwarded"] = true
	}
	if w.Referral != nil {
		body["referral"] = w.Referral
	}
	var answer struct {
		ID string `json:"id"`
	}
	err := p.sim.send(ctx, http.MethodPost, p.path("/messages"), body, &answer)
	return answer.ID, err
}

// File is a file that a phone sends.
type File struct {
	Name     string
	MIMEType string // says of which kind the message is
	Data     []byte
	Caption  string
	To       string // as in Writing
	ReplyTo  string
}

// SendFile lets the phone send a file, at most 100 MB.
func (p *Phone) SendFile(ctx context.Context, f File) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, value := range map[string]string{"to": f.To, "caption": f.Caption, "reply_to": f.ReplyTo} {
		if value == "" {
			continue
		}
		if err := form.WriteField(key, value); err != nil {
			return "", fmt.Errorf("make form: %w", err)
		}
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", f.Name)}, "Content-Type": {f.MIMEType},
	})
	if err == nil {
		_, err = part.Write(f.Data)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return "", fmt.Errorf("make form: %w", err)
	}
	var answer struct {
		ID string `json:"id"`
	}
	err = p.sim.call(ctx, http.MethodPost, p.path("/messages"), form.FormDataContentType(), &body, &answer)
	return answer.ID, err
}

// Tap is a finger on a message.
type Tap struct {
	Button any    // label or id of what is tapped, or its place as an int, from 0; nil when there is one only
	Card   *int   // only on this card of a carousel, from 0
	Data   any    // what was filled in: a form's fields, an address, a place with latitude and longitude
	Items  []Item // what is ordered; empty: one of each product that the message shows
	Text   string // words that go with an order
}

// Item is a line of an order. What is zero is one piece at a price of 1 USD.
type Item struct {
	Product  string  `json:"product_retailer_id"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"item_price"`
	Currency string  `json:"currency"`
}

// Tapped is what came of a tap: the wamid of the answer, or what the phone opened instead, of which a business is told nothing.
type Tapped struct {
	ID    string `json:"id"`
	Opens string `json:"opens"`
}

// Tap lets the phone tap on a message that it received.
func (p *Phone) Tap(ctx context.Context, m Message, t Tap) (Tapped, error) {
	body := map[string]any{"message": m.ID}
	if t.Button != nil {
		body["button"] = t.Button
	}
	if t.Card != nil {
		body["card"] = *t.Card
	}
	if t.Data != nil {
		body["data"] = t.Data
	}
	if len(t.Items) > 0 {
		body["items"] = t.Items
	}
	if t.Text != "" {
		body["text"] = t.Text
	}
	var answer Tapped
	err := p.sim.send(ctx, http.MethodPost, p.path("/tap"), body, &answer)
	return answer, err
}

// StopMarketing lets the phone stop the marketing of a business number, or resume it; to may be empty when there is one number.
func (p *Phone) StopMarketing(ctx context.Context, to string, stop bool) error {
	value := "resume"
	if stop {
		value = "stop"
	}
	return p.sim.send(ctx, http.MethodPut, p.path("/marketing"), map[string]string{"to": to, "value": value}, nil)
}

// Move gives the phone another number, of which every business that it wrote to is told, and returns the phone under it.
func (p *Phone) Move(ctx context.Context, number string) (*Phone, error) {
	if err := p.sim.send(ctx, http.MethodPut, p.path("/number"), map[string]string{"to": number}, nil); err != nil {
		return nil, err
	}
	return p.sim.Phone(number), nil
}

// Media downloads the bytes of a medium, uploaded or sent by a phone.
func (s *Sim) Media(ctx context.Context, id string) ([]byte, error) {
	resp, err := s.do(ctx, http.MethodGet, "/media/"+url.PathEscape(id), "", http.NoBody)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read medium: %w", err)
	}
	return data, nil
}

// Script is a scripted answer: when a message that fits reaches a phone, the phone answers. docs/simulator.md has the whole of it.
type Script struct {
	Name   string          `json:"name,omitempty"`
	Phone  string          `json:"phone,omitempty"` // digits; empty: every phone
	From   string          `json:"from,omitempty"`  // business number; empty: every one
	When   When            `json:"when"`
	After  string          `json:"after,omitempty"` // such as "2s", in simulated time
	Times  int             `json:"times,omitempty"` // 0 is always
	Answer json.RawMessage `json:"answer"`          // as JSON: {"text":"…"}, {"tap":{"button":"yes"}} or a list
}

// When says which messages a script answers.
type When struct {
	Contains string `json:"contains,omitempty"`
	Matches  string `json:"matches,omitempty"`
	Type     string `json:"type,omitempty"`
	Template string `json:"template,omitempty"`
}

// SetScripts puts scripted answers in the place of those there are.
func (s *Sim) SetScripts(ctx context.Context, list ...Script) error {
	return s.send(ctx, http.MethodPut, "/_sim/scripts", map[string]any{"scripts": append([]Script{}, list...)}, nil)
}

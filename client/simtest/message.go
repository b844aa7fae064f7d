package simtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The ways a message goes.
const (
	ToPhone   = "to_phone"
	FromPhone = "from_phone"
)

// Message is a message as a phone shows it.
type Message struct {
	ID        string          `json:"id"`        // wamid
	Seq       int             `json:"seq"`       // counts the messages of all phones from 1
	Phone     string          `json:"phone"`     // digits; empty for a group
	Direction string          `json:"direction"` // ToPhone or FromPhone
	NumberID  string          `json:"number_id"` // the business number at the other end
	Type      string          `json:"type"`
	Text      string          `json:"text"` // the line a person sees; the body of a template, filled in
	Caption   string          `json:"caption"`
	Link      string          `json:"link"` // of a medium that was sent by its address
	Media     *Media          `json:"media"`
	Content   json.RawMessage `json:"content"` // the object that the type names, as it was sent
	Template  string          `json:"template"`
	View      *View           `json:"view"` // of interactive and template messages
	ReplyTo   string          `json:"reply_to"`
	Reactions []Reaction      `json:"reactions"`
	Edited    bool            `json:"edited"`
	Revoked   bool            `json:"revoked"`
	Status    string          `json:"status"` // to the phone: accepted, sent, delivered, read, played or failed; from it: sent or read
	At        time.Time       `json:"at"`     // in simulated time
}

// Media describes a medium; [Sim.Media] has its bytes.
type Media struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	MIMEType string `json:"mime_type"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"` // hexadecimal
	Filename string `json:"filename"`
}

// View is what a person sees of an interactive or template message.
type View struct {
	Header  *Header  `json:"header"`
	Body    string   `json:"body"`
	Footer  string   `json:"footer"`
	Menu    string   `json:"menu"` // the label that opens a list
	Buttons []Button `json:"buttons"`
	Cards   []View   `json:"cards"`
}

// Header is a text, a medium or a place.
type Header struct {
	Type     string          `json:"type"`
	Text     string          `json:"text"`
	MediaID  string          `json:"media_id"`
	Link     string          `json:"link"`
	Filename string          `json:"filename"`
	Location json.RawMessage `json:"location"`
}

// Button is anything that can be tapped, a row of a list too.
type Button struct {
	Type        string   `json:"type"`
	Text        string   `json:"text"`
	ID          string   `json:"id"` // what comes back
	Description string   `json:"description"`
	Section     string   `json:"section"`
	URL         string   `json:"url"`
	Code        string   `json:"code"`
	CatalogID   string   `json:"catalog_id"`
	Products    []string `json:"products"`
}

// Reaction is an emoji on a message, by the phone or the business.
type Reaction struct {
	By    string `json:"by"`
	Emoji string `json:"emoji"`
}

// Match says which message is meant. What is empty matches every message.
type Match struct {
	After     int    // only messages with a greater Seq: give that of the message before
	ID        string // wamid
	Phone     string // digits
	Direction string // empty: ToPhone; "any" for both
	NumberID  string // id or display number of the business number
	Type      string
	Text      string // in what a person can read, in either case: texts, captions, headers, buttons
	Matches   string // the same as a regular expression
	Template  string
	ReplyTo   string
	Status    string // this one or a later one: sent, delivered, read, played; several with commas; failed is never implied
}

func (m Match) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"id": m.ID, "phone": m.Phone, "direction": m.Direction, "number": m.NumberID, "type": m.Type, "text": m.Text,
		"matches": m.Matches, "template": m.Template, "reply_to": m.ReplyTo, "status": m.Status,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if m.After > 0 {
		query.Set("after", strconv.Itoa(m.After))
	}
	return query
}

const (
	longestWait  = time.Minute     // of one request; a wait makes as many as it needs
	afterthought = 2 * time.Second // for what an error says
	toldMessages = 5               // that an error lists
)

// Wait returns the first message that matches, as soon as it is there; one that came before counts too, unless After says
// otherwise. When ctx ends first, the error says which messages there were.
func (s *Sim) Wait(ctx context.Context, m Match) (Message, error) {
	query := m.query()
	query.Set("timeout", longestWait.String())
	for {
		var answer struct {
			Message Message `json:"message"`
		}
		err := s.get(ctx, "/_sim/wait?"+query.Encode(), &answer)
		if err == nil {
			return answer.Message, nil
		}
		if ctx.Err() != nil {
			return Message{}, fmt.Errorf("wait for a message with %s: %w; %s", m, context.Cause(ctx), s.instead(ctx, m))
		}
		var told *Error
		if !errors.As(err, &told) || told.Status != http.StatusRequestTimeout {
			return Message{}, err
		}
	}
}

// String says what is looked for.
func (m Match) String() string {
	query := m.query()
	if len(query) == 0 {
		return "anything in it"
	}
	text, err := url.QueryUnescape(strings.ReplaceAll(query.Encode(), "&", ", "))
	if err != nil {
		return query.Encode()
	}
	return text
}

// instead says what came in the place of the message that did not.
func (s *Sim) instead(ctx context.Context, m Match) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterthought)
	defer cancel()
	list, err := s.Messages(ctx, Match{After: m.After, Phone: m.Phone, Direction: "any"})
	if err != nil {
		return "what there is cannot be told: " + err.Error()
	}
	if len(list) == 0 {
		return "there are no messages"
	}
	lines := make([]string, 0, toldMessages)
	for _, m := range list[max(0, len(list)-toldMessages):] {
		lines = append(lines, fmt.Sprintf("%s %s: %s %q (%s)", m.Direction, m.Phone, m.Type, m.Text+m.Caption, m.Status))
	}
	return "the last messages are " + strings.Join(lines, ", ")
}

// Messages lists what matches among the messages of all phones, oldest first, at most a thousand. It does not wait.
func (s *Sim) Messages(ctx context.Context, m Match) ([]Message, error) {
	var answer struct {
		Messages []Message `json:"messages"`
	}
	err := s.get(ctx, "/_sim/seen?"+m.query().Encode(), &answer)
	return answer.Messages, err
}

// LastSeq is the Seq of the last message there is: give it as After to wait only for what comes from now on.
func (s *Sim) LastSeq(ctx context.Context) (int, error) {
	var info struct {
		Seq int `json:"seq"`
	}
	err := s.get(ctx, "/_sim/info", &info)
	return info.Seq, err
}

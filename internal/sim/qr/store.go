package qr

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/rule"
)

// Path is where pictures are fetched. It is not Meta's path on purpose: a client must follow the address it is given.
const Path = "/simulated/qr"

// The limits of QR codes.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/qr-codes (read 2026-09)
const (
	maxCodes   = 2000 // of a number
	maxMessage = 140  // characters

	// The formats of a picture.
	formatSVG = "SVG"
	formatPNG = "PNG"
)

// code is one QR code.
type code struct {
	text    string // what Graph calls the code
	message string
	made    time.Time
	seq     int
}

func (c *code) link() string { return "https://wa.me/message/" + c.text }

// Store keeps the codes. Its methods may be called from many goroutines. Every error is a *rule.Error.
type Store struct {
	graphURL string
	key      draw.Key

	mu    sync.Mutex
	codes map[string][]*code // by phone_number_id, in order of creation
	made  map[string]int     // how many there were, by phone_number_id
}

// New makes an empty store. The addresses of pictures begin with graphURL. The same seed gives the same codes.
func New(graphURL string, seed uint64) *Store {
	return &Store{
		graphURL: strings.TrimSuffix(graphURL, "/"), key: draw.New(seed).Text("qr"), codes: map[string][]*code{}, made: map[string]int{},
	}
}

// Reset forgets all codes, as if none had ever been made.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.codes)
	clear(s.made)
}

// notFound is the answer for a code that is not there, as the OpenAPI file has it.
func notFound() *rule.Error {
	return &rule.Error{
		Status: http.StatusNotFound, Code: rule.CodeNoSuch, Kind: rule.TypeMethod, Message: "QR code not found",
		UserTitle: "QR Code Not Found", UserMessage: "The QR code you're trying to access doesn't exist or has been deleted",
	}
}

// Post makes a code, or changes the message of the one that is named.
func (s *Store) Post(numberID string, raw json.RawMessage, now time.Time) (map[string]any, error) {
	var w rule.Walk
	v, err := w.Read(raw, "", rule.Object(
		rule.Must("prefilled_message", rule.Text(1, maxMessage)), rule.May("code", rule.Text(1, 64)),
		rule.May("generate_qr_image", rule.OneOf(formatSVG, formatPNG)), rule.May("messaging_product", rule.OneOf("whatsapp")),
	))
	if err != nil {
		var e *rule.Error
		if errors.As(err, &e) {
			return nil, rule.BadParameter("%s", e.Details)
		}
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	wish, message := rule.String(v, "code"), rule.String(v, "prefilled_message")
	if wish != "" {
		c := s.find(numberID, wish)
		if c == nil {
			return nil, notFound()
		}
		c.message = message
		return s.node(numberID, c, "")
	}
	if len(s.codes[numberID]) >= maxCodes {
		return nil, rule.BadParameter("a number has at most %d QR codes: delete one first", maxCodes)
	}
	s.made[numberID]++
	key := s.key.Text(numberID).Int(s.made[numberID])
	c := &code{text: base32.StdEncoding.EncodeToString(key.Bytes())[:14], message: message, made: now, seq: s.made[numberID]}
	s.codes[numberID] = append(s.codes[numberID], c)
	if format := rule.String(v, "generate_qr_image"); format != "" {
		return s.node(numberID, c, "code,prefilled_message,deep_link_url,qr_image_url.format("+format+")")
	}
	return s.node(numberID, c, "")
}

func (s *Store) find(numberID, text string) *code {
	for _, c := range s.codes[numberID] {
		if c.text == text {
			return c
		}
	}
	return nil
}

// asksPNG finds the format of a picture in the fields asked for.
var asksPNG = regexp.MustCompile(`qr_image_url\.format\(\s*PNG\s*\)`)

// node is a code as Graph answers it.
func (s *Store) node(numberID string, c *code, fields string) (map[string]any, error) {
	format := formatSVG
	if asksPNG.MatchString(fields) {
		format = formatPNG
	}
	picture := url.Values{"number": {numberID}, "code": {c.text}, "format": {format}}
	return rule.Select(fields, map[string]any{
		"code": c.text, "prefilled_message": c.message, "deep_link_url": c.link(), "creation_time": c.made.Unix(),
		"qr_image_url": s.graphURL + Path + "?" + picture.Encode(),
	}, "code", "prefilled_message", "deep_link_url")
}

// Get returns one code, in a list as Meta does.
func (s *Store) Get(numberID, text, fields string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(numberID, text)
	if c == nil {
		return nil, notFound()
	}
	node, err := s.node(numberID, c, fields)
	return map[string]any{"data": []any{node}}, err
}

// Page is one page of a number's codes, the newest first, or the one that the query names.
func (s *Store) Page(numberID string, query url.Values, address string) (rule.Page[map[string]any], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.codes[numberID])
	slices.Reverse(list)
	if wish := query.Get("code"); wish != "" {
		list = slices.DeleteFunc(list, func(c *code) bool { return c.text != wish })
	}
	page, err := rule.Paged(list, func(c *code) int { return -c.seq }, query, address)
	out := rule.Page[map[string]any]{Data: []map[string]any{}}
	if p := page.Paging; p != nil && (p.Next != "" || p.Previous != "") { // Meta's samples of a single page have no paging
		out.Paging = p
	}
	if err != nil {
		return out, err
	}
	for _, c := range page.Data {
		node, err := s.node(numberID, c, query.Get("fields"))
		if err != nil {
			return out, err
		}
		out.Data = append(out.Data, node)
	}
	return out, nil
}

// Delete takes a code away.
func (s *Store) Delete(numberID, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.codes[numberID])
	s.codes[numberID] = slices.DeleteFunc(s.codes[numberID], func(c *code) bool { return c.text == text })
	if len(s.codes[numberID]) == before {
		return notFound()
	}
	return nil
}

// Picture draws a code. It returns false if there is none.
func (s *Store) Picture(query url.Values) (mimeType string, picture []byte, ok bool, err error) {
	s.mu.Lock()
	c := s.find(query.Get("number"), query.Get("code"))
	s.mu.Unlock()
	if c == nil {
		return "", nil, false, nil
	}
	m, err := draw3L(c.link())
	if err != nil {
		return "", nil, false, fmt.Errorf("draw QR code: %w", err)
	}
	if query.Get("format") == formatPNG {
		picture, err = m.png()
		return "image/png", picture, true, err
	}
	return "image/svg+xml", m.svg(), true, nil
}

package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
)

// An international phone number has at most fifteen digits (E.164); shorter ones than seven with country code are not in use.
const (
	phoneMin = 7
	phoneMax = 15
)

// Number is a business number as the Graph face knows it.
type Number struct {
	ID          string `json:"id"`             // phone_number_id, in digits
	WABAID      string `json:"waba_id"`        // the WhatsApp Business Account it belongs to
	Display     string `json:"display"`        // the phone number itself, digits only
	AccessToken string `json:"access_token"`   // a token that may use it; numbers may share one
	Name        string `json:"name,omitempty"` // verified_name; empty is a usual one
}

// Token is one more token, for some numbers or for all.
type Token struct {
	Value   string   `json:"value"`
	Numbers []string `json:"numbers,omitempty"` // phone_number_ids; none means every number, those that are added later too

	// What debug_token says of it: its permissions, none means those that a business needs, and when it ends, zero for never.
	// Nothing is refused because of them.
	Scopes    []string  `json:"scopes,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// number is a Number with its state.
type number struct {
	Number
	verified, registered bool
	pin                  string // two-step verification; empty is none
	misses               int    // wrong PINs in a row
	lockedUntil          time.Time
	moves                []time.Time // the requests to register and deregister that count
	code                 string      // the code under way; empty is none
	codes                int         // how many codes there were
	username             string
	override             Override
	condition            Condition
	settings             map[string]any
	automation           map[string]any
}

// waba is the state of an account.
type waba struct {
	subscribed bool
	override   Override
}

// Directory knows numbers, accounts and tokens. Its methods may be called from many goroutines.
type Directory struct {
	appID string
	key   draw.Key

	mu     sync.RWMutex
	list   []*number // in order of creation
	byID   map[string]*number
	wabas  map[string]*waba
	tokens map[string]Token // further tokens; one without numbers is for all
}

// New makes a directory of numbers that are registered, in accounts that the app is subscribed to. The options must have been
// checked. The same seed gives the same ids and codes.
func New(appID string, seed uint64, numbers []Number, tokens []Token) *Directory {
	d := &Directory{
		appID: appID, key: draw.New(seed).Text("account"),
		byID: map[string]*number{}, wabas: map[string]*waba{}, tokens: map[string]Token{},
	}
	for _, n := range numbers {
		d.add(&number{Number: n, verified: true, registered: true})
	}
	for _, t := range tokens {
		d.tokens[t.Value] = Token{t.Value, slices.Clone(t.Numbers), slices.Clone(t.Scopes), t.ExpiresAt}
	}
	return d
}

// add takes a number in. The lock must be held, or nobody else know the directory.
func (d *Directory) add(n *number) {
	if n.Name == "" {
		n.Name = "Simulated Business"
	}
	d.list = append(d.list, n)
	d.byID[n.ID] = n
	if d.wabas[n.WABAID] == nil {
		d.wabas[n.WABAID] = &waba{subscribed: true}
	}
}

// Check returns every mistake in a list of numbers and tokens, joined.
func Check(numbers []Number, tokens []Token) error {
	var errs []error
	if len(numbers) == 0 {
		errs = append(errs, errors.New("numbers: give at least one"))
	}
	seen, ids := map[string]bool{}, map[string]bool{}
	for i, n := range numbers {
		if err := n.check(); err != nil {
			errs = append(errs, fmt.Errorf("number %d: %w", i+1, err))
		}
		if seen[n.ID] || seen[n.Display] {
			errs = append(errs, fmt.Errorf("number %d: id or display number is taken by an earlier one", i+1))
		}
		seen[n.ID], seen[n.Display], ids[n.ID] = true, true, true
	}
	for i, n := range numbers {
		if ids[n.WABAID] {
			errs = append(errs, fmt.Errorf("number %d: waba id %s is the id of a number", i+1, n.WABAID))
		}
	}
	for i, t := range tokens {
		if t.Value == "" {
			errs = append(errs, fmt.Errorf("token %d: value is missing", i+1))
		}
		for _, id := range t.Numbers {
			if !ids[id] {
				errs = append(errs, fmt.Errorf("token %d: there is no number with the id %q", i+1, id))
			}
		}
	}
	return errors.Join(errs...)
}

func (n Number) check() error {
	var errs []error
	if !isDigits(n.ID) {
		errs = append(errs, fmt.Errorf("id %q: digits only", n.ID))
	}
	if n.WABAID == "" {
		errs = append(errs, errors.New("waba id is missing"))
	}
	if !isDigits(n.Display) || len(n.Display) < phoneMin || len(n.Display) > phoneMax {
		errs = append(errs, fmt.Errorf("display %q: %d to %d digits", n.Display, phoneMin, phoneMax))
	}
	if n.AccessToken == "" {
		errs = append(errs, errors.New("access token is missing"))
	}
	return errors.Join(errs...)
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// Knows says whether a token belongs to any number.
func (d *Directory) Knows(token string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if _, ok := d.tokens[token]; ok {
		return true
	}
	return slices.ContainsFunc(d.list, func(n *number) bool { return n.AccessToken == token })
}

// may says whether a token may use a number. The lock must be held.
func (d *Directory) may(token string, n *number) bool {
	if n.AccessToken == token {
		return true
	}
	t, ok := d.tokens[token]
	return ok && (len(t.Numbers) == 0 || slices.Contains(t.Numbers, n.ID))
}

// Of returns the number with this id, if the token may use it.
func (d *Directory) Of(token, id string) (Number, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if n := d.byID[id]; n != nil && d.may(token, n) {
		return n.Number, true
	}
	return Number{}, false
}

// MayAccount says whether a token may use an account: it has to be good for a number of it.
func (d *Directory) MayAccount(token, wabaID string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.ContainsFunc(d.list, func(n *number) bool { return n.WABAID == wabaID && d.may(token, n) })
}

// ByID returns the number with this phone_number_id.
func (d *Directory) ByID(id string) (Number, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if n := d.byID[id]; n != nil {
		return n.Number, true
	}
	return Number{}, false
}

// Find returns the number with this id or display number, in digits.
func (d *Directory) Find(name string) (Number, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, n := range d.list {
		if n.ID == name || n.Display == name {
			return n.Number, true
		}
	}
	return Number{}, false
}

// Numbers returns every number in order of creation.
func (d *Directory) Numbers() []Number {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := make([]Number, len(d.list))
	for i, n := range d.list {
		list[i] = n.Number
	}
	return list
}

// Accounts returns the ids of all accounts, each once.
func (d *Directory) Accounts() (ids []string) {
	for _, n := range d.Numbers() {
		if !slices.Contains(ids, n.WABAID) {
			ids = append(ids, n.WABAID)
		}
	}
	return ids
}

// View is a number as the control face shows it.
type View struct {
	ID      string `json:"id"`
	WABAID  string `json:"waba_id"`
	Display string `json:"display"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Code    string `json:"verification_code,omitempty"` // what the SMS or call under way says
}

// Views returns every number as the control face shows it.
func (d *Directory) Views() []View {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := make([]View, len(d.list))
	for i, n := range d.list {
		list[i] = View{ID: n.ID, WABAID: n.WABAID, Display: n.Display, Name: n.Name, Status: n.status(), Code: n.code}
	}
	return list
}

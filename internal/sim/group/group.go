package group

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/rule"
)

// The limits of groups.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups (read 2026-09)
const (
	maxMembers     = 8 // besides the business
	maxGroups      = 10_000
	maxSubject     = 128
	maxDescription = 2048

	linkPrefix = "https://chat.whatsapp.com/"
)

// Group is one group. Values are copies; the store keeps the original.
type Group struct {
	ID          string    `json:"id"`
	NumberID    string    `json:"number_id"` // the business number that made it
	Subject     string    `json:"subject"`
	Description string    `json:"description,omitempty"`
	Created     time.Time `json:"created"`
	InviteLink  string    `json:"invite_link"`
	Members     []string  `json:"members"` // phone numbers, in order of joining

	seq     int
	invites int
}

// Store keeps the groups. Its methods may be called from many goroutines.
type Store struct {
	key draw.Key

	mu    sync.Mutex
	list  []*Group // in order of creation
	made  int
	asked int // requests that were answered with an id
}

// New makes an empty store. The same seed gives the same ids.
func New(seed uint64) *Store { return &Store{key: draw.New(seed).Text("group")} }

// Reset forgets all groups, as if none had ever been made.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.made, s.asked = nil, 0, 0
}

// ErrNotFound is returned for a group that is not there.
var ErrNotFound = errors.New("not found")

func read(raw json.RawMessage, fields ...rule.Field) (any, error) {
	var w rule.Walk
	v, err := w.Read(raw, "", rule.Object(append(fields, rule.Must("messaging_product", rule.OneOf("whatsapp")))...))
	var e *rule.Error
	if errors.As(err, &e) {
		return nil, rule.BadParameter("%s", e.Details)
	}
	return v, err
}

// RequestID is the id by which a callback can be matched with the request that caused it.
func (s *Store) RequestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.key.Text("request").Int(s.asked).Digits()
}

// Create makes a group of a number; nobody is in it yet. Every error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/reference (read 2026-09)
func (s *Store) Create(numberID string, raw json.RawMessage, now time.Time) (Group, error) {
	v, err := read(raw, rule.Must("subject", rule.Text(1, maxSubject)), rule.May("description", rule.Text(0, maxDescription)),
		rule.May("join_approval_mode", rule.OneOf("auto_approve"))) // requests to join are not simulated
	if err != nil {
		return Group{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.of(numberID)) >= maxGroups {
		return Group{}, rule.Refuse(rule.CodeGroupCount, "Maximum number of groups reached", "a number has at most %d groups", maxGroups)
	}
	s.made++
	key := s.key.Int(s.made)
	g := &Group{
		ID:       base64.RawURLEncoding.EncodeToString([]byte("capi_group:" + key.Digits())),
		NumberID: numberID, Subject: rule.String(v, "subject"), Description: rule.String(v, "description"), Created: now, seq: s.made,
	}
	s.invite(g)
	s.list = append(s.list, g)
	return copied(g), nil
}

// invite gives a group a new invitation. The lock must be held.
func (s *Store) invite(g *Group) {
	g.invites++
	g.InviteLink = linkPrefix + s.key.Text(g.ID).Int(g.invites).Hex()[:22]
}

func copied(g *Group) Group {
	c := *g
	c.Members = append([]string{}, g.Members...)
	return c
}

// of lists the groups of a number. The lock must be held.
func (s *Store) of(numberID string) (list []*Group) {
	for _, g := range s.list {
		if g.NumberID == numberID {
			list = append(list, g)
		}
	}
	return list
}

func (s *Store) find(id string) *Group {
	for _, g := range s.list {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// Get returns a group by its id.
func (s *Store) Get(id string) (Group, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.find(id); g != nil {
		return copied(g), true
	}
	return Group{}, false
}

// All returns every group in order of creation.
func (s *Store) All() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Group{}
	for _, g := range s.list {
		list = append(list, copied(g))
	}
	return list
}

// Page is one page of a number's groups. The list is one level deeper than Graph's others. Every error is a *rule.Error.
func (s *Store) Page(numberID string, query url.Values, address string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page, err := rule.Paged(s.of(numberID), func(g *Group) int { return g.seq }, query, address)
	if err != nil {
		return nil, err
	}
	groups := []any{}
	for _, g := range page.Data {
		groups = append(groups, map[string]any{"id": g.ID, "subject": g.Subject, "created_at": strconv.FormatInt(g.Created.Unix(), 10)})
	}
	out := map[string]any{"data": map[string]any{"groups": groups}}
	if page.Paging != nil {
		out["paging"] = page.Paging
	}
	return out, nil
}

// Node is a group as Graph answers it, with the fields asked for. Every error is a *rule.Error.
func (g Group) Node(fields string) (map[string]any, error) {
	members := []any{}
	for _, number := range g.Members {
		members = append(members, map[string]any{"wa_id": number})
	}
	node, err := rule.Select(fields, map[string]any{
		"id": g.ID, "subject": g.Subject, "description": g.Description, "creation_timestamp": g.Created.Unix(), "suspended": false,
		"total_participant_count": len(members), "participants": members, "join_approval_mode": "auto_approve",
	}, "subject", "creation_timestamp", "suspended", "total_participant_count", "participants", "join_approval_mode")
	if err != nil {
		return nil, err
	}
	node["messaging_product"] = "whatsapp"
	return node, nil
}

// Change gives a group another subject or description. It returns what changed, for the callback. Every error is a *rule.Error.
func (s *Store) Change(id string, raw json.RawMessage) (changed map[string]string, err error) {
	v, err := read(raw, rule.May("subject", rule.Text(1, maxSubject)), rule.May("description", rule.Text(0, maxDescription)))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.find(id)
	if g == nil {
		return nil, rule.NoObject(http.MethodPost, id)
	}
	changed = map[string]string{}
	if subject, ok := rule.Get(v, "subject").(string); ok {
		g.Subject, changed["group_subject"] = subject, subject
	}
	if description, ok := rule.Get(v, "description").(string); ok {
		g.Description, changed["group_description"] = description, description
	}
	if len(changed) == 0 {
		return nil, rule.BadParameter("give subject or description")
	}
	return changed, nil
}

// Delete takes a group away.
func (s *Store) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(g *Group) bool { return g.ID == id })
}

// NewInvite makes a new invitation; the old one is void.
func (s *Store) NewInvite(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.find(id)
	if g == nil {
		return ""
	}
	s.invite(g)
	return g.InviteLink
}

// Join lets a phone, by its plain number, follow an invitation. It returns the group, and false if the phone was in it before.
func (s *Store) Join(idOrLink, number string) (Group, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.list {
		if g.ID != idOrLink && g.InviteLink != idOrLink {
			continue
		}
		if slices.Contains(g.Members, number) {
			return copied(g), false, nil
		}
		if len(g.Members) >= maxMembers {
			return Group{}, false, errors.New("the group is full")
		}
		g.Members = append(g.Members, number)
		return copied(g), true, nil
	}
	return Group{}, false, ErrNotFound
}

// Removal says who was removed from a group and who was not in it.
type Removal struct{ Removed, Failed []string }

// Remove takes members out of a group. plain takes out of a number what Meta tolerates in it. Every error is a *rule.Error.
func (s *Store) Remove(id string, raw json.RawMessage, plain func(string) string) (r Removal, err error) {
	v, err := read(raw, rule.Must("participants", rule.List(1, maxMembers, rule.Object(rule.Must("user", rule.Text(1, 64))))))
	if err != nil {
		return r, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.find(id)
	if g == nil {
		return r, rule.NoObject(http.MethodDelete, id)
	}
	for _, item := range rule.Items(v, "participants") {
		number := plain(strings.TrimSpace(rule.String(item, "user")))
		at := slices.Index(g.Members, number)
		if at < 0 {
			r.Failed = append(r.Failed, number)
			continue
		}
		g.Members = slices.Delete(g.Members, at, at+1)
		r.Removed = append(r.Removed, number)
	}
	return r, nil
}

package business

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/waypost/waypost/internal/sim/rule"
)

const maxBlockRequest = 1000

// Blocking is the answer to blocking or unblocking. Err is set when some users failed; the answer is then a 400 with both.
type Blocking struct {
	Product string      `json:"messaging_product"`
	Users   BlockedSets `json:"block_users"`
	Err     *rule.Error `json:"-"`
}

// BlockedSets says what became of each user.
type BlockedSets struct {
	Added   []BlockedUser `json:"added_users,omitempty"`
	Removed []BlockedUser `json:"removed_users,omitempty"`
	Failed  []BlockedUser `json:"failed_users,omitempty"`
}

// BlockedUser is one user of a request.
type BlockedUser struct {
	Input  string       `json:"input"`
	WAID   string       `json:"wa_id,omitempty"`
	Errors []blockError `json:"errors,omitempty"`
}

type blockError struct {
	Message string `json:"message"`
	Code    int    `json:"code"`
	Data    struct {
		Details string `json:"details"`
	} `json:"error_data"`
}

// asParameter gives a table's refusals the one code that management has.
func asParameter(err error) error {
	var e *rule.Error
	if errors.As(err, &e) {
		return rule.BadParameter("%s", e.Details)
	}
	return err
}

// Block blocks or unblocks users. wrote says whether a user, in plain digits, wrote to the number within the last day: nobody
// else can be blocked. plain takes out of a number what Meta tolerates in it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users (read 2026-09)
func (r *Records) Block(numberID string, raw json.RawMessage, off bool, plain func(string) string, wrote func(string) bool) (Blocking, error) {
	var w rule.Walk
	v, err := w.Read(raw, "", rule.Object(
		rule.Must("messaging_product", rule.OneOf("whatsapp")),
		rule.Must("block_users", rule.List(1, maxBlockRequest, rule.Object(rule.Must("user", rule.Text(1, 256))))),
	))
	if err != nil {
		return Blocking{}, asParameter(err)
	}
	b := Blocking{Product: "whatsapp"}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, item := range rule.Items(v, "block_users") {
		u := BlockedUser{Input: rule.String(item, "user")}
		u.WAID = plain(u.Input)
		at := slices.Index(r.blocked[numberID], u.WAID)
		switch {
		case off && at >= 0:
			r.blocked[numberID] = slices.Delete(r.blocked[numberID], at, at+1)
			b.Users.Removed = append(b.Users.Removed, u)
		case off:
			b.fail(u, "the user is not blocked")
		case !wrote(u.WAID):
			b.fail(u, "the user has not written to the number in the last 24 hours")
		default:
			if at < 0 {
				r.blocked[numberID] = append(r.blocked[numberID], u.WAID)
			}
			b.Users.Added = append(b.Users.Added, u)
		}
	}
	return b, nil
}

func (b *Blocking) fail(u BlockedUser, why string) {
	const title = "Failed to block/unblock some users"
	e := blockError{Message: title, Code: rule.CodeBlock}
	e.Data.Details = why
	u.WAID, u.Errors = "", []blockError{e}
	b.Users.Failed = append(b.Users.Failed, u)
	b.Err = rule.Refuse(rule.CodeBlock, title, "%s", why)
	b.Err.Status = http.StatusBadRequest
}

// Blocks says whether a number has blocked a user.
func (r *Records) Blocks(numberID, user string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.blocked[numberID], user)
}

// BlockedNode is a blocked user in the list of them.
type BlockedNode struct {
	Product string `json:"messaging_product"`
	WAID    string `json:"wa_id"`
}

// Blocked is one page of a number's blocked users.
func (r *Records) Blocked(numberID string, query url.Values, address string) (rule.Page[BlockedNode], error) {
	type place struct {
		BlockedNode
		at int
	}
	r.mu.Lock()
	var list []place
	for i, user := range r.blocked[numberID] {
		list = append(list, place{BlockedNode{"whatsapp", user}, i})
	}
	r.mu.Unlock()
	page, err := rule.Paged(list, func(p place) int { return p.at }, query, address)
	out := rule.Page[BlockedNode]{Data: []BlockedNode{}, Paging: page.Paging}
	for _, p := range page.Data {
		out.Data = append(out.Data, p.BlockedNode)
	}
	return out, err
}

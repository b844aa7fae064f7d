package cloudapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

const (
	blockPage = 500
	// maxBlockPages is above the 64,000 people that a number may block.
	maxBlockPages = 200
)

// Blocked returns the WhatsApp ids that the number has blocked. An error is a
// [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users (read 2026-09), as those of
// Block and Unblock.
func (c *Client) Blocked(ctx context.Context, n wa.Number) ([]string, error) {
	var all []string
	q := url.Values{"limit": {strconv.Itoa(blockPage)}}
	err := c.eachOf(ctx, n, c.endpoint(n.ID, "block_users"), q, maxBlockPages, func(data json.RawMessage) {
		var got struct {
			WAID   node.Text `json:"wa_id"`
			UserID node.Text `json:"user_id"`
		}
		node.Read(data, &got)
		if id := node.First(got.WAID, got.UserID); id != "" {
			all = append(all, string(id))
		}
	})
	return all, err
}

// Block blocks people: they cannot write to the number, nor get anything from it.
// Only those who wrote within the last 24 hours can be. With some it may fail: they
// are in the result, and there is no error. An error is a [*wa.OutcomeError], and
// then nothing is known of anybody.
func (c *Client) Block(ctx context.Context, n wa.Number, users []string) (wa.BlockResult, error) {
	return c.changeBlocked(ctx, n, http.MethodPost, users)
}

// Unblock takes it back; see [Client.Block].
func (c *Client) Unblock(ctx context.Context, n wa.Number, users []string) (wa.BlockResult, error) {
	return c.changeBlocked(ctx, n, http.MethodDelete, users)
}

// blockNode says what became of each.
type blockNode struct {
	Users struct {
		Added   []blockedNode `json:"added_users"`
		Removed []blockedNode `json:"removed_users"`
		Failed  []blockedNode `json:"failed_users"`
	} `json:"block_users"`
}

type blockedNode struct {
	Input  node.Text     `json:"input"`
	WAID   node.Text     `json:"wa_id"`
	UserID node.Text     `json:"user_id"`
	Errors []fault.Error `json:"errors"`
}

func (b blockNode) noun(token wa.Secret) wa.BlockResult {
	var out wa.BlockResult
	for _, u := range append(b.Users.Added, b.Users.Removed...) {
		out.Done = append(out.Done, wa.BlockedUser{Input: string(u.Input), WAID: string(node.First(u.WAID, u.UserID))})
	}
	for _, u := range b.Users.Failed {
		f := wa.BlockFailure{Input: string(u.Input), Failure: fault.Ours("Meta does not say why", "")}
		if len(u.Errors) > 0 {
			e := u.Errors[0].Without(token)
			f.Failure = wa.Failure{Code: e.Number(), Title: e.Title(), Details: e.Details()}
		}
		out.Failed = append(out.Failed, f)
	}
	return out
}

func (c *Client) changeBlocked(ctx context.Context, n wa.Number, method string, users []string) (wa.BlockResult, error) {
	type user struct {
		User string `json:"user"`
	}
	list := make([]user, 0, len(users))
	for _, u := range users {
		list = append(list, user{u})
	}
	sent, err := json.Marshal(map[string]any{"messaging_product": "whatsapp", "block_users": list})
	if err != nil {
		return wa.BlockResult{}, fmt.Errorf("encode users: %w", err)
	}
	a, err := c.exchange(ctx, n, method, c.endpoint(n.ID, "block_users"), sent)
	if err != nil {
		return wa.BlockResult{}, err
	}
	// When it failed with some, the answer is an error and the result at once.
	var got blockNode
	if a.whole {
		node.Read(a.body, &got)
	}
	if r := got.noun(n.Token); len(r.Done)+len(r.Failed) > 0 {
		return r, nil
	}
	if _, err := a.managed(n); err != nil {
		return wa.BlockResult{}, err
	}
	return wa.BlockResult{}, managedLater("Meta does not say what became of it", "")
}

package cloudapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

const (
	// numberPage is how many numbers are asked for at a time, and maxNumberPages
	// above the numbers that a WABA may have (20 by default).
	numberPage     = 100
	maxNumberPages = 20
	// plainNodeFields every version has; newerNodeFields not, and a version that
	// lacks one of them refuses the whole question with code 100.
	plainNodeFields = "id,display_phone_number,verified_name,code_verification_status,name_status,quality_rating,status," +
		"platform_type,account_mode,throughput,messaging_limit_tier"
	newerNodeFields = "whatsapp_business_manager_messaging_limit,is_on_biz_app,webhook_configuration"
)

// wideNode is a phone number with all that is asked for.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// (read 2026-09)
type wideNode struct {
	ID           node.Text `json:"id"`
	Display      node.Text `json:"display_phone_number"`
	VerifiedName node.Text `json:"verified_name"`
	Verification node.Text `json:"code_verification_status"`
	NameStatus   node.Text `json:"name_status"`
	Quality      node.Text `json:"quality_rating"`
	Status       node.Text `json:"status"`
	Platform     node.Text `json:"platform_type"`
	Mode         node.Text `json:"account_mode"`
	Tier         node.Text `json:"whatsapp_business_manager_messaging_limit"`
	OldTier      node.Text `json:"messaging_limit_tier"`
	OnApp        bool      `json:"is_on_biz_app"`
	Throughput   struct {
		Level node.Text `json:"level"`
	} `json:"throughput"`
	Callbacks struct {
		Number node.Text `json:"phone_number"`
		WABA   node.Text `json:"whatsapp_business_account"`
		App    node.Text `json:"application"`
	} `json:"webhook_configuration"`
}

func (n wideNode) noun() wa.NumberNode {
	return wa.NumberNode{
		ID: string(n.ID), Display: node.OnlyDigits(string(n.Display)), VerifiedName: string(n.VerifiedName),
		Verification: upper(n.Verification), NameStatus: upper(n.NameStatus), Quality: upper(n.Quality), Status: upper(n.Status),
		Platform: upper(n.Platform), Mode: upper(n.Mode), Level: upper(n.Throughput.Level), Tier: upper(node.First(n.Tier, n.OldTier)),
		OnBusinessApp: n.OnApp,
		Callbacks:     wa.CallbackRoute{Number: string(n.Callbacks.Number), WABA: string(n.Callbacks.WABA), App: string(n.Callbacks.App)},
	}
}

func upper(t node.Text) string { return strings.ToUpper(string(t)) }

// asking adds the fields to ask for to an address.
func asking(address, fields string) string {
	return address + "?" + url.Values{"fields": {fields}}.Encode()
}

// NumberNode returns Meta's node of the number. An error is a [*wa.OutcomeError].
func (c *Client) NumberNode(ctx context.Context, n wa.Number) (wa.NumberNode, error) {
	a, err := c.exchange(ctx, n, http.MethodGet, asking(c.endpoint(n.ID), plainNodeFields+","+newerNodeFields), nil)
	if err != nil {
		return wa.NumberNode{}, err
	}
	body, err := a.managed(n)
	if unknownField(a) {
		if a, err = c.exchange(ctx, n, http.MethodGet, asking(c.endpoint(n.ID), plainNodeFields), nil); err == nil {
			body, err = a.managed(n)
		}
	}
	if err != nil {
		return wa.NumberNode{}, err
	}
	var got wideNode
	node.Read(body, &got)
	noun := got.noun()
	if noun.ID != n.ID {
		return wa.NumberNode{}, managedLater("the answer is no phone number", "")
	}
	if at, err := http.ParseTime(a.date); err == nil {
		noun.AnsweredAt = at
	}
	return noun, nil
}

// unknownField reports whether a question was refused for one of its fields: code
// 100 that does not say that the object is missing.
func unknownField(a answer) bool {
	e, isGraph := a.graphError()
	return isGraph && e.Number() == fault.CodeInvalidParameter && !e.MissingObject()
}

// NumbersOf returns the numbers of the number's WABA. An error is a
// [*wa.OutcomeError].
func (c *Client) NumbersOf(ctx context.Context, n wa.Number) ([]wa.NumberNode, error) {
	fields := plainNodeFields + "," + newerNodeFields
	numbers, err := c.numbersOf(ctx, n, fields)
	if e, ok := errors.AsType[*wa.OutcomeError](err); ok && e.Outcome.Failure.Code == fault.CodeInvalidParameter {
		return c.numbersOf(ctx, n, plainNodeFields)
	}
	return numbers, err
}

func (c *Client) numbersOf(ctx context.Context, n wa.Number, fields string) ([]wa.NumberNode, error) {
	q := url.Values{"fields": {fields}, "limit": {strconv.Itoa(numberPage)}}
	var all []wa.NumberNode
	err := c.eachOf(ctx, n, c.endpoint(n.WABAID, "phone_numbers"), q, maxNumberPages, func(data json.RawMessage) {
		var got wideNode
		node.Read(data, &got)
		if got.ID != "" {
			all = append(all, got.noun())
		}
	})
	return all, err
}

// eachOf goes through a list of Meta's, page by page.
func (c *Client) eachOf(ctx context.Context, n wa.Number, address string, q url.Values, maxPages int, take func(json.RawMessage)) error {
	for range maxPages {
		body, err := c.manage(ctx, n, http.MethodGet, address+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		var page struct {
			Data   *[]json.RawMessage `json:"data"`
			Paging paging             `json:"paging"`
		}
		node.Read(body, &page)
		if page.Data == nil {
			return managedLater("the answer has no list", "")
		}
		for _, data := range *page.Data {
			take(data)
		}
		after := string(page.Paging.Cursors.After)
		if page.Paging.Next == "" || after == "" {
			return nil
		}
		if after == q.Get("after") {
			break
		}
		q.Set("after", after)
	}
	return managedLater("the list has no end", "")
}

// TokenInfo returns what Meta tells of the number's own token. An error is a
// [*wa.OutcomeError]; Meta does not answer this of every token.
// https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-09)
func (c *Client) TokenInfo(ctx context.Context, n wa.Number) (wa.TokenInfo, error) {
	// The token stands in the address, as Meta wants it. No error has the address.
	address := c.endpoint("debug_token") + "?" + url.Values{"input_token": {n.Token.Reveal()}}.Encode()
	body, err := c.manage(ctx, n, http.MethodGet, address, nil)
	if err != nil {
		return wa.TokenInfo{}, err
	}
	var got struct {
		Data struct {
			App       node.Text   `json:"app_id"`
			Kind      node.Text   `json:"type"`
			Valid     bool        `json:"is_valid"`
			ExpiresAt node.Text   `json:"expires_at"`
			Scopes    []node.Text `json:"scopes"`
		} `json:"data"`
	}
	node.Read(body, &got)
	info := wa.TokenInfo{
		AppID: string(got.Data.App), Kind: upper(got.Data.Kind), Valid: got.Data.Valid, ExpiresAt: got.Data.ExpiresAt.Time(),
	}
	for _, s := range got.Data.Scopes {
		info.Scopes = append(info.Scopes, string(s))
	}
	return info, nil
}

// CheckAppSecret reports whether the number's app secret is that of the app its
// token belongs to: Meta refuses a proof that is made with another one. An error is
// a [*wa.OutcomeError].
// https://developers.facebook.com/docs/graph-api/guides/secure-requests (read 2026-09)
func (c *Client) CheckAppSecret(ctx context.Context, n wa.Number) (bool, error) {
	mac := hmac.New(sha256.New, []byte(n.AppSecret.Reveal()))
	mac.Write([]byte(n.Token.Reveal()))
	q := url.Values{"fields": {"id"}, "appsecret_proof": {hex.EncodeToString(mac.Sum(nil))}}
	a, err := c.exchange(ctx, n, http.MethodGet, c.endpoint(n.ID)+"?"+q.Encode(), nil)
	if err != nil {
		return false, err
	}
	if e, isGraph := a.graphError(); isGraph && strings.Contains(string(e.Message), "appsecret_proof") {
		return false, nil
	}
	_, err = a.managed(n)
	return err == nil, err
}

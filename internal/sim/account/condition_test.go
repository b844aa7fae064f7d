package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/rule"
)

func TestConditionIsShown(t *testing.T) {
	d := directory()
	const fields = "quality_rating,name_status,throughput,messaging_limit_tier,whatsapp_business_manager_messaging_limit,is_on_biz_app,health_status"
	node := func() string {
		t.Helper()
		n, err := d.NumberNode(first, fields, "")
		if err != nil {
			t.Fatal(err)
		}
		return asJSON(t, n)
	}
	usual := node()
	for _, want := range []string{`"is_on_biz_app":false`, `"quality_rating":"GREEN"`, `"level":"STANDARD"`, `"can_send_message":"AVAILABLE"`} {
		if !strings.Contains(usual, want) {
			t.Errorf("no %s in %s", want, usual)
		}
	}
	c := account.Condition{
		Quality: "RED", NameStatus: "DECLINED", Level: "HIGH", Tier: "TIER_10K", OnBusinessApp: true, CanSend: "BLOCKED",
		Limit: "too new", Problem: &account.Problem{Code: 141006, Description: "no payment", Solution: "add a card"},
	}
	if err := d.SetCondition(first, c); err != nil {
		t.Fatal(err)
	}
	changed := node()
	for _, want := range []string{
		`"is_on_biz_app":true`, `"quality_rating":"RED"`, `"level":"HIGH"`, `"name_status":"DECLINED"`, `"messaging_limit_tier":"TIER_10K"`,
		`"whatsapp_business_manager_messaging_limit":"TIER_10K"`, `"can_send_message":"BLOCKED"`, `"additional_info":["too new"]`,
		`{"error_code":141006,"error_description":"no payment","possible_solution":"add a card"}`,
	} {
		if !strings.Contains(changed, want) {
			t.Errorf("no %s in %s", want, changed)
		}
	}
	if err := d.SetCondition(first, account.Condition{}); err != nil || node() != usual {
		t.Errorf("taken back: %v, %s", err, node())
	}
	if err := d.SetCondition("1", c); !errors.Is(err, rule.ErrNotFound) {
		t.Errorf("an unknown number: %v", err)
	}
}

func TestTokensAreToldOf(t *testing.T) {
	ends := time.Date(2026, time.May, 1, 0, 0, 0, 0, time.UTC)
	d := account.New("42", 7, []account.Number{{ID: first, WABAID: "900001", Display: "15550100001", AccessToken: "one"}},
		[]account.Token{{Value: "narrow", Scopes: []string{"whatsapp_business_messaging"}, ExpiresAt: ends}})
	for token, want := range map[string]string{
		"one":    `{"app_id":"42","expires_at":0,"is_valid":true,"scopes":["whatsapp_business_management","whatsapp_business_messaging"],"type":"SYSTEM_USER"}`,
		"narrow": `{"app_id":"42","expires_at":1777593600,"is_valid":true,"scopes":["whatsapp_business_messaging"],"type":"SYSTEM_USER"}`,
	} {
		if got := asJSON(t, d.TokenNode(token)); got != want {
			t.Errorf("%s: got %s, want %s", token, got, want)
		}
	}
	if node := d.TokenNode("nobody"); node["is_valid"] != false {
		t.Errorf("an unknown one: %v", node)
	}
}

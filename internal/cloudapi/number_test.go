package cloudapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

const (
	wideQuery = "?fields=id%2Cdisplay_phone_number%2Cverified_name%2Ccode_verification_status%2Cname_status%2Cquality_rating%2Cstatus%2C" +
		"platform_type%2Caccount_mode%2Cthroughput%2Cmessaging_limit_tier"
	newerQuery = "%2Cwhatsapp_business_manager_messaging_limit%2Cis_on_biz_app%2Cwebhook_configuration"
	done200    = `200 {"success":true}`
)

func TestNumberNodeIsRead(t *testing.T) {
	c, s := play(t, `200 {"id":109,"display_phone_number":"+1 555-010-9999","verified_name":"Shop","code_verification_status":"VERIFIED",`+
		`"name_status":"APPROVED","quality_rating":"GREEN","status":"connected","platform_type":"CLOUD_API","account_mode":"LIVE",`+
		`"throughput":{"level":"HIGH"},"messaging_limit_tier":"TIER_1K","whatsapp_business_manager_messaging_limit":"TIER_10K",`+
		`"is_on_biz_app":false,"webhook_configuration":{"phone_number":"https://n.example","application":"https://a.example"}}`)
	got, err := c.NumberNode(t.Context(), shop())
	if err != nil {
		t.Fatal(err)
	}
	if time.Since(got.AnsweredAt).Abs() > time.Minute {
		t.Errorf("answered at %s", got.AnsweredAt)
	}
	got.AnsweredAt = time.Time{}
	want := wa.NumberNode{
		ID: "109", Display: "15550109999", VerifiedName: "Shop", Verification: "VERIFIED", NameStatus: "APPROVED", Quality: "GREEN",
		Status: "CONNECTED", Platform: "CLOUD_API", Mode: "LIVE", Level: "HIGH", Tier: "TIER_10K",
		Callbacks: wa.CallbackRoute{Number: "https://n.example", App: "https://a.example"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.want("GET /v23.0/109" + wideQuery + newerQuery)
}

func TestOlderVersionIsAskedForLess(t *testing.T) {
	refused := `400 {"error":{"code":100,"message":"(#100) Tried accessing nonexisting field (is_on_biz_app)"}}`
	c, s := play(t, refused, `200 {"id":"109","messaging_limit_tier":"TIER_1K","throughput":{"level":"STANDARD"}}`,
		refused, `200 {"data":[{"id":"109"},{"odd":1},{"id":"110","status":"PENDING"}]}`)
	got, err := c.NumberNode(t.Context(), shop())
	if err != nil || got.Tier != "TIER_1K" || got.Throughput() != wa.ThroughputStandard {
		t.Errorf("got %+v, %v", got, err)
	}
	all, err := c.NumbersOf(t.Context(), shop())
	if err != nil || len(all) != 2 || all[1].ID != "110" {
		t.Errorf("got %+v, %v", all, err)
	}
	s.want("GET /v23.0/109"+wideQuery+newerQuery, "GET /v23.0/109"+wideQuery,
		"GET /v23.0/209/phone_numbers"+wideQuery+newerQuery+"&limit=100", "GET /v23.0/209/phone_numbers"+wideQuery+"&limit=100")
}

func TestMissingNumberIsNotAskedForTwice(t *testing.T) {
	c, s := play(t, `400 {"error":{"code":100,"error_subcode":33,"message":"Unsupported get request. Object with ID '109' does not exist"}}`)
	if _, err := c.NumberNode(t.Context(), shop()); err == nil {
		t.Error("a missing number was read")
	}
	s.want("GET /v23.0/109" + wideQuery + newerQuery)
}

func TestThroughputOfANode(t *testing.T) {
	for want, n := range map[int]wa.NumberNode{
		0:    {Level: "NOT_APPLICABLE"},
		20:   {Level: "STANDARD", OnBusinessApp: true, Platform: "CLOUD_API"},
		80:   {Level: "STANDARD", OnBusinessApp: true, Platform: "ON_PREMISE"},
		1000: {Level: "HIGH"},
	} {
		if got := n.Throughput(); got != want {
			t.Errorf("%+v: %d, want %d", n, got, want)
		}
	}
}

func TestNumberIsSetUp(t *testing.T) {
	c, s := play(t, `200 {"id":"110"}`, done200, done200, `200 {"success":"true"}`, done200, done200, done200, done200, done200,
		`200 {"success":true,"data":[{"override_callback_uri":"https://x.example"}]}`, done200)
	ctx, n, pin := t.Context(), shop(), wa.NewSecret("123456")
	first := n
	first.ID = "" // of an account that has no number yet
	id, err := c.AddNumber(ctx, first, wa.NewNumber{CountryCode: "1", Phone: "5550100003", VerifiedName: "Third"})
	if err != nil || id != "110" {
		t.Errorf("added %q, %v", id, err)
	}
	o := wa.CallbackOverride{URI: "https://x.example/cb", VerifyToken: wa.NewSecret("v")}
	if err := errors.Join(
		c.RequestCode(ctx, n, wa.CodeRequest{Method: "SMS", Language: "en_US"}), c.VerifyCode(ctx, n, "654321"),
		c.Register(ctx, n, wa.Registration{PIN: pin}), c.Register(ctx, n, wa.Registration{PIN: pin, Region: "DE"}),
		c.Deregister(ctx, n), c.SetPIN(ctx, n, pin), c.SetCallback(ctx, n, o), c.SetCallback(ctx, n, wa.CallbackOverride{}),
		c.Subscribe(ctx, n, o), c.Unsubscribe(ctx, n),
	); err != nil {
		t.Error(err)
	}
	s.want(
		`POST /v23.0/209/phone_numbers {"cc":"1","phone_number":"5550100003","verified_name":"Third"}`,
		`POST /v23.0/109/request_code {"code_method":"SMS","language":"en_US"}`,
		`POST /v23.0/109/verify_code {"code":"654321"}`,
		`POST /v23.0/109/register {"messaging_product":"whatsapp","pin":"123456"}`,
		`POST /v23.0/109/register {"data_localization_region":"DE","messaging_product":"whatsapp","pin":"123456"}`,
		`POST /v23.0/109/deregister {}`,
		`POST /v23.0/109 {"pin":"123456"}`,
		`POST /v23.0/109 {"webhook_configuration":{"override_callback_uri":"https://x.example/cb","verify_token":"v"}}`,
		`POST /v23.0/109 {"webhook_configuration":{"override_callback_uri":""}}`,
		`POST /v23.0/209/subscribed_apps {"override_callback_uri":"https://x.example/cb","verify_token":"v"}`,
		`DELETE /v23.0/209/subscribed_apps`,
	)
}

func TestRefusedChangeSaysWhy(t *testing.T) {
	c, _ := play(t, `400 {"error":{"code":133005,"message":"(#133005) Two step verification PIN mismatch","error_data":{"details":"pin is not the number's PIN, EAAG-canary"},"fbtrace_id":"T1"}}`,
		`200 {"success":false}`, `200 {}`)
	err := c.Register(t.Context(), shop(), wa.Registration{PIN: wa.NewSecret("123456")})
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Failure.Code != 133005 || e.Outcome.Trace != "T1" || strings.Contains(fmt.Sprintf("%+v", e.Outcome), "canary") {
		t.Errorf("got %+v", err)
	}
	if c.Deregister(t.Context(), shop()) == nil {
		t.Error("what Meta does not confirm counts as done")
	}
	if _, err := c.AddNumber(t.Context(), shop(), wa.NewNumber{}); err == nil {
		t.Error("a number without id counts as added")
	}
}

func TestProfileIsChangedWhereItIsNamed(t *testing.T) {
	c, s := play(t, done200, done200, `200 {"data":[{"id":"109"}]}`)
	about, empty := "Open", ""
	sites, none := []string{"https://shop.example"}, []string{}
	for _, change := range []wa.ProfileChange{{About: &about, Websites: &sites}, {Address: &empty, Websites: &none}, {Vertical: &about}} {
		if err := c.ChangeProfile(t.Context(), shop(), change); err != nil {
			t.Error(err)
		}
	}
	s.want(
		`POST /v23.0/109/whatsapp_business_profile {"about":"Open","messaging_product":"whatsapp","websites":["https://shop.example"]}`,
		`POST /v23.0/109/whatsapp_business_profile {"address":"","messaging_product":"whatsapp","websites":[]}`,
		`POST /v23.0/109/whatsapp_business_profile {"messaging_product":"whatsapp","vertical":"Open"}`,
	)
}

func TestHealthIsRead(t *testing.T) {
	body := `200 {"health_status":{"can_send_message":"LIMITED","entities":[{"entity_type":"PHONE_NUMBER","id":"109","can_send_message":"LIMITED",` +
		`"additional_info":["Name not approved"]},{"entity_type":"WABA","id":209,"can_send_message":"BLOCKED","errors":[{"error_code":141006,` +
		`"error_description":"No payment","possible_solution":"Pay"}]}]},"id":"109"}`
	c, s := play(t, body, body, body, `200 {"id":"109"}`)
	want := wa.Health{CanSend: wa.HealthLimited, Entities: []wa.HealthEntity{
		{Kind: "PHONE_NUMBER", ID: "109", CanSend: wa.HealthLimited, Info: []string{"Name not approved"}},
		{Kind: "WABA", ID: "209", CanSend: wa.HealthBlocked, Problems: []wa.HealthProblem{{Code: 141006, Description: "No payment", Solution: "Pay"}}},
	}}
	got, err := c.NumberHealth(t.Context(), shop())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, waba := c.WABAHealth(t.Context(), shop())
	_, template := c.TemplateHealth(t.Context(), shop(), "900000000000011")
	if err := errors.Join(waba, template); err != nil {
		t.Error(err)
	}
	if _, err := c.NumberHealth(t.Context(), shop()); err == nil {
		t.Error("an answer without health was taken")
	}
	if _, err := c.TemplateHealth(t.Context(), shop(), "../1"); err == nil {
		t.Error("an odd template id was asked for")
	}
	s.want("GET /v23.0/109?fields=health_status", "GET /v23.0/209?fields=health_status", "GET /v23.0/900000000000011?fields=health_status",
		"GET /v23.0/109?fields=health_status")
}

func TestSubscriptionsAreRead(t *testing.T) {
	c, _ := play(t, `200 {"data":[{"override_callback_uri":"https://x.example","whatsapp_business_api_data":{"id":"77","name":"App","link":"https://l.example"}}]}`,
		`200 {"data":[]}`, `200 {}`)
	got, err := c.Subscriptions(t.Context(), shop())
	want := []wa.Subscription{{AppID: "77", AppName: "App", Link: "https://l.example", Override: "https://x.example"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := c.Subscriptions(t.Context(), shop()); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := c.Subscriptions(t.Context(), shop()); err == nil {
		t.Error("an answer without list was taken")
	}
}

func TestBlockingMayFailInPart(t *testing.T) {
	c, s := play(t,
		`400 {"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"15550100001","wa_id":"15550100001"}],"failed_users":`+
			`[{"input":"15550100002","errors":[{"message":"(#139100) Failed","code":139100,"error_data":{"details":"not in the last 24 hours"}}]},{"input":"x"}]},`+
			`"error":{"code":139100,"message":"(#139100) Failed to block/unblock some users"}}`,
		`200 {"block_users":{"removed_users":[{"input":"+15550100001","wa_id":"15550100001"}]}}`,
		`400 {"error":{"code":139101,"message":"(#139101) The block list is full"}}`,
		`200 {"data":[{"wa_id":"15550100001"}],"paging":{"cursors":{"after":"a"},"next":"https://graph.facebook.com/x"}}`,
		`200 {"data":[{"wa_id":"15550100002"}],"paging":{"cursors":{"after":"b"}}}`)
	ctx, n := t.Context(), shop()
	got, err := c.Block(ctx, n, []string{"15550100001", "15550100002", "x"})
	want := wa.BlockResult{
		Done: []wa.BlockedUser{{Input: "15550100001", WAID: "15550100001"}},
		Failed: []wa.BlockFailure{
			{Input: "15550100002", Failure: wa.Failure{Code: 139100, Title: "Failed", Details: "not in the last 24 hours"}},
			{Input: "x", Failure: got.Failed[1].Failure},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if r, err := c.Unblock(ctx, n, []string{"15550100001"}); err != nil || len(r.Done) != 1 || len(r.Failed) != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	if r, err := c.Block(ctx, n, []string{"15550100001"}); err == nil || len(r.Failed) != 0 {
		t.Errorf("a full list: %+v, %v", r, err)
	}
	if all, err := c.Blocked(ctx, n); err != nil || strings.Join(all, " ") != "15550100001 15550100002" {
		t.Errorf("blocked %v, %v", all, err)
	}
	s.want(
		`POST /v23.0/109/block_users {"block_users":[{"user":"15550100001"},{"user":"15550100002"},{"user":"x"}],"messaging_product":"whatsapp"}`,
		`DELETE /v23.0/109/block_users {"block_users":[{"user":"15550100001"}],"messaging_product":"whatsapp"}`,
		`POST /v23.0/109/block_users {"block_users":[{"user":"15550100001"}],"messaging_product":"whatsapp"}`,
		`GET /v23.0/109/block_users?limit=500`, `GET /v23.0/109/block_users?after=a&limit=500`,
	)
}

func TestTokenIsLookedAt(t *testing.T) {
	c, s := play(t, `200 {"data":{"app_id":"77","type":"system_user","is_valid":true,"expires_at":1790000000,"scopes":["whatsapp_business_messaging"]}}`,
		`200 {"data":{"app_id":77,"is_valid":false,"expires_at":0}}`)
	got, err := c.TokenInfo(t.Context(), shop())
	want := wa.TokenInfo{AppID: "77", Kind: "SYSTEM_USER", Valid: true, ExpiresAt: time.Unix(1790000000, 0).UTC(), Scopes: []string{wa.ScopeMessaging}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := c.TokenInfo(t.Context(), shop()); err != nil || got.Valid || !got.ExpiresAt.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	s.want("GET /v23.0/debug_token?input_token=EAAG-canary", "GET /v23.0/debug_token?input_token=EAAG-canary")
}

func TestAppSecretIsProved(t *testing.T) {
	// The proof was computed by: printf EAAG-canary | openssl dgst -sha256 -hmac s
	const proof = "5045808bbdd027ed25cde52a9dc4412f9d89f2b0851110633f3212ba7d8a9a3b"
	c, s := play(t, `200 {"id":"109"}`, `400 {"error":{"code":100,"message":"Invalid appsecret_proof provided in the API argument"}}`,
		`401 {"error":{"code":190,"message":"expired"}}`)
	for i, want := range []struct{ right, fails bool }{{true, false}, {false, false}, {false, true}} {
		right, err := c.CheckAppSecret(t.Context(), shop())
		if right != want.right || (err != nil) != want.fails {
			t.Errorf("%d: %t, %v", i, right, err)
		}
	}
	asked := "GET /v23.0/109?appsecret_proof=" + proof + "&fields=id"
	s.want(asked, asked, asked)
}

func TestProfileMayStandDeeper(t *testing.T) {
	for _, body := range []string{`{"about":"Open","websites":["https://shop.example"]}`, `{"business_profile":{"about":"Open","websites":["https://shop.example"]}}`} {
		c, _ := play(t, `200 {"data":[`+body+`]}`)
		got, err := c.BusinessProfile(t.Context(), shop())
		if diff := cmp.Diff(wa.BusinessProfile{About: "Open", Websites: []string{"https://shop.example"}}, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

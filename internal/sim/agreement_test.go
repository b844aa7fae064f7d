package sim_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/ledger"
)

// TestSendsOfTheGatewayAreTaken plays the golden bodies of the gateway's encoder, which are all that the two have in common: what
// the one sends the other has to take, and take whole.
func TestSendsOfTheGatewayAreTaken(t *testing.T) {
	files, err := filepath.Glob("../cloudapi/encode/testdata/send/*.json")
	if err != nil || len(files) < 70 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	p := newPlayer(t)
	friends, err := p.s.Groups().Create(numberID, json.RawMessage(`{"messaging_product":"whatsapp","subject":"Friends"}`), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	phone, err := p.s.Phone(user)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var body map[string]any
		if err := json.Unmarshal(data, &body); err != nil {
			t.Fatal(err)
		}
		p.fill(body, "")
		switch {
		case body["recipient"] != nil:
			body["recipient"] = phone.UserID
		case body["recipient_type"] == "group":
			body["to"] = friends.ID
		default:
			body["to"] = "+" + user
		}
		if body["type"] == "template" {
			send, _ := body["template"].(map[string]any)
			send["name"] = name
			p.define(t, body)
		}
		if data, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
		if w := askJSON(p.s.Graph(), http.MethodPost, "/v26.0/"+numberID+"/messages", token, string(data)); w.Code != http.StatusOK {
			t.Errorf("%s: %s\n%s", name, w.Body, data)
		}
	}
	for _, v := range p.s.Ledger().Violations(ledger.Filter{Limit: len(files)}) {
		if v.Rule != ledger.RuleThroughput && v.Rule != ledger.RulePair {
			t.Errorf("%+v", v)
		}
	}
}

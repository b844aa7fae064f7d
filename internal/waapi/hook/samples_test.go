package hook

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/wa"
)

// withoutWord are the samples of Meta's that are told by a bare envelope, and
// why.
func withoutWord() map[string]string {
	return map[string]string{
		"WhatsApp Cloud API.postman_collection.json /Webhook Subscriptions/Webhook Payload Reference/Received Contact Messages": "the sample forgets the type",
	}
}

// TestWebhookBodyOfMetasSamples takes each sample callback all the way to what
// the customer is told: never nothing, and never more than one payload.
func TestWebhookBodyOfMetasSamples(t *testing.T) {
	words := map[string]int{}
	for name, payload := range metasWebhooks(t) {
		updates, err := callback.Decode(payload)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, u := range updates {
			if u.Inbound != nil {
				words[checkIncoming(t, name, *u.Inbound)]++
			}
			if u.Status != nil {
				checkStatus(t, name, *u.Status)
			}
		}
	}
	for _, kind := range inboundKinds() {
		if words[kind.word] == 0 {
			t.Errorf("no sample is a %s", kind.word)
		}
	}
	if words["UNSUPPORTED"] == 0 || words[""] != len(withoutWord()) {
		t.Errorf("%v", words)
	}
}

func metasWebhooks(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "fixtures", "meta-webhooks.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("Meta's samples are not beside this checkout")
	}
	check(t, err)
	defer f.Close()
	all := map[string]json.RawMessage{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Name    string
			Payload json.RawMessage
		}
		check(t, json.Unmarshal(lines.Bytes(), &line))
		// Without an entry it is a part of a callback, shown alone.
		if bytes.Contains(line.Payload, []byte(`"entry"`)) {
			all[line.Name] = line.Payload
		}
	}
	check(t, lines.Err())
	return all
}

// checkIncoming returns the message_type.
func checkIncoming(t *testing.T, name string, in wa.Inbound) string {
	t.Helper()
	body, err := Writer{}.Body(wa.Delivery{Event: wa.Event{Kind: wa.EventIncoming, At: time.Unix(1700000000, 0), Inbound: &in}})
	check(t, err)
	var told struct {
		Messages []map[string]any `json:"incoming_message"`
	}
	check(t, json.Unmarshal(body, &told))
	if len(told.Messages) != 1 {
		t.Fatalf("%s: %s", name, body)
	}
	m := told.Messages[0]
	payloads := 0
	for key := range m {
		if key != "message_type" && len(key) > len("_type") && key[len(key)-len("_type"):] == "_type" {
			payloads++
		}
	}
	word, _ := m["message_type"].(string)
	switch {
	case withoutWord()[name] != "":
		if word != "" || payloads != 0 {
			t.Errorf("%s has a word now: %s", name, body)
		}
	case word == "" || payloads != 1 || in.Raw != nil:
		t.Errorf("%s: %d payloads: %s", name, payloads, body)
	}
	if m["from"] == "" || m["message_id"] == "" || m["received_at"] == "" {
		t.Errorf("%s: %s", name, body)
	}
	return word
}

func checkStatus(t *testing.T, name string, r wa.StatusReport) {
	t.Helper()
	body, err := Writer{}.Body(wa.Delivery{Event: wa.Event{Kind: wa.EventStatus, At: time.Unix(1700000000, 0), Status: &r}})
	check(t, err)
	var told deliveryStatuses
	check(t, json.Unmarshal(body, &told))
	switch s := told.DeliveryStatus[0]; s.Status {
	case "sent", "delivered", "read":
		if s.StatusRemark != "" {
			t.Errorf("%s: %s", name, body)
		}
	case "failed":
		if s.StatusRemark == "" {
			t.Errorf("%s: %s", name, body)
		}
	default:
		t.Errorf("%s: %s", name, body)
	}
}

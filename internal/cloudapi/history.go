package cloudapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

const (
	// historyPage is the most that Meta gives at a time, and historyPages how many
	// are asked for: a number that sends more than that between two looks has to do
	// without.
	historyPage   = 100
	historyPages  = 10
	historyFields = "id,message_id,events{delivery_status,timestamp}"
)

// historyNode is a message in Meta's list of what became of a number's messages.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-history-api
// (read 2026-09). Not every account has it.
type historyNode struct {
	MessageID node.Text `json:"message_id"`
	Events    struct {
		Data []struct {
			Timestamp node.Text `json:"timestamp"`
		} `json:"data"`
	} `json:"events"`
}

// entry reads what there is; the list says neither the recipient nor the tag.
func (n historyNode) entry() wa.HistoryEntry {
	e := wa.HistoryEntry{WAMID: string(n.MessageID), Digits: digitsOf(string(n.MessageID))}
	for _, event := range n.Events.Data {
		if at := event.Timestamp.Time(); !at.IsZero() && (e.First.IsZero() || at.Before(e.First)) {
			e.First = at
		}
	}
	return e
}

// digitsOf returns the phone number that a wamid holds, "" if none is seen. Meta
// documents no form of it; those seen are base64 of a short record in which the
// recipient's number stands in clear, in front of everything else.
func digitsOf(wamid string) string {
	text := strings.TrimRight(strings.TrimPrefix(wamid, "wamid."), "=")
	record, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	run := 0
	for i, c := range append(record, 0) { // the zero ends the last run
		if '0' <= c && c <= '9' {
			run++
			continue
		}
		if run >= wa.MinPhoneDigits && run <= wa.MaxPhoneDigits {
			return string(record[i-run : i])
		}
		run = 0
	}
	return ""
}

// MessageHistory returns what Meta lists of a number's messages, back to since if
// that is not more than a thousand. Meta seems to list the newest first, though it
// does not say so: a page on which everything is older ends the list. An error is
// a [*wa.OutcomeError]: rejected or misconfigured if the number has no such list.
func (c *Client) MessageHistory(ctx context.Context, n wa.Number, since time.Time) (wa.History, error) {
	var h wa.History
	q := url.Values{"fields": {historyFields}, "limit": {strconv.Itoa(historyPage)}}
	for range historyPages {
		body, err := c.manage(ctx, n, http.MethodGet, c.endpoint(n.ID, "message_history")+"?"+q.Encode(), nil)
		if err != nil {
			return wa.History{}, err
		}
		var page struct {
			Data   *[]historyNode `json:"data"`
			Paging paging         `json:"paging"`
		}
		node.Read(body, &page)
		if page.Data == nil {
			return wa.History{}, managedLater("the answer has no list of messages", "")
		}
		older := 0
		for _, got := range *page.Data {
			e := got.entry()
			if !e.First.IsZero() && e.First.Before(since) {
				older++
			}
			if e.WAMID != "" {
				h.Entries = append(h.Entries, e)
			}
		}
		after := string(page.Paging.Cursors.After)
		if page.Paging.Next == "" || after == "" || older == len(*page.Data) {
			h.Whole = true
			return h, nil
		}
		if after == q.Get("after") {
			return h, nil
		}
		q.Set("after", after)
	}
	return h, nil
}

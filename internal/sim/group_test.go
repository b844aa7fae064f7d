package sim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

// TestGroupIsMadeFilledAndWrittenTo follows a group from its making to its end.
func TestGroupIsMadeFilledAndWrittenTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		var made struct {
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(manage(t, s, "POST", numberID+"/groups", envelope(`"subject":"Friends"`))), &made); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		var event struct {
			Groups []struct {
				Type, Subject string
				ID            string `json:"group_id"`
				RequestID     string `json:"request_id"`
			}
		}
		got := fieldsOf(t, c)
		if err := json.Unmarshal([]byte(got[0][1]), &event); err != nil {
			t.Fatal(err)
		}
		g := event.Groups[0]
		if got[0][0] != "group_lifecycle_update" || g.Type != "group_create" || g.RequestID != made.RequestID || g.Subject != "Friends" {
			t.Fatalf("callback %v", got[0])
		}
		members := []string{user, "15550100901", "15550100902"}
		if err := s.SetPhone(sim.Phone{Number: members[1], Online: true}); err != nil { // without receipts
			t.Fatal(err)
		}
		if err := s.SetPhone(sim.Phone{Number: members[2], Receipts: true}); err != nil { // offline
			t.Fatal(err)
		}
		for _, number := range members {
			decode(t, askJSON(s.Control(), "PUT", "/groups/"+g.ID+"/members/"+number, "", ""), 200, &struct{}{})
		}
		if err := s.JoinGroup("nothing", user); err == nil {
			t.Error("a phone joined nothing")
		}
		manage(t, s, "POST", numberID+"/messages", envelope(`"to":"`+g.ID+`","recipient_type":"group","type":"text","text":{"body":"to all"}`))
		time.Sleep(time.Minute)
		if err := s.SetPhone(sim.Phone{Number: members[2], Receipts: true, Online: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		want := []string{
			"sent ", "delivered " + members[0] + " " + members[1], "read " + members[0], "delivered " + members[2], "read " + members[2],
		}
		if got := groupStatuses(t, c); strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		for _, number := range members {
			if list, err := s.Messages(number); err != nil || len(list) != 1 || list[0].Text != "to all" {
				t.Errorf("%s got %+v, %v", number, list, err)
			}
		}
		if node := get(t, s, "/"+g.ID); !strings.Contains(node, `"total_participant_count":3`) {
			t.Errorf("node %s", node)
		}
		manage(t, s, "DELETE", g.ID+"/participants", envelope(`"participants":[{"user":"`+user+`"}]`))
		time.Sleep(time.Second)
		manage(t, s, "POST", g.ID, envelope(`"subject":"Better friends"`))
		time.Sleep(time.Second)
		manage(t, s, "DELETE", g.ID, "")
		if w := askJSON(s.Graph(), http.MethodGet, "/"+g.ID, token, ""); w.Code != http.StatusBadRequest {
			t.Errorf("it is still there: %d", w.Code)
		}
		time.Sleep(time.Second)
		if got := fieldsOf(t, c); len(got) != 7 || got[6][0] != "group_lifecycle_update" {
			t.Errorf("callbacks %v", got)
		}
	})
}

// groupStatuses lists each callback about the message as its status and the members that it names.
func groupStatuses(t *testing.T, c *receiver) (list []string) {
	t.Helper()
	for _, got := range c.all() {
		var body struct {
			Entry []struct {
				Changes []struct {
					Value struct {
						Statuses []struct {
							Status string
							Type   string `json:"recipient_type"`
							Member string `json:"recipient_participant_id"`
						}
					}
				}
			}
		}
		if err := json.Unmarshal(got.body, &body); err != nil {
			t.Fatal(err)
		}
		statuses := body.Entry[0].Changes[0].Value.Statuses
		if len(statuses) == 0 {
			continue
		}
		text := statuses[0].Status
		for _, status := range statuses {
			text += " " + status.Member
			if status.Type != "group" || status.Status != statuses[0].Status {
				t.Errorf("status %+v", status)
			}
		}
		list = append(list, text)
	}
	return list
}

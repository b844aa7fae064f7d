package business

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/rule"
)

const (
	day          = 24 * 60 * 60
	maxAnalytics = 90 * day
	maxAsked     = 10 // templates
)

// Step is one status of a template message, as the analytics count it.
type Step struct {
	TemplateID string
	Name       string // sent, delivered or read
	At         time.Time
}

// Analytics is what a template did.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics (read 2026-09)
type Analytics struct {
	Granularity string           `json:"granularity"`
	Product     string           `json:"product_type"`
	Points      []map[string]any `json:"data_points"`
}

// CountTemplates counts the steps of each template asked for, by days of UTC. Days without any have zeros.
func CountTemplates(query url.Values, steps []Step) (rule.Page[Analytics], error) {
	none := rule.Page[Analytics]{}
	start, serr := strconv.ParseInt(query.Get("start"), 10, 64)
	end, eerr := strconv.ParseInt(query.Get("end"), 10, 64)
	ids, metrics := list(query.Get("template_ids")), list(strings.ToLower(query.Get("metric_types")))
	known := []string{"sent", "delivered", "read"}
	switch {
	case serr != nil || eerr != nil || end <= start || end-start > maxAnalytics:
		return none, rule.BadParameter("start and end must be unix seconds, at most 90 days apart")
	case !strings.EqualFold(query.Get("granularity"), "DAILY"):
		return none, rule.BadParameter("granularity must be DAILY")
	case len(ids) == 0 || len(ids) > maxAsked:
		return none, rule.BadParameter("template_ids must be a list of 1 to %d ids", maxAsked)
	}
	for _, m := range metrics {
		if !slices.Contains(append(known, "clicked", "cost"), m) {
			return none, rule.BadParameter("metric_types knows no %q", m)
		}
	}
	if len(metrics) == 0 {
		metrics = known
	}
	a := Analytics{Granularity: "DAILY", Product: "cloud_api", Points: []map[string]any{}}
	for from := start - start%day; from < end; from += day {
		for _, id := range ids {
			a.Points = append(a.Points, point(id, from, metrics, known, steps))
		}
	}
	cursors := rule.Cursors{Before: "MAZDZD", After: "MAZDZD"} // there is ever one page
	return rule.Page[Analytics]{Data: []Analytics{a}, Paging: &rule.Paging{Cursors: cursors}}, nil
}

func point(id string, from int64, metrics, known []string, steps []Step) map[string]any {
	p := map[string]any{"template_id": id, "start": from, "end": from + day}
	for _, m := range known {
		if !slices.Contains(metrics, m) {
			continue
		}
		n := 0
		for _, s := range steps {
			if at := s.At.Unix(); s.TemplateID == id && s.Name == m && at >= from && at < from+day {
				n++
			}
		}
		p[m] = n
	}
	return p
}

// list reads a list that is written as JSON, of strings or numbers, or with commas.
func list(text string) (items []string) {
	var numbers []json.Number
	var words []string
	switch {
	case text == "":
	case json.Unmarshal([]byte(text), &words) == nil:
		return words
	case json.Unmarshal([]byte(text), &numbers) == nil:
		for _, n := range numbers {
			items = append(items, n.String())
		}
	default:
		for item := range strings.SplitSeq(strings.Trim(text, "[]"), ",") {
			items = append(items, strings.Trim(item, ` "'`))
		}
	}
	return items
}

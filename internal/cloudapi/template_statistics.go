package cloudapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// TemplateStatistics returns a page of how templates were received. An error is
// a [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics (read 2026-09)
func (c *Client) TemplateStatistics(ctx context.Context, n wa.Number, s wa.TemplateStatistics) (wa.StatisticsPage, error) {
	q := url.Values{
		"start": {strconv.FormatInt(s.Start.Unix(), 10)}, "end": {strconv.FormatInt(s.End.Unix(), 10)},
		"granularity": {s.Granularity}, "template_ids": {idList(s.TemplateIDs)},
	}
	for name, v := range map[string]string{
		"metric_types": strings.Join(s.MetricTypes, ","), "product_type": s.ProductType, "before": s.Before, "after": s.After,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if s.Limit > 0 {
		q.Set("limit", strconv.Itoa(s.Limit))
	}
	if s.WABATimezone {
		q.Set("use_waba_timezone", "true")
	}
	body, err := c.manage(ctx, n, http.MethodGet, c.endpoint(n.WABAID, "template_analytics")+"?"+q.Encode(), nil)
	if err != nil {
		return wa.StatisticsPage{}, err
	}
	var got struct {
		Data   json.RawMessage `json:"data"`
		Paging paging          `json:"paging"`
	}
	node.Read(body, &got)
	page := wa.StatisticsPage{Data: listOf(got.Data), Before: string(got.Paging.Cursors.Before)}
	if got.Paging.Next != "" {
		page.After = string(got.Paging.Cursors.After)
	}
	return page, nil
}

// idList writes ids as Meta wants them in a query: [1,2].
func idList(ids []string) string { return "[" + strings.Join(ids, ",") + "]" }

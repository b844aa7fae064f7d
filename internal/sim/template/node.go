package template

import (
	"net/url"
	"strconv"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Node is a template as Graph answers it, with the fields asked for.
// Meta's Postman collection, "Get template by ID" (2025-09)
func (t *Template) Node(fields string) (map[string]any, error) {
	node := map[string]any{
		"id": t.ID, "name": t.Name, "language": t.Language, "category": t.Category, "status": t.Status, "components": t.Components,
		"parameter_format": t.Format, "rejected_reason": t.RejectedReason, "quality_score": map[string]any{"score": t.Quality},
		"previous_category": nil, "message_send_ttl_seconds": nil, "sub_category": nil, "correct_category": nil, "library_template_name": nil,
		"cta_url_link_tracking_opted_out": false,
		"health_status": map[string]any{
			"can_send_message": t.canSend(),
			"entities":         []any{map[string]any{"entity_type": "MESSAGE_TEMPLATE", "id": t.ID, "can_send_message": t.canSend()}},
		},
	}
	if t.PreviousCategory != "" {
		node["previous_category"] = t.PreviousCategory
	}
	if t.TTL != 0 {
		node["message_send_ttl_seconds"] = strconv.Itoa(t.TTL)
	}
	return rule.Select(fields, node, "name", "components", "language", "status", "category", "previous_category")
}

func (t *Template) canSend() string {
	if t.Status == Approved {
		return "AVAILABLE"
	}
	return "BLOCKED"
}

// Page is one page of an account's templates. address is where the list is.
func (s *Store) Page(waba string, query url.Values, address string) (rule.Page[map[string]any], error) {
	none := rule.Page[map[string]any]{}
	list := s.List(Filter{
		WABAID: waba, Name: query.Get("name"), Language: query.Get("language"), Status: query.Get("status"), Category: query.Get("category"),
	})
	page, err := rule.Paged(list, func(t Template) int { return t.seq }, query, address)
	if err != nil {
		return none, err
	}
	out := rule.Page[map[string]any]{Data: []map[string]any{}, Paging: page.Paging}
	for _, t := range page.Data {
		node, err := t.Node(query.Get("fields"))
		if err != nil {
			return none, err
		}
		out.Data = append(out.Data, node)
	}
	return out, nil
}

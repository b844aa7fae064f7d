package cloudapi

import (
	"context"
	"net/http"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// healthNode is what Meta says of whether something can send.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status (read 2026-09)
type healthNode struct {
	CanSend  node.Text `json:"can_send_message"`
	Entities []struct {
		Kind    node.Text   `json:"entity_type"`
		ID      node.Text   `json:"id"`
		CanSend node.Text   `json:"can_send_message"`
		Info    []node.Text `json:"additional_info"`
		Errors  []struct {
			Code        node.Text `json:"error_code"`
			Description node.Text `json:"error_description"`
			Solution    node.Text `json:"possible_solution"`
		} `json:"errors"`
	} `json:"entities"`
}

func (h healthNode) noun() wa.Health {
	out := wa.Health{CanSend: upper(h.CanSend)}
	for _, e := range h.Entities {
		entity := wa.HealthEntity{Kind: upper(e.Kind), ID: string(e.ID), CanSend: upper(e.CanSend)}
		for _, info := range e.Info {
			entity.Info = append(entity.Info, string(info))
		}
		for _, p := range e.Errors {
			entity.Problems = append(entity.Problems, wa.HealthProblem{
				Code: p.Code.Number(), Description: string(p.Description), Solution: string(p.Solution),
			})
		}
		out.Entities = append(out.Entities, entity)
	}
	return out
}

// NumberHealth returns whether the number can send, and why not. An error is a
// [*wa.OutcomeError].
func (c *Client) NumberHealth(ctx context.Context, n wa.Number) (wa.Health, error) {
	return c.health(ctx, n, n.ID)
}

// WABAHealth is NumberHealth for the number's WhatsApp Business Account.
func (c *Client) WABAHealth(ctx context.Context, n wa.Number) (wa.Health, error) {
	return c.health(ctx, n, n.WABAID)
}

// TemplateHealth is NumberHealth for a template by Meta's id.
func (c *Client) TemplateHealth(ctx context.Context, n wa.Number, id string) (wa.Health, error) {
	if !validMetaID(id) {
		return wa.Health{}, noTemplate()
	}
	return c.health(ctx, n, id)
}

func (c *Client) health(ctx context.Context, n wa.Number, id string) (wa.Health, error) {
	body, err := c.manage(ctx, n, http.MethodGet, asking(c.endpoint(id), "health_status"), nil)
	if err != nil {
		return wa.Health{}, err
	}
	var got struct {
		Health healthNode `json:"health_status"`
	}
	node.Read(body, &got)
	h := got.Health.noun()
	if h.CanSend == "" {
		return h, managedLater("the answer has no health_status", "")
	}
	return h, nil
}

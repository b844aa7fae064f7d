package cloudapi

import (
	"encoding/json"
	"strings"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// componentNode is one component of a template's definition. Meta writes types
// in capitals and takes them in any case.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components (read 2026-09)
type componentNode struct {
	Type    node.Text    `json:"type"`
	Format  node.Text    `json:"format"`
	Text    node.Text    `json:"text"`
	Buttons []buttonNode `json:"buttons"`
	Cards   []struct {
		Components []componentNode `json:"components"`
	} `json:"cards"`
	Offer struct {
		Expires bool `json:"has_expiration"`
	} `json:"limited_time_offer"`
}

type buttonNode struct {
	Type  node.Text `json:"type"`
	Text  node.Text `json:"text"`
	URL   node.Text `json:"url"`
	Phone node.Text `json:"phone_number"`
}

// authentication is the category of templates with a code of one use.
const authentication = "AUTHENTICATION"

// definition reads components as Meta lists them, or as a customer gives them.
func definition(components json.RawMessage, format, category string) wa.TemplateDefinition {
	var list []componentNode
	node.Read(components, &list)
	d := defined(list)
	d.Named = strings.EqualFold(format, "NAMED")
	for i := range d.Cards {
		d.Cards[i].Named = d.Named // a card has no format of its own
	}
	d.Authentication = strings.EqualFold(category, authentication)
	if d.Authentication && d.Body == "" {
		// Whoever makes one gives no text: Meta writes it around the code.
		d.Body = "{{1}}"
	}
	return d
}

func defined(list []componentNode) wa.TemplateDefinition {
	var d wa.TemplateDefinition
	for _, c := range list {
		switch strings.ToUpper(string(c.Type)) {
		case "HEADER":
			d.Header = &wa.HeaderDefinition{Format: wa.HeaderFormat(strings.ToUpper(string(c.Format))), Text: string(c.Text)}
		case "BODY":
			d.Body = string(c.Text)
		case "FOOTER":
			d.Footer = string(c.Text)
		case "BUTTONS":
			for _, b := range c.Buttons {
				d.Buttons = append(d.Buttons, b.noun())
			}
		case "CAROUSEL":
			for _, card := range c.Cards {
				d.Cards = append(d.Cards, defined(card.Components))
			}
		case "LIMITED_TIME_OFFER":
			d.Offer, d.OfferExpires = true, c.Offer.Expires
		}
	}
	return d
}

// codeLink is where the button of a code leads: Meta lists a one-time password
// button as a link of its own making.
const codeLink = "https://www.whatsapp.com/otp/"

func (b buttonNode) noun() wa.ButtonDefinition {
	d := wa.ButtonDefinition{
		Kind: strings.ToUpper(string(b.Type)), Text: string(b.Text), URL: string(b.URL), Phone: string(b.Phone),
	}
	if strings.HasPrefix(d.URL, codeLink) {
		d.Kind = "OTP"
	}
	return d
}

package wa

import "slices"

// ForGroups reports whether a group takes the content. Meta's groups take
// neither interactive messages nor anything to do with catalogs, orders and
// calls.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
// (read 2026-09).
func ForGroups(c Content) bool {
	switch c := c.(type) {
	case Interactive:
		return false
	case Template:
		return !slices.ContainsFunc(c.Components, forOne)
	case Text, Media, Location, Contacts, Reaction, Pin:
	}
	return true
}

// forOne reports whether a part of a template sells something, or calls.
func forOne(c Component) bool {
	switch {
	case c.Kind == ComponentOrderStatus:
		return true
	case c.Kind == ComponentButton && slices.Contains([]ButtonKind{ButtonCatalog, ButtonProducts, ButtonOrderDetails, ButtonVoiceCall}, c.Button):
		return true
	}
	return slices.ContainsFunc(c.Parameters, func(p Parameter) bool { return p.Kind == ParameterProduct }) ||
		slices.ContainsFunc(c.Cards, func(card TemplateCard) bool { return slices.ContainsFunc(card.Components, forOne) })
}

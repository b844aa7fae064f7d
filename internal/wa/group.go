package wa

import "slices"

// ForGroups reports whether a group takes the content. Meta's groups take
// neither interactive messages nor anything to do with catalogs and orders.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
// (read 2026-09).
func ForGroups(c Content) bool {
	switch c := c.(type) {
	case Interactive:
		return false
	case Template:
		return !slices.ContainsFunc(c.Components, commerce)
	case Text, Media, Location, Contacts, Reaction:
	}
	return true
}

// commerce reports whether a part of a template sells something.
func commerce(c Component) bool {
	switch {
	case c.Kind == ComponentOrderStatus:
		return true
	case c.Kind == ComponentButton && slices.Contains([]ButtonKind{ButtonCatalog, ButtonProducts, ButtonOrderDetails}, c.Button):
		return true
	}
	return slices.ContainsFunc(c.Parameters, func(p Parameter) bool { return p.Kind == ParameterProduct }) ||
		slices.ContainsFunc(c.Cards, func(card TemplateCard) bool { return slices.ContainsFunc(card.Components, commerce) })
}

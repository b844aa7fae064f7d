package wa

// EachMedia calls visit with every media that a content carries, in the order
// in which they are shown, and returns the content with what visit changed. It
// stops at the first error. The content that was handed in may be changed too.
func EachMedia(c Content, visit func(*Media) error) (Content, error) {
	var err error
	see := func(m *Media) {
		if m != nil && err == nil {
			err = visit(m)
		}
	}
	switch c := c.(type) {
	case Media:
		see(&c)
		return c, err
	case Interactive:
		if c.Header != nil {
			see(c.Header.Media)
		}
		for _, card := range c.Cards {
			see(card.Media)
		}
		return c, err
	case Template:
		eachOfComponents(c.Components, see)
		return c, err
	case Text, Location, Contacts, Reaction, Pin:
	}
	return c, err
}

func eachOfComponents(cs []Component, see func(*Media)) {
	for _, c := range cs {
		for _, p := range c.Parameters {
			see(p.Media)
		}
		for _, card := range c.Cards {
			eachOfComponents(card.Components, see)
		}
	}
}

// StoredMediaOf returns the media of ours that a content carries, each once.
func StoredMediaOf(c Content) []MediaID {
	var ids []MediaID
	seen := map[MediaID]bool{}
	// The visit never fails.
	_, _ = EachMedia(c, func(m *Media) error {
		if m.MediaID != "" && !seen[m.MediaID] {
			seen[m.MediaID] = true
			ids = append(ids, m.MediaID)
		}
		return nil
	})
	return ids
}

package phone

// change is one change of a message that was there.
type change struct {
	seq         int  // of the message
	statusAlone bool // what a person sees is as it was
}

// changes are the latest changes of messages. The zero value has none.
type changes struct {
	list  []change // the latest
	count int      // how many there have been
}

// add notes a change. The older half is forgotten once there are twice as many as are to be kept.
func (c *changes) add(one change) {
	if len(c.list) == 2*keepChanges {
		c.list = append(c.list[:0], c.list[keepChanges:]...)
	}
	c.list = append(c.list, one)
	c.count++
}

// since returns what changed after so many changes, or false if that is no longer known.
func (c *changes) since(count int) ([]change, bool) {
	recent := c.count - count
	if recent > len(c.list) {
		return nil, false
	}
	return c.list[len(c.list)-recent:], true
}

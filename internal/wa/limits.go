package wa

// Validate implements [Content].
func (l Location) Validate() []Problem { return nil }

// Validate implements [Content].
func (r Reaction) Validate() []Problem { return nil }

// Validate implements [Content].
func (c Contacts) Validate() []Problem { return nil }

// Validate implements [Content].
func (i Interactive) Validate() []Problem { return nil }

// Validate implements [Content].
func (t Template) Validate() []Problem { return nil }

package wa

// Category is what a message is for, in Meta's terms. What is done about an
// uncertain message depends on it, and who goes first.
type Category string

// The categories. A template whose category is not known has none.
const (
	CategoryAuthentication Category = "authentication"
	CategoryUtility        Category = "utility"
	CategoryMarketing      Category = "marketing"
	// CategoryService is every message that is not a template.
	CategoryService Category = "service"
)

// Valid reports whether c is one of the categories.
func (c Category) Valid() bool {
	switch c {
	case CategoryAuthentication, CategoryUtility, CategoryMarketing, CategoryService:
		return true
	}
	return false
}

// Urgent reports whether messages of this category go before others: one-time
// codes, and what answers a person who has just written.
func (c Category) Urgent() bool { return c == CategoryAuthentication || c == CategoryService }

// Policy says what is done about a message that stays uncertain until its
// deadline.
type Policy string

// The policies.
const (
	// PolicyHold waits for a status or a person, for ever: nothing is sent twice.
	PolicyHold Policy = "hold"
	// PolicyResend sends it again: late is worse than twice.
	PolicyResend Policy = "resend"
	// PolicyFail gives it up and says so.
	PolicyFail Policy = "fail"
)

// Valid reports whether p is one of the policies.
func (p Policy) Valid() bool { return p == PolicyHold || p == PolicyResend || p == PolicyFail }

// PolicyFor returns the source's policy for uncertain messages of a category. A
// one-time code is sent again unless the source says otherwise, because it is of
// no use later; everything else is held.
func (s Source) PolicyFor(c Category) Policy {
	if p := s.Uncertain[c]; p.Valid() {
		return p
	}
	if c == CategoryAuthentication {
		return PolicyResend
	}
	return PolicyHold
}

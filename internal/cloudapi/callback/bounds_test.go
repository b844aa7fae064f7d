package callback

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// many is a list of n elements.
func many(n int, element func(i int) string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = element(i)
	}
	return "[" + strings.Join(all, ",") + "]"
}

func same(element string) func(int) string { return func(int) string { return element } }

// valueOf is a callback with one value of a field.
func valueOf(field, value string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"` + field +
		`","value":{"metadata":{"phone_number_id":"1","display_phone_number":"2"},` + value + `}}]}]}`
}

func TestACallbackTellsOfABoundedNumberOfThings(t *testing.T) {
	const more = maxUpdates + 1
	entry := func(s string) string { return `{"entry":` + s + `}` }
	for name, of := range map[string]func(n int) string{
		"statuses": func(n int) string {
			return valueOf("messages", `"statuses":`+many(n, same(`{"id":"wamid.1","status":"sent"}`)))
		},
		"statuses that are none": func(n int) string { return valueOf("messages", `"statuses":`+many(n, same(`1`))) },
		"statuses and messages": func(n int) string {
			return valueOf("messages", `"statuses":`+many(n/2, same(`1`))+`,"messages":`+many(n-n/2, same(`[]`)))
		},
		"errors": func(n int) string { return valueOf("messages", `"errors":`+many(n, same(`{"code":1}`))) },
		"threads": func(n int) string {
			return valueOf("history", `"history":[{"threads":`+many(n-1, same(`{"id":"1"}`))+`}]`)
		},
		"changes": func(n int) string { return entry(`[{"id":"1","changes":` + many(n, same(`{}`)) + `}]`) },
		"changes of what": func(n int) string {
			return entry(`[{"id":"1","changes":` + many(n, same(`{"field":"security","value":{}}`)) + `}]`)
		},
		"odd entries": func(n int) string { return entry(many(n, same(`{"a":1}`))) },
	} {
		if updates, err := Decode([]byte(of(maxUpdates))); err != nil || len(updates) == 0 {
			t.Errorf("%d %s: %d updates, %v", maxUpdates, name, len(updates), err)
		}
		if updates, err := Decode([]byte(of(more))); !errors.Is(err, errTooMany) || updates != nil {
			t.Errorf("%d %s: %d updates, %v", more, name, len(updates), err)
		}
	}
}

// What stands beside the updates and inside of them takes memory as well.
func TestACallbackHasABoundedNumberOfElements(t *testing.T) {
	for name, of := range map[string]func(n int) string{
		"contacts": func(n int) string { return valueOf("messages", `"contacts":`+many(n, same(`{}`))) },
		"people of a group": func(n int) string {
			return valueOf("group_participants_update", `"groups":[{"group_id":"1","added_participants":`+many(n, same(`{}`))+`}]`)
		},
		"empty entries": func(n int) string { return `{"entry":` + many(n, same(`{}`)) + `}` },
		"empty lists":   func(n int) string { return valueOf("messages", `"x":`+many(n/2, same(`[]`))) },
	} {
		if _, err := Decode([]byte(of(maxElements - 10))); err != nil {
			t.Errorf("a few less %s: %v", name, err)
		}
		if _, err := Decode([]byte(of(maxElements + 1))); !errors.Is(err, errTooMany) {
			t.Errorf("more %s: %v", name, err)
		}
	}
	commas := valueOf("messages", `"messages":[{"id":"1","from":"15550100001","type":"text","text":{"body":"`+strings.Repeat(`[,\",`, maxElements)+`"}}]`)
	if _, err := Decode([]byte(commas)); err != nil {
		t.Error("commas in a text are counted:", err)
	}
}

// The keys of Brazilian numbers are texts of their own, so allocations tell how
// often keys are made: twice as many people are twice as much work, not four times.
func TestManyContactsAreNotWalkedThroughForEachMessage(t *testing.T) {
	of := func(n int) []byte {
		return []byte(valueOf("messages", `"contacts":`+many(n, func(i int) string { return fmt.Sprintf(`{"wa_id":"55119%08d"}`, i) })+
			`,"messages":`+many(n, func(i int) string { return fmt.Sprintf(`{"id":"w%d","from":"55119%08d","type":"text"}`, i, i) })))
	}
	cost := func(n int) float64 {
		body := of(n)
		return testing.AllocsPerRun(1, func() {
			if updates, err := Decode(body); err != nil || len(updates) != n {
				t.Errorf("%d updates, %v", len(updates), err)
			}
		})
	}
	if small, large := cost(500), cost(1000); large > 2.5*small {
		t.Errorf("500 messages cost %.0f allocations, 1,000 cost %.0f", small, large)
	}
}

// A person is the first contact with the key or the user id.
func TestAPersonIsTheFirstContactWithAnId(t *testing.T) {
	contacts := []*contact{nil, {UserID: "DE.2"}, {WAID: "5511912345678"}, {WAID: "551112345678", UserID: "DE.2"}, {WAID: "15550100001", UserID: "DE.1"}}
	v := &value{about: about{Contacts: contacts}, people: indexed(contacts)}
	for _, c := range []struct {
		phone, userID string
		want          int
	}{{"551112345678", "", 2}, {"", "DE.2", 1}, {"551112345678", "DE.2", 1}, {"15550100001", "DE.9", 4}, {"15550100009", "DE.1", 4}, {"5511912345678", "DE.1", 2}} {
		if got, same := v.contact(c.phone, c.userID); !same || got != contacts[c.want] {
			t.Errorf("%q %q is %+v, want contact %d", c.phone, c.userID, got, c.want)
		}
	}
	if got, _ := v.contact("15550100009", ""); got != nil {
		t.Errorf("somebody else is %+v", got)
	}
	if got, _ := v.contact("", ""); got != nil {
		t.Errorf("nobody is %+v", got)
	}
}

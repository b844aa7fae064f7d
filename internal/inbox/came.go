package inbox

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// fresh is how old a message may be, by Meta's time, that counts as one that came
// just now.
const fresh = 10 * time.Second

// tellCame tells how many messages came in to each number, for each account. What
// came long ago takes no place among what goes out now: a callback that is applied
// again or that Meta repeats, and messages that waited elsewhere.
func (in *Inbox) tellCame(c wa.Callback, all []wa.AccountUpdates) {
	if in.Came == nil || c.Attempts > 1 {
		return
	}
	came := map[string]map[wa.AccountID]int{}
	for _, account := range all {
		for _, u := range account.Updates {
			if u.Inbound == nil || c.ReceivedAt.Sub(u.Inbound.At).Abs() > fresh {
				continue
			}
			if came[u.NumberID] == nil {
				came[u.NumberID] = map[wa.AccountID]int{}
			}
			came[u.NumberID][account.AccountID]++
		}
	}
	for number, messages := range came {
		in.Came(number, messages)
	}
}

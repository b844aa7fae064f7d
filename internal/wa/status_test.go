package wa

import "testing"

// Every status in which a message can be, against every one that may arrive.
func TestStatusAfterEveryOther(t *testing.T) {
	all := []Status{
		StatusAccepted, StatusDispatched, StatusExpired, StatusUncertain, StatusSent, StatusDelivered, StatusRead, StatusPlayed, StatusFailed,
	}
	// A row for each status a message is in; a letter for what it is in after each of all has arrived.
	letter := map[byte]Status{
		'a': StatusAccepted, 'x': StatusDispatched, 'e': StatusExpired, 'u': StatusUncertain, 's': StatusSent,
		'd': StatusDelivered, 'r': StatusRead, 'p': StatusPlayed, 'f': StatusFailed,
	}
	table := map[Status]string{
		//                 axeusdrpf
		StatusAccepted:   "axeusdrpf",
		StatusDispatched: "xxeusdrpf",
		StatusExpired:    "eeeusdrpf",
		StatusUncertain:  "uuuusdrpf",
		StatusSent:       "sssssdrpf",
		StatusDelivered:  "ddddddrpd",
		StatusRead:       "rrrrrrrpr",
		StatusPlayed:     "ppppppppp",
		StatusFailed:     "fffffdrpf",
	}
	for _, in := range all {
		for i, arrives := range all {
			if got, want := in.After(arrives), letter[table[in][i]]; got != want {
				t.Errorf("%s, then %s: got %s, want %s", in, arrives, got, want)
			}
		}
		if got := in.After("deleted"); got != in {
			t.Errorf("%s, then an unknown one: got %s", in, got)
		}
	}
}

func TestStatusSets(t *testing.T) {
	reported := map[Status]bool{
		StatusAccepted: false, StatusDispatched: false, StatusExpired: false, StatusUncertain: false,
		StatusSent: true, StatusDelivered: true, StatusRead: true, StatusPlayed: true, StatusFailed: true,
	}
	for s, want := range reported {
		if !s.Valid() || s.Reported() != want {
			t.Errorf("%s: got valid %v and reported %v, want true and %v", s, s.Valid(), s.Reported(), want)
		}
	}
	for _, s := range []Status{"", "deleted", "SENT"} {
		if s.Valid() || s.Reported() {
			t.Errorf("%q is a status", s)
		}
	}
}

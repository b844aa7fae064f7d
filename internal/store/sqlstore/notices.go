package sqlstore

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// applyNotice keeps a notice as an event, and changes what is known of numbers.
// Meta sends the same notice again for days; only the first one counts.
func (s *Store) applyNotice(t *tx, account wa.AccountID, received time.Time, u wa.Update) error {
	n := *u.Notice
	added, err := s.addEvent(t, wa.Event{
		ID: wa.NewID[wa.EventID](), AccountID: account, Kind: wa.EventNotice, At: received, Notice: &n,
	})
	if err != nil || !added {
		return err
	}
	if err := t.heardIn(account, received, n); err != nil {
		return err
	}
	said := numberSayings(n)
	if len(said) == 0 {
		return nil
	}
	numbers, err := t.numbersOf(account, u)
	if err != nil {
		return err
	}
	at := told(n.At, received)
	if said[0].column == columnCoexistence {
		at = received // what the app did may be old
	}
	for _, number := range numbers {
		if err := s.tellNumber(t, account, number, at, said); err != nil {
			return err
		}
	}
	return nil
}

// noticeFact returns what a notice is about, and a fact that is the same for the
// same notice only: Meta gives them no id. Key order is Meta's whim.
func noticeFact(n wa.Notice) (subject, fact string) {
	about := cmp.Or(n.NumberID, n.WABAID)
	switch {
	case n.Call != nil:
		about = n.Call.ID
	case n.Group != nil:
		about = cmp.Or(n.Group.GroupID, n.Group.RequestID)
	case n.Message != nil:
		about = n.Message.Message.WAMID
	case n.Template != nil:
		about = cmp.Or(n.Template.ID, n.Template.Name)
	}
	sum := sha256.Sum256(sortedJSON(n))
	return string(n.Kind) + ":" + about, hex.EncodeToString(sum[:16])
}

func sortedJSON(n wa.Notice) []byte {
	data, err := json.Marshal(n)
	if err != nil {
		return nil // cannot be: addEvent writes it too
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var sorted any
	if in.Decode(&sorted) != nil {
		return data
	}
	if again, err := json.Marshal(sorted); err == nil {
		return again
	}
	return data
}

// saying is what a notice says of a column of numbers.
type saying struct{ column, value string }

// The columns of which callbacks speak.
const (
	columnThroughput  = "throughput"
	columnTier        = "tier"
	columnStatus      = "status"
	columnName        = "name"
	columnNameStatus  = "name_status"
	columnCoexistence = "coexistence"
)

// numberSayings returns what a notice says of the numbers that it is about.
func numberSayings(n wa.Notice) []saying {
	switch {
	case n.Limit != nil:
		return limitSayings(n)
	case n.Capability != nil:
		return tierSaying(cmp.Or(wa.Tier(n.Capability.PeoplePerDay), wa.Tier(n.Capability.PeoplePerDayAndNumber)))
	case n.Name != nil:
		return nameSayings(n)
	case n.Account != nil:
		return accountSayings(n)
	case n.Kind == wa.NoticeEcho, n.Kind == wa.NoticeHistory, n.Kind == wa.NoticeContact:
		// Only a number that the WhatsApp Business app uses as well has them.
		return []saying{{columnCoexistence, "1"}}
	}
	return nil
}

func tierSaying(tier string) []saying {
	if tier == "" || tier == "TIER_NOT_SET" {
		return nil
	}
	return []saying{{columnTier, tier}}
}

// limitSayings prefers the tier of the business: since 2025-10 that of a number is
// no more than a name for it.
func limitSayings(n wa.Notice) []saying {
	said := tierSaying(cmp.Or(n.Limit.BusinessTier, wa.Tier(n.Limit.PeoplePerDay), n.Limit.Tier))
	switch n.Event {
	case "THROUGHPUT_UPGRADE":
		said = append(said, saying{columnThroughput, strconv.Itoa(wa.ThroughputHigh)})
	case "FLAGGED":
		said = append(said, saying{columnStatus, "FLAGGED"})
	case "UNFLAGGED":
		said = append(said, saying{columnStatus, "CONNECTED"})
	}
	return said
}

// nameSayings uses the words of Meta's node.
func nameSayings(n wa.Notice) []saying {
	switch n.Event {
	case "":
		return nil
	case "APPROVED":
		said := []saying{{columnNameStatus, n.Event}}
		if n.Name.Requested != "" {
			said = append(said, saying{columnName, n.Name.Requested})
		}
		return said
	case "REJECTED":
		return []saying{{columnNameStatus, "DECLINED"}}
	case "PENDING":
		return []saying{{columnNameStatus, "PENDING_REVIEW"}}
	}
	return []saying{{columnNameStatus, n.Event}}
}

// accountSayings tells whether numbers can send at all. A ban that is only
// announced, and a restriction of calls, change nothing.
func accountSayings(n wa.Notice) []saying {
	status := ""
	switch n.Event {
	case "ACCOUNT_DELETED":
		status = "DELETED"
	case "ACCOUNT_OFFBOARDED", "PARTNER_REMOVED":
		status = "DISCONNECTED"
	case "ACCOUNT_RECONNECTED":
		status = "CONNECTED"
	case "DISABLED_UPDATE":
		switch n.Account.BanState {
		case "DISABLE":
			status = "BANNED"
		case "REINSTATE":
			status = "CONNECTED"
		}
	case "ACCOUNT_RESTRICTION":
		for _, r := range n.Account.Restrictions {
			if strings.Contains(r.Type, "MESSAGING") {
				status = "RESTRICTED"
			}
		}
	}
	if status == "" {
		return nil
	}
	return []saying{{columnStatus, status}}
}

// numbersOf returns the numbers of an account that an update is about: the one that
// it was let in by, else the one of the WABA that it names as people write it, else
// all of the WABA.
func (t *tx) numbersOf(account wa.AccountID, u wa.Update) ([]string, error) {
	if u.NumberID != "" {
		return []string{u.NumberID}, nil
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, u.Notice.Phone)
	ids, err := collect(func(row scanner) (id string, err error) { return id, row.Scan(&id) })(t.query(
		`SELECT DISTINCT number_id FROM sources WHERE account_id = $1 AND waba_id = $2 AND ($3 = '' OR display = $3)`,
		account, u.WABAID, digits))
	return ids, wrap("find numbers", err)
}

// heard is what callbacks last said of the columns of a row, by Meta's time.
type heard map[string]heardSaying

type heardSaying struct {
	At    int64  `json:"at"`
	Value string `json:"value"`
}

// take reports whether a saying is the newest about its column. Of two of one time
// of Meta's it takes the same one in whichever order they come; of ours (sure is
// false) the last one.
func (h heard) take(column, value string, at int64, sure bool) bool {
	if old, is := h[column]; is && (at < old.At || sure && at == old.At && value <= old.Value) {
		return false
	}
	h[column] = heardSaying{at, value}
	return true
}

func readHeard(data string) (heard, error) {
	h := heard{}
	if data == "" {
		return h, nil
	}
	if err := json.Unmarshal([]byte(data), &h); err != nil {
		return nil, fmt.Errorf("decode what callbacks said: %w", err)
	}
	return h, nil
}

func (h heard) text() (string, error) {
	data, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("encode what callbacks said: %w", err)
	}
	return string(data), nil
}

// tellNumber changes what is known of a number, and has it read from Meta, which
// knows the rest.
func (s *Store) tellNumber(t *tx, account wa.AccountID, number string, at time.Time, said []saying) error {
	n, err := collect(scanNumber)(t.query(
		`SELECT `+numberColumns+` FROM numbers WHERE account_id = $1 AND number_id = $2`, account, number))
	if err != nil || len(n) == 0 {
		return wrap("tell number", err)
	}
	var kept string
	if err := t.row(`SELECT told FROM numbers WHERE account_id = $1 AND number_id = $2`, []any{account, number}, &kept); err != nil {
		return fmt.Errorf("tell number: %w", err)
	}
	h, err := readHeard(kept)
	if err != nil {
		return err
	}
	before, state := n[0], n[0]
	for _, x := range said {
		if h.take(x.column, x.value, micros(at), true) && !at.Before(state.ReadAt) {
			x.tell(&state)
		}
	}
	if state.Coexistence { // its rate is fixed
		state.Throughput = wa.ThroughputCoexistence
	}
	text, err := h.text()
	if err != nil || text == kept {
		return err
	}
	_, err = t.exec(`UPDATE numbers SET throughput = $3, tier = $4, status = $5, name = $6, name_status = $7, coexistence = $8,
			told = $9, told_at = max(told_at, $10)
		WHERE account_id = $1 AND number_id = $2`, account, number, state.Throughput, state.Tier, state.Status, state.VerifiedName,
		state.NameStatus, state.Coexistence, text, micros(at))
	if err != nil || state == before {
		return wrap("tell number", err)
	}
	return s.readDue(t, account, number)
}

func (x saying) tell(n *wa.NumberState) {
	switch x.column {
	case columnThroughput:
		n.Throughput, _ = strconv.Atoi(x.value) // written by limitSayings
	case columnTier:
		n.Tier = x.value
	case columnStatus:
		n.Status = x.value
	case columnName:
		n.VerifiedName = x.value
	case columnNameStatus:
		n.NameStatus = x.value
	case columnCoexistence:
		n.Coexistence = true
	}
}

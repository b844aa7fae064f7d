package sqlstore

import (
	"regexp"
	"testing"
)

// The ledger is evidence: no statement of this package changes or removes a
// line of it.
func TestTheConsentLedgerIsOnlyAppendedTo(t *testing.T) {
	touches := regexp.MustCompile(`(UPDATE|DELETE FROM|REPLACE INTO) consent_records|INSERT INTO consent_records.* ON CONFLICT`)
	appends := 0
	for _, q := range queries(t) {
		q = oneLine(q)
		if touches.MatchString(q) {
			t.Errorf("changes the ledger: %s", q)
		}
		if regexp.MustCompile(`^INSERT INTO consent_records`).MatchString(q) {
			appends++
		}
	}
	if appends != 1 {
		t.Errorf("%d statements append to the ledger, want 1", appends)
	}
}

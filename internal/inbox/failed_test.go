package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever holds numbers back hears of each error once it was applied, with Meta's
// time, and of nothing else.
func TestErrorsInCallbacksAreHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got []string
		b.in.Failed = func(_ context.Context, told Told) {
			if told.AccountID != b.account || told.NumberID != numberA || !told.At.Equal(time.Now().Truncate(time.Second)) {
				t.Errorf("told %+v", told)
			}
			got = append(got, fmt.Sprint(told.Failure.Code))
		}
		b.run()
		failed := status("wamid.1", "failed")
		failed["errors"] = []object{{"code": 131042, "title": "a"}, {"code": 131048, "title": "b"}}
		b.post(statuses(failed, status("wamid.2", "sent")), secretA)
		b.post(messages(text("wamid.3", "hello")), secretA)
		b.newAccount("other", numberB, secretB)
		b.post(statuses(failed), secretB) // of whom the number is not
		if want := []string{"131042", "131048"}; !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

// How long something holds counts from when it was told, and that is never later
// than now: not ten years ahead, and not the year zero for an error without a time.
func TestAnErrorIsToldAtItsReceiptUnlessMetaSaysEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got []Told
		b.in.Failed = func(_ context.Context, told Told) { got = append(got, told) }
		b.run()
		past := time.Now().Add(-time.Hour).Truncate(time.Second)
		errs := []object{{"code": 131042, "title": "a"}}
		at := func(when time.Time) string {
			s := status("wamid.1", "failed")
			s["timestamp"], s["errors"] = strconv.FormatInt(when.Unix(), 10), errs
			return statuses(s)
		}
		ofAccount := must(json.Marshal(object{"object": "whatsapp_business_account", "entry": []object{
			{"id": "900800700", "changes": []object{{"field": "account_update", "value": object{"event": "DISABLED_UPDATE", "errors": errs}}}},
		}}))(t)
		for _, c := range []struct {
			body   string
			want   time.Time
			number string
		}{
			{at(past), past, numberA},
			{at(past.AddDate(10, 0, 0)), time.Now(), numberA},
			{envelope(numberA, object{"errors": errs}), time.Now(), numberA},
			{string(ofAccount), time.Now(), ""},
		} {
			got = nil
			b.post(c.body, secretA)
			if len(got) != 1 || !got[0].At.Equal(c.want) || got[0].NumberID != c.number || c.number == "" && got[0].WABAID != "900800700" {
				t.Errorf("told %+v of %s, want at %v", got, c.body, c.want)
			}
		}
	})
}

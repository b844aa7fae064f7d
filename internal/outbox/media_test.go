package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// upload gives a media a new id of Meta's each time it has to be uploaded.
func (b *bench) upload() (made *int) {
	made = new(int)
	known := ""
	b.uploads.metaID = func(context.Context, wa.Number, wa.MediaID) (string, error) {
		if known == "" {
			*made++
			known = fmt.Sprint("meta-", *made)
		}
		return known, nil
	}
	b.uploads.forget = func(wa.MediaID) error { known = ""; return nil }
	return made
}

func picture() wa.Media { return wa.Media{Kind: wa.KindImage, MediaID: wa.NewID[wa.MediaID]()} }

func gone() wa.Outcome {
	return wa.Outcome{
		Kind: wa.OutcomeLater, After: time.Second, MediaGone: true, Tries: 3,
		Failure: wa.Failure{Code: 131053, VendorCode: "8008", Title: "Media upload error"},
	}
}

// An upload may take minutes, and a process that dies in it has sent nothing.
func TestAMediaIsAtMetaBeforeTheAttemptBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var during wa.Message
		b := newBench(t, sent)
		content := picture()
		m := b.acceptFrom(b.source, content, "15550100001")[0]
		b.uploads.metaID = func(ctx context.Context, n wa.Number, id wa.MediaID) (string, error) {
			during = must(b.db.Message(ctx, m.AccountID, m.ID))(t)
			if n.ID != numberA || id != content.MediaID {
				t.Errorf("asked for media %s of number %s", id, n.ID)
			}
			return "meta-1", nil
		}
		b.start()
		if during.Status != wa.StatusAccepted || during.Attempt != 0 {
			t.Errorf("during the upload the store says %s, attempt %d", during.Status, during.Attempt)
		}
		if got := only(b.calls(1)[0].MetaMedia); got != "meta-1" {
			t.Errorf("Meta got media %q", got)
		}
		b.want(wa.StatusSent, m)
	})
}

func TestALinkThatIsPassedOnIsNotFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.acceptFrom(b.source, linkedPicture(), "15550100001")[0]
		o := b.outbox(0)
		o.PassLinks = true
		b.run(o) // asking for the link would panic
		b.want(wa.StatusSent, m)
		if got := b.calls(1)[0].MetaLinks; len(got) != 0 {
			t.Errorf("Meta got %v for links", got)
		}
	})
}

func linkedPicture() wa.Media {
	return wa.Media{Kind: wa.KindImage, Link: "https://customer.example/a.png"}
}

func TestAMediaThatMetaHasForgottenIsUploadedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, in(gone(), gone(), wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
		made := b.upload()
		m := b.acceptFrom(b.source, picture(), "15550100001")[0]
		b.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		for i, c := range b.calls(3) {
			if want := fmt.Sprint("meta-", i+1); only(c.MetaMedia) != want {
				t.Errorf("attempt %d carried %s, want %s", i+1, only(c.MetaMedia), want)
			}
		}
		if *made != 3 {
			t.Errorf("%d uploads, want 3", *made)
		}
		b.want(wa.StatusSent, m)
	})
}

func TestAMediaThatMetaNeverKnowsFailsAfterThreeUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, in(gone()))
		made := b.upload()
		m := b.acceptFrom(b.source, picture(), "15550100001")[0]
		b.seldom()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		b.calls(3)
		if *made != 3 {
			t.Errorf("%d uploads, want 3", *made)
		}
		b.want(wa.StatusFailed, m)
		if told := b.told(); len(told) != 1 || !strings.Contains(told[0], `"status_remark":"8008 `) {
			t.Errorf("the customer is told %s", told)
		}
	})
}

// The attempts were taken for uploads: a message that had been throttled three
// times failed as soon as its media was forgotten, without a new upload.
func TestThrottlingDoesNotUseUpTheUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := wa.Outcome{Kind: wa.OutcomeLater, After: time.Second}
		b := newBench(t, in(later, later, later, gone(), wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
		made := b.upload()
		m := b.acceptFrom(b.source, picture(), "15550100001")[0]
		b.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, m)
		if *made != 2 {
			t.Errorf("%d uploads, want 2", *made)
		}
	})
}

// A link that Meta cannot fetch has no upload to be made again, but is tried as
// often, and throttling does not count here either.
func TestALinkThatMetaCannotFetchFailsAfterItsTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := wa.Outcome{Kind: wa.OutcomeLater, After: time.Second}
		bad := gone()
		bad.MediaGone = false
		b := newBench(t, in(later, later, later, bad, later, bad, later, bad, sent(t.Context(), call{})))
		m := b.acceptFrom(b.source, linkedPicture(), "15550100001")[0]
		o := b.outbox(0)
		o.PassLinks = true
		b.run(o)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		b.calls(8)
		b.want(wa.StatusFailed, m)
	})
}

func TestAnUploadThatDoesNotSucceedSendsNothing(t *testing.T) {
	outcome := func(o wa.Outcome) error { return fmt.Errorf("upload media: %w", &wa.OutcomeError{Outcome: o}) }
	for _, c := range []struct {
		name string
		err  error
		// wait is until the next try, 0 if there is none.
		wait time.Duration
		want wa.Status
	}{
		{"rejected", outcome(wa.Outcome{Kind: wa.OutcomeRejected, Failure: wa.Failure{VendorCode: "8008"}}), 0, wa.StatusFailed},
		{"later", outcome(wa.Outcome{Kind: wa.OutcomeLater, After: time.Minute}), time.Minute, wa.StatusAccepted},
		{"misconfigured", outcome(wa.Outcome{Kind: wa.OutcomeMisconfigured, After: time.Minute}), time.Minute, wa.StatusAccepted},
		{"unknown", outcome(wa.Outcome{Kind: wa.OutcomeUnknown}), localRetry, wa.StatusAccepted},
		{"something of ours", errors.New("disk"), localRetry, wa.StatusAccepted},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tries []time.Time
				b := newBench(t, sent)
				b.uploads.metaID = func(context.Context, wa.Number, wa.MediaID) (string, error) {
					tries = append(tries, time.Now())
					return "", c.err
				}
				m := b.acceptFrom(b.source, picture(), "15550100001")[0]
				b.start()
				b.want(c.want, m)
				time.Sleep(c.wait + poll + time.Second)
				synctest.Wait()
				b.calls(0)
				if c.wait == 0 {
					if len(tries) != 1 {
						t.Errorf("tried %d times, want once", len(tries))
					}
					return
				}
				if len(tries) != 2 || tries[1].Sub(tries[0]) < c.wait || tries[1].Sub(tries[0]) > c.wait+poll {
					t.Errorf("tried at %v, want twice with %v between", tries, c.wait)
				}
				if got := b.now(m).Attempt; got != 0 {
					t.Errorf("%d attempts were counted, none was made", got)
				}
			})
		})
	}
}

// only returns the id of the only media.
func only(ids map[wa.MediaID]string) string {
	if len(ids) != 1 {
		return fmt.Sprint(len(ids), " media")
	}
	for _, id := range ids {
		return id
	}
	return ""
}

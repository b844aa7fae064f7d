package outbox

import (
	"context"

	"github.com/waypost/waypost/internal/pace"
	"github.com/waypost/waypost/internal/wa"
)

// lineKey is a number that sends, as those see it who share its pace and its pauses:
// all accounts of which Meta has shown that their token can read the number. Any
// account may have a source with any number, so one of which that is not known is a
// line of its own and changes nothing for the others.
type lineKey struct {
	numberID string
	// account is empty for those who share the number.
	account wa.AccountID
}

// lineOf returns the line of an account's messages. The lock must be held.
func (s *scheduler) lineOf(account wa.AccountID, numberID string) lineKey {
	l := lineKey{numberID, account}
	if s.o.Numbers == nil || s.proven[l] {
		l.account = ""
	}
	return l
}

// pair is the pair of an account's number and a person. The lock must be held.
func (s *scheduler) pair(account wa.AccountID, numberID, person string) pace.Pair {
	l := s.lineOf(account, numberID)
	return pace.Pair{NumberID: string(l.account) + l.numberID, Person: person}
}

// pairOf is the pair of a message. The lock must be held.
func (s *scheduler) pairOf(m wa.Message) pace.Pair { return s.pair(m.AccountID, m.NumberID, m.Person) }

// came counts messages that came in, once for those who share the number.
func (s *scheduler) came(numberID string, messages map[wa.AccountID]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := map[lineKey]int{}
	for account, n := range messages {
		l := s.lineOf(account, numberID)
		most[l] = max(most[l], n)
	}
	for l, n := range most {
		s.number(l).pace.Spend(n, s.o.Now())
	}
}

// proveAll proves whose numbers attempts were.
func (s *scheduler) proveAll(ctx context.Context, all []wa.Attempt) error {
	asked := map[lineKey]bool{}
	for _, a := range all {
		l := lineKey{a.NumberID, a.AccountID}
		if asked[l] {
			continue
		}
		asked[l] = true
		if _, err := s.prove(ctx, a.AccountID, a.NumberID); err != nil {
			return err
		}
	}
	return nil
}

// prove reads whether an account shares a number, and returns what is known of the
// number.
func (s *scheduler) prove(ctx context.Context, account wa.AccountID, numberID string) (wa.NumberState, error) {
	if s.o.Numbers == nil {
		return wa.NumberState{}, nil
	}
	state, err := s.o.Numbers.Number(ctx, account, numberID)
	if err != nil && wa.CodeOf(err) != wa.CodeNotFound {
		return state, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := (lineKey{numberID, account}); state.ReadAt.IsZero() {
		delete(s.proven, l)
	} else {
		s.proven[l] = true
	}
	return state, nil
}

package sqlstore

import (
	"context"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// claimOf claims up to limit messages of the first queue that has some.
func claimOf(s *Store, limit int) ([]wa.Message, error) {
	queues, err := s.Queues(context.Background())
	if err != nil || len(queues) == 0 {
		return nil, err
	}
	return s.ClaimMessages(context.Background(), []store.Share{{Queue: queues[0].ID, Limit: limit}}, time.Hour)
}

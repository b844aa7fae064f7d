package ledger

// ring keeps the newest entries up to a limit.
type ring[T any] struct {
	list    []T
	first   int // where the oldest is, once the ring is full
	limit   int
	dropped int
}

// push appends an entry and returns the one that gave way to it.
func (r *ring[T]) push(entry T) (gone T, dropped bool) {
	if len(r.list) < r.limit {
		r.list = append(r.list, entry)
		return gone, false
	}
	gone, r.list[r.first] = r.list[r.first], entry
	r.first = (r.first + 1) % r.limit
	r.dropped++
	return gone, true
}

func (r *ring[T]) len() int { return len(r.list) }

// at returns the nth oldest entry, from 0.
func (r *ring[T]) at(n int) T { return r.list[(r.first+n)%len(r.list)] }

func (r *ring[T]) clear() { r.list, r.first, r.dropped = nil, 0, 0 }

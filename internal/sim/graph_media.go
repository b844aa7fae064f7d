package sim

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/media"
)

// Media describes a medium that the simulator holds.
type Media = media.Info

// OpenMedia opens any medium that the simulator holds, uploaded or sent by a phone. The caller closes the reader.
func (s *Sim) OpenMedia(id string) (Media, io.ReadCloser, error) {
	m, ok := s.media.Lookup(id, s.now())
	if !ok {
		return Media{}, nil, fmt.Errorf("media %q: %w", id, ErrNotFound)
	}
	body, err := s.media.Open(m)
	if err != nil {
		return Media{}, nil, err
	}
	return m.Info, body, nil
}

// deleteObject deletes a medium or a group; numbers cannot be deleted this way.
func (s *Sim) deleteObject(w http.ResponseWriter, r *http.Request, token string) error {
	if ok, err := s.manage.OnGroup(w, r, token); ok {
		return err
	}
	return s.manage.DeleteMedia(w, r, token)
}

// forgetAt removes a medium when its life ends.
func (s *Sim) forgetAt(m *media.Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(m.Expires, func(time.Time) {
		_ = s.media.Remove(m.ID) // nobody can see it any more; the bytes go with the directory at the latest
	})
}

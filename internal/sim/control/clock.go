package control

import (
	"net/http"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/clock"
	"github.com/waypost/waypost/internal/sim/face"
)

func (s *server) showClock(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, s.Clock())
}

// moveClock does all that it is told or, when something is wrong with it, nothing.
func (s *server) moveClock(w http.ResponseWriter, r *http.Request) error {
	var wish clock.Change
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	err := s.CheckClock(wish) // what is wrong is found before anything is changed
	if err == nil && wish.Speed != nil {
		err = s.SetSpeed(*wish.Speed)
	}
	if err != nil {
		return tell(http.StatusBadRequest, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if wish.Freeze != nil && *wish.Freeze {
		s.Freeze()
	}
	switch {
	case wish.Set != nil:
		err = s.SetTime(r.Context(), *wish.Set)
	case wish.Advance != nil:
		err = s.Advance(r.Context(), time.Duration(*wish.Advance))
	}
	if err != nil {
		return tell(http.StatusConflict, "%s", err)
	}
	if wish.Freeze != nil && !*wish.Freeze {
		s.Thaw()
	}
	return s.showClock(w, r)
}

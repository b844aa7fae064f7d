package control

import (
	"errors"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/clock"
	"github.com/waypost/waypost/internal/sim/face"
)

// showClock and moveClock are the control face of the clock.
func (s *server) showClock(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, s.Clock())
}

func (s *server) moveClock(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Freeze  *bool       `json:"freeze"`
		Speed   *float64    `json:"speed"`
		Set     *time.Time  `json:"set"`
		Advance *clock.Span `json:"advance"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	var err error
	switch {
	case wish.Set != nil && wish.Advance != nil:
		err = errors.New("give set or advance, not both")
	case wish.Speed != nil:
		err = s.SetSpeed(*wish.Speed)
	}
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
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
		return tell(http.StatusBadRequest, "%s", err)
	}
	if wish.Freeze != nil && !*wish.Freeze {
		s.Thaw()
	}
	return s.showClock(w, r)
}

package control

import (
	"net/http"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/script"
)

func (s *server) showScripts(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string][]script.Script{"scripts": s.Scripts()})
}

func (s *server) putScripts(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Scripts []script.Script `json:"scripts"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if wish.Scripts == nil {
		return tell(http.StatusBadRequest, "scripts: give a list; an empty one takes all away")
	}
	if err := s.SetScripts(wish.Scripts); err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return s.showScripts(w, r)
}

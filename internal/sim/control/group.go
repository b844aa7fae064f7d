package control

import (
	"errors"
	"net/http"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/rule"
)

func (s *server) showGroups(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string][]group.Group{"groups": s.Groups().All()})
}

// putMember is a phone that follows the invitation to a group.
func (s *server) putMember(w http.ResponseWriter, r *http.Request) error {
	err := s.JoinGroup(r.PathValue("id"), r.PathValue("number"))
	if errors.Is(err, rule.ErrNotFound) {
		return err
	}
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	g, _ := s.Groups().Get(r.PathValue("id"))
	return face.WriteJSON(w, http.StatusOK, g)
}

package sim

import (
	"maps"
	"net/http"
	"slices"

	"github.com/waypost/waypost/internal/sim/control"
)

// GraphRoutes lists the routes of the Graph face, so that a test can see that none was forgotten.
func (s *Sim) GraphRoutes() []string {
	routes := s.graphRoutes()
	maps.Copy(routes, s.manage.Routes())
	return slices.Sorted(maps.Keys(routes))
}

// Control is the control face of a simulator, which stands beside this package. Requests that httptest makes go to example.com.
func (s *Sim) Control() http.Handler { return control.New(s, s.log, "example.com") }

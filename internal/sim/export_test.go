package sim

import (
	"maps"
	"slices"
)

// GraphRoutes lists the routes of the Graph face, so that a test can see that none was forgotten.
func (s *Sim) GraphRoutes() []string {
	routes := s.graphRoutes()
	maps.Copy(routes, s.manageRoutes())
	maps.Copy(routes, s.groupRoutes())
	return slices.Sorted(maps.Keys(routes))
}

package manage

import (
	"net/http"
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

// EdgesOf lists the paths below an object that some object has.
func EdgesOf(routes map[string]Handler) map[string]bool {
	known := map[string]bool{"": true}
	for pattern := range routes {
		if _, edge, ok := strings.Cut(pattern, "/{object}/"); ok {
			edge, _, _ = strings.Cut(edge, "/")
			known[edge] = true
		}
	}
	return known
}

// UnknownPath tells a path that never works from a method that an object does not know.
func UnknownPath(r *http.Request, known map[string]bool) error {
	object, edge, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	edge, _, _ = strings.Cut(edge, "/")
	if rule.IsDigits(object) && known[edge] {
		return rule.NoObject(r.Method, object)
	}
	return &rule.Error{
		Status: http.StatusBadRequest, Code: rule.CodePath, Kind: rule.TypeOAuth,
		Message: "Unknown path components: " + r.URL.Path,
	}
}

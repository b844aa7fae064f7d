package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/spelling"
)

// CheckNames refuses what was set for names that nothing needs, and tokens that
// cannot be what they are said to be.
func (r *Remote) CheckNames(files []File) error {
	known := map[string]bool{}
	for name := range r.ways {
		known[name] = true
	}
	for _, f := range files {
		for _, c := range f.Cases {
			for _, name := range c.Needs {
				known[name] = name != LastName && name != lastCapitals
			}
		}
	}
	maps.DeleteFunc(known, func(_ string, is bool) bool { return !is })
	for _, name := range slices.Sorted(maps.Keys(r.Set)) {
		if !known[name] {
			return fmt.Errorf("--set %s: no case needs it; the names are, nearest first, %s", name,
				strings.Join(nearest(name, slices.Collect(maps.Keys(known))), ", "))
		}
	}
	return r.checkTokens()
}

// nearest sorts words by how much has to be changed to get them.
func nearest(wanted string, words []string) []string {
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(spelling.Distance(wanted, a), spelling.Distance(wanted, b)), cmp.Compare(a, b))
	})
	return words
}

func (r *Remote) checkTokens() error {
	empty, revoked := r.Set["empty_token"], r.Set["revoked_token"]
	switch {
	case r.OtherToken == r.Token:
		return errors.New("--other-token is the same as --token; give one of another account")
	case empty != "" && empty == r.Token:
		return errors.New("--set empty_token is the same as --token, whose account has a source; give one of an account that has none")
	case empty != "" && empty == r.OtherToken:
		return errors.New("--set empty_token is the same as --other-token; the cases make a source in the other account, " +
			"and want this one to have none: give the token of a third account")
	case revoked != "" && (revoked == r.Token || revoked == r.OtherToken || revoked == empty):
		return errors.New("--set revoked_token is the same as another token, which is in use; give one that was revoked")
	}
	return nil
}

// Check asks the server whether it takes the tokens. Whatever else it answers
// is for the cases.
func (r *Remote) Check(ctx context.Context) error {
	for _, t := range []struct{ flag, token string }{
		{"--token", r.Token}, {"--other-token", r.OtherToken}, {"--set empty_token", r.Set["empty_token"]},
	} {
		if t.token == "" {
			continue
		}
		_, err := r.call(ctx, http.MethodGet, "/api/v2/source/", t.token, nil)
		no, ok := errors.AsType[*refused](err)
		if ok && (no.status == http.StatusForbidden || no.status == http.StatusUnauthorized) {
			return fmt.Errorf("the server answered %d to the token of %s: it does not know it, or it was revoked; give a token that "+
				"this server made, whole and without spaces", no.status, t.flag)
		}
	}
	return nil
}

package waapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// uncertainView is what is done about uncertain messages of each category, also
// where none was ever set.
type uncertainView struct {
	Authentication wa.Policy `json:"authentication"`
	Utility        wa.Policy `json:"utility"`
	Marketing      wa.Policy `json:"marketing"`
	Service        wa.Policy `json:"service"`
}

func viewUncertain(src wa.Source) uncertainView {
	return uncertainView{
		Authentication: src.PolicyFor(wa.CategoryAuthentication), Utility: src.PolicyFor(wa.CategoryUtility),
		Marketing: src.PolicyFor(wa.CategoryMarketing), Service: src.PolicyFor(wa.CategoryService),
	}
}

// changeUncertain sets what a body says about uncertain messages, and reports
// whether it says anything. The object takes the place of the one there was: a
// category that is not in it has its usual policy.
func changeUncertain(src *wa.Source, o lenient.Object) (given bool, err error) {
	const field = "uncertain"
	v := o[field]
	if v.Absent() {
		return false, nil
	}
	policies, ok := v.Object()
	if !ok {
		return true, failure.Refuse(wa.Problem{
			Field: field, Rule: wa.RuleMalformed, Detail: `must be an object such as {"utility": "hold"}`,
		})
	}
	var ps []wa.Problem
	set := map[wa.Category]wa.Policy{}
	for _, key := range slices.Sorted(maps.Keys(policies)) {
		category := wa.Category(strings.ToLower(strings.TrimSpace(key)))
		if !category.Valid() {
			ps = append(ps, wa.Problem{
				Field: field, Rule: wa.RuleMalformed, Detail: "can only have authentication, utility, marketing and service",
			})
			break
		}
		if policies[key].Absent() {
			continue
		}
		word, _ := policies[key].Text() // nothing, if it is no text
		policy := wa.Policy(strings.ToLower(strings.TrimSpace(word)))
		if !policy.Valid() {
			ps = append(ps, wa.Problem{Field: field + "." + string(category), Rule: wa.RuleMalformed, Detail: "can only be hold, resend or fail"})
			continue
		}
		set[category] = policy
	}
	src.Uncertain = set
	return true, failure.Refuse(ps...)
}

package fault

import (
	"maps"
	"slices"

	"github.com/waypost/waypost/internal/wa"
)

// MetaCode says what an error code of Meta's comes to.
type MetaCode struct {
	Code int `json:"code"`
	// VendorCode is the code at the beginning of status_remark.
	VendorCode string `json:"vendor_code"`
	// Outcome is what the gateway does: rejected, later or misconfigured.
	Outcome wa.OutcomeKind `json:"outcome"`
	// Meaning is what it is, and what can be done.
	Meaning string `json:"meaning"`
	// Page is where Meta tells of it.
	Page string `json:"page"`
}

// MetaCodes returns every code of Meta's that the gateway knows, by number. A
// code that is not among them is a refusal with the vendor's code 8012. 200
// stands for 200 to 299.
func MetaCodes() []MetaCode {
	all := make([]MetaCode, 0, len(codes))
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		r := codes[code]
		all = append(all, MetaCode{Code: code, VendorCode: r.vendor, Outcome: r.kind, Meaning: r.remedy, Page: r.page})
	}
	return all
}

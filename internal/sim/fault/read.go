package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Read reads a script of faults: a list of rules, as PUT /_sim/faults takes it.
func Read(data []byte) (rules []Rule, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields() // a misspelt key would silently do nothing
	if err := dec.Decode(&rules); err != nil {
		return nil, fmt.Errorf("give a list of rules with the documented keys: %w", err)
	}
	return rules, nil
}

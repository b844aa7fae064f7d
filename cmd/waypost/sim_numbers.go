package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/sim"
)

// simNumbers are the flags for several business numbers, accounts and tokens.
type simNumbers struct {
	each []string // key=value pairs with commas
	file string   // JSON
}

// listed is the form of the file.
type listed struct {
	Numbers []sim.Number `json:"numbers"`
	Tokens  []sim.Token  `json:"tokens"`
}

func (n *simNumbers) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&n.each, "number", nil, "a business number, as id=…,display=…[,waba=…][,token=…][,name=…]; may be repeated")
	f.StringVar(&n.file, "numbers", "", `file with business numbers and tokens, as JSON: {"numbers":[…],"tokens":[…]}`)
	cmd.MarkFlagFilename("numbers", "json") //nolint:errcheck // the flag is there
	cmd.MarkFlagsMutuallyExclusive("number", "numbers")
	for _, one := range []string{"phone-number-id", "display-phone-number"} {
		cmd.MarkFlagsMutuallyExclusive("number", one)
		cmd.MarkFlagsMutuallyExclusive("numbers", one)
	}
}

// read returns the numbers that the flags name, or else the one that is given, which also has what a number leaves out.
func (n *simNumbers) read(usual sim.Number) (listed, error) {
	switch {
	case n.file != "":
		return readNumbers(n.file, usual)
	case len(n.each) == 0:
		return listed{Numbers: []sim.Number{usual}}, nil
	}
	var list listed
	for _, text := range n.each {
		number := sim.Number{WABAID: usual.WABAID, AccessToken: usual.AccessToken}
		for pair := range strings.SplitSeq(text, ",") {
			key, value, _ := strings.Cut(pair, "=")
			fields := map[string]*string{
				"id": &number.ID, "waba": &number.WABAID, "display": &number.Display, "token": &number.AccessToken, "name": &number.Name,
			}
			if fields[key] == nil {
				return list, fmt.Errorf("--number: %q is none of id, display, waba, token and name", key)
			}
			*fields[key] = value
		}
		list.Numbers = append(list.Numbers, number)
	}
	return list, nil
}

func readNumbers(name string, usual sim.Number) (list listed, err error) {
	data, err := os.ReadFile(name) //nolint:gosec // the user says which file
	if err != nil {
		return list, fmt.Errorf("--numbers: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return list, fmt.Errorf("--numbers: %s: %w", name, err)
	}
	if len(list.Numbers) == 0 {
		return list, fmt.Errorf("--numbers: %s has no numbers", name)
	}
	for i := range list.Numbers {
		number := &list.Numbers[i]
		number.WABAID = cmp.Or(number.WABAID, usual.WABAID)
		number.AccessToken = cmp.Or(number.AccessToken, usual.AccessToken)
	}
	return list, nil
}

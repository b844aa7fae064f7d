package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// Effective is the outcome of a load.
type Effective struct {
	Config  Config
	Origins map[string]Origin
}

// Row is a setting with its value, for people and programs to look at.
type Row struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
}

// Rows returns every setting with its value; a secret shows only whether it is
// set.
func (e Effective) Rows() []Row {
	var rows []Row
	walk("", reflect.ValueOf(e.Config), func(s Setting, field reflect.Value) {
		rows = append(rows, Row{Name: s.Name, Value: shown(field.Interface()), Origin: e.Origins[s.Name]})
	})
	return rows
}

func shown(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ",")
	case wa.Secret:
		if v.Empty() {
			return ""
		}
	}
	return fmt.Sprint(v)
}

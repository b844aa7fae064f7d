package config

import (
	"fmt"
	"strings"
)

// Markdown returns the reference page of all settings.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Settings

Generated from the code; do not edit (` + "`make gen`" + ` writes it).

A setting comes from, the later winning: its default, the YAML file that ` + "`--config`" + ` or ` + "`" + FileEnv + "`" + ` names, the
environment, a flag. All mistakes are reported at once, and an unknown name is one, in the file as in the environment
(what Kubernetes adds for a service called waypost is left alone). ` + "`waypost config`" + ` prints the values in force and
where each came from.

A value given empty is a value: it takes the default's place. Durations are written like 90s or 1m30s. Lists are written as
YAML lists in the file and with commas elsewhere. A secret is no flag, because others on the machine can read a process's
arguments; in the file, put it in quotes.

| in the file | environment | flag | default | what it is |
|---|---|---|---|---|
`)
	for _, s := range Settings() {
		flag := "`--" + s.Flag() + "`"
		if s.Secret {
			flag = "–"
		}
		def := "–"
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", s.Name, s.Env(), flag, def, s.Help)
	}
	b.WriteString(`
Example:

` + "```yaml" + `
listen: 127.0.0.1:8080
data: /var/lib/waypost
log:
  format: json
meta:
  version: v26.0
webhook:
  allow_networks: [10.1.0.0/16]
` + "```" + `
`)
	return b.String()
}

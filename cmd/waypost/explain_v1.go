package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/api"
)

// writeV1 writes the codes of the API under /v1.
func writeV1(b *strings.Builder) {
	b.WriteString("\n## v1\n\nThe API under `/v1` answers an error with its HTTP status and `application/problem+json`: `type` (a link to this page), `title`,\n" +
		"`status`, `code`, `detail`, `request_id`, and where it helps `fields` and `meta`. Go by `code`.\n")
	for _, c := range api.Codes() {
		fmt.Fprintf(b, "\n### v1-%s\n\nHTTP %d, %q. %s\n", c.Code, c.Status, c.Title, c.Meaning)
	}
}

// explainV1 prints a code of the API under /v1.
func (a *app) explainV1(code string) (known bool, err error) {
	for _, c := range api.Codes() {
		if c.Code == code {
			return true, a.show(map[string]any{"code": c.Code, "title": c.Title, "http_status": c.Status, "meaning": c.Meaning},
				[]string{"CODE", c.Code + " (of /v1)"}, [][]string{{"HTTP", strconv.Itoa(c.Status)}, {"MEANS", strings.ReplaceAll(c.Meaning, "`", "")}})
		}
	}
	return false, nil
}

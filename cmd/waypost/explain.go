package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/waapi"
	"github.com/waypost/waypost/internal/waapi/failure"
)

//go:generate go test . -run TestErrorsPageIsUpToDate -update

func (a *app) explainCommand() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use: "explain [CODE]", Short: "Say what an error code means and what to do",
		Long: "Say what an error code means and what to do: one of the WaAPI's, such as 8007, or one of Meta's, such as 131047.\n" +
			"Without a code it lists all.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case markdown:
				_, err := fmt.Fprint(a.stdout, errorsPage())
				return err
			case len(args) == 0:
				return a.listCodes()
			}
			return a.explain(args[0])
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return codeNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print all as the page docs/errors.md")
	return cmd
}

func codeNames() []string {
	var names []string
	for _, c := range waapi.ErrorCodes() {
		names = append(names, c.Code)
	}
	for _, c := range fault.MetaCodes() {
		names = append(names, strconv.Itoa(c.Code))
	}
	return names
}

// explanation is every code there is.
type explanation struct {
	Vendor []failure.Code `json:"vendor"`
	Meta   []metaView     `json:"meta"`
}

func (a *app) listCodes() error {
	all := explanation{waapi.ErrorCodes(), metaViews()}
	var cells [][]string
	for _, c := range all.Vendor {
		cells = append(cells, []string{c.Code, when(c), c.Meaning})
	}
	for _, c := range all.Meta {
		cells = append(cells, []string{strconv.Itoa(c.Code), "Meta's, " + string(c.Class), c.Meaning})
	}
	return a.show(all, []string{"CODE", "COMES", "MEANS"}, cells)
}

func (a *app) explain(code string) error {
	for _, c := range waapi.ErrorCodes() {
		if c.Code == code {
			return a.show(c, []string{"CODE", c.Code}, explained(c))
		}
	}
	if number, err := strconv.Atoi(code); err == nil {
		if c, known := fault.Lookup(number); known {
			return a.show(viewMeta(c), []string{"CODE", code + " (Meta's)"}, metaRows(c))
		}
		if number > 0 && !vendors(number) {
			return a.explainUnlisted(number)
		}
	}
	if known, err := a.explainV1(code); known || err != nil {
		return err
	}
	return fmt.Errorf("no code %.20q is known: waypost explain lists those that are", code)
}

// explained is a code of the vendor's for a terminal, with every text that it is
// answered with.
func explained(c failure.Code) [][]string {
	var cells [][]string
	if c.Text != "" {
		cells = append(cells, []string{"TEXT", c.Text})
	}
	cells = append(cells, []string{"COMES", when(c)}, []string{"MEANS", c.Meaning}, []string{"DO", c.Remedy})
	label, said := "TEXTS", map[string]bool{}
	for _, t := range c.Texts {
		text := placeholders().Replace(t.Text)
		if t.HTTP != http.StatusOK {
			text += fmt.Sprintf(" (HTTP %d)", t.HTTP)
		}
		if said[text] { // of another field
			continue
		}
		said[text] = true
		cells = append(cells, []string{label, text})
		label = ""
	}
	return cells
}

// text is what the head of the page says of a code.
func text(c failure.Code) string {
	if c.Text == "" {
		return fmt.Sprintf("one of %d below", len(c.Texts))
	}
	return c.Text
}

// placeholders makes what stands for a value readable.
func placeholders() *strings.Replacer { return strings.NewReplacer("{", "‹", "}", "›") }

// when says how a code of the vendor's reaches the client.
func when(c failure.Code) string {
	switch {
	case c.AtOnce && c.ByStatus:
		return "at once or by status"
	case c.AtOnce:
		return "at once"
	default:
		return "by status"
	}
}

// errorsPage is docs/errors.md.
func errorsPage() string {
	var b strings.Builder
	b.WriteString(errorsHead)
	all := waapi.ErrorCodes()
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", c.Code, c.Code, cell(text(c)), when(c))
	}
	for _, c := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n**What to do:** %s\n", c.Code, c.Meaning, c.Remedy)
		writeTexts(&b, c.Texts)
	}
	b.WriteString("\n## Without a code\n\nThe lookup of somebody who is not opted in has `error.message` only.\n")
	writeTexts(&b, waapi.TextsWithoutCode())
	writeV1(&b)
	writeMeta(&b)
	return b.String()
}

func writeTexts(b *strings.Builder, texts []failure.CodeText) {
	if len(texts) > 0 {
		b.WriteString("\n| field | text | HTTP | what to do |\n|---|---|---|---|\n")
	}
	for _, t := range texts {
		fmt.Fprintf(b, "| %s | %s | %d | %s |\n", orAny(t.Field, t.HTTP), cell(t.Text), t.HTTP, cell(t.Remedy))
	}
}

func orAny(field string, status int) string {
	switch {
	case field != "":
		return "`" + field + "`"
	case status != http.StatusOK:
		return "the request"
	default:
		return "any"
	}
}

// cell makes a text fit for a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(placeholders().Replace(s))
}

const errorsHead = "# Error codes\n\n" +
	"`waypost explain CODE` says the same in a terminal. This page is generated from the tables in the code (`make gen`).\n\n" +
	"A refused request is answered with HTTP 200 and\n\n" +
	"```json\n{\"status\":\"failure\",\"error\":{\"code\":\"8007\",\"message\":\"…\"}}\n```\n\n" +
	"(HTTP 400 instead of 200 with the setting `api.failure_status`). What is wrong with the transport has an HTTP status of its own.\n" +
	"A bad token is answered with HTTP 403 and `{\"error\":\"Forbidden\",\"message\":\"Access Denied\",\"status\":403}`.\n\n" +
	"**At once** means: the request is answered with it, and nothing was accepted. **By status** means: the message was accepted, and its\n" +
	"status is `failed`; `status_remark` is `<code> <text> (Meta <Meta's code>: <Meta's title>)`. In the texts below ‹field› is the field that\n" +
	"is wrong, ‹limit› how much is allowed and ‹found› how much there was.\n\n" +
	"| code | text | comes |\n|---|---|---|\n"

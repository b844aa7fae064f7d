package sqlstore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// queries returns every statement in the sources of this package: each constant
// text that is handed to a function and reads like SQL. So a query that is
// written tomorrow is looked at too.
func queries(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	consts := map[string]ast.Expr{}
	var all []string
	inspect := func(visit func(ast.Node) bool) {
		for _, f := range files {
			ast.Inspect(f, visit)
		}
	}
	inspect(func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for i, value := range v.Values {
				consts[v.Names[i].Name] = value
			}
		}
		return true
	})
	inspect(func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			for _, arg := range call.Args {
				if q, ok := text(consts, arg); ok && statement.MatchString(q) {
					all = append(all, q)
				}
			}
		}
		return true
	})
	return all
}

var statement = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE)\b`)

// text evaluates a constant string.
func text(consts map[string]ast.Expr, e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		value, ok := consts[e.Name]
		if !ok {
			return "", false
		}
		return text(consts, value)
	case *ast.BinaryExpr:
		x, okX := text(consts, e.X)
		y, okY := text(consts, e.Y)
		return x + y, okX && okY && e.Op == token.ADD
	}
	return "", false
}

// plan returns the steps in which SQLite runs a query.
func plan(t *testing.T, s *Store, query string) []string {
	t.Helper()
	var args []any // any will do: nothing is run
	for strings.Contains(query, "$"+strconv.Itoa(len(args)+1)) {
		args = append(args, 1)
	}
	rows, err := s.reads.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	steps, err := collect(func(row scanner) (step string, err error) {
		var id, parent, unused int
		return step, row.Scan(&id, &parent, &unused, &step)
	})(rows, err)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return steps
}

// scansAllowed are the queries that may look at a whole table or index, each
// with the reason.
var scansAllowed = map[string]string{
	"SELECT id, name, created_at FROM accounts ORDER BY name":          "lists all",
	"SELECT account_id, id, name, number_id, waba_id, display, token,": "app secrets of all sources, which are few",
	"UPDATE template_syncs SET claimed = 0, due_at = $1 WHERE claimed": "once at the start, and they are as few as sources",
	"UPDATE numbers SET claimed = 0, due_at = $1 WHERE claimed":        "the same",
	"UPDATE callbacks SET claimed = 0, due_at = $1 WHERE":              "recovery, once, in an index of what is due only",
	"UPDATE deliveries SET claimed = 0, due_at = $1 WHERE":             "the same",
	"UPDATE media SET claimed = 0, due_at = $1 WHERE":                  "the same",
	"SELECT account_id, id, source_id, number_id, recipient_kind,":     "recovery, once, in an index of what is dispatched only",
	"SELECT account_id, id, attempt, number_id, person, disp":          "what is on its way to Meta, in an index of just that",
	"SELECT count(*) FROM messages WHERE account_id = $1 AND dupl":     "the duplicates, in an index of just them",
	"SELECT id FROM ( WITH RECURSIVE step(id)":                         "its own steps, one for each endpoint that has something due",
	"SELECT q.id, q.account_id, q.number_id, q.urgency,":               "the same, one for each queue with messages",
	"SELECT count(*) FROM ( SELECT id FROM messages WHERE queue":       "what it has read, which is bounded",
	"SELECT count(*), coalesce(sum(CASE WHEN id < $2":                  "the same",
}

// wholeTable matches the steps that look at all of a table or index, or at all
// that an account has in a table that grows with every message.
var wholeTable = regexp.MustCompile(`^SCAN \w|^SEARCH (?:messages|events|deliveries|media|windows|consents|consent_records|persons|person_ids|person_aliases|person_moves) .*\(account_id=\?\)$`)

func oneLine(query string) string { return strings.Join(strings.Fields(query), " ") }

func TestNoQueryScansATable(t *testing.T) {
	s := openNew(t)
	all := queries(t)
	if len(all) < 40 {
		t.Fatalf("found %d queries, want all", len(all))
	}
	used := map[string]bool{}
	for _, q := range all {
		q = oneLine(q)
		for _, step := range plan(t, s, q) {
			if !wholeTable.MatchString(step) || step == "SCAN CONSTANT ROW" {
				continue
			}
			allowed := false
			for prefix := range scansAllowed {
				if strings.HasPrefix(q, prefix) {
					allowed, used[prefix] = true, true
				}
			}
			if !allowed {
				t.Errorf("%s\n\t%s", q, step)
			}
		}
	}
	for prefix := range scansAllowed {
		if !used[prefix] {
			t.Errorf("allowed to scan, but does not: %s", prefix)
		}
	}
}

// What is asked with every message, status and attempt, and the index that has
// to answer it.
func TestHotQueriesUseTheirIndex(t *testing.T) {
	s := openNew(t)
	all := queries(t)
	for _, hot := range []struct{ name, contains, index string }{
		{"claim messages", "UPDATE messages SET claim = claim + 1, claimed = 1", "messages_due (queue=? AND due_at<?)"},
		{"a message's turn", "CASE WHEN EXISTS (SELECT 1 FROM messages WHERE queue = queues.id", "messages_turn (queue=? AND person=? AND turn<?)"},
		{"a message's queue", "CASE WHEN EXISTS (SELECT 1 FROM messages WHERE queue = queues.id", "PRIMARY KEY (account_id=? AND number_id=? AND urgency=?)"},
		{"queues that wait", "SELECT q.id, q.account_id, q.number_id", "messages_due (queue=?)"},
		{"the next of them", "SELECT q.id, q.account_id, q.number_id", "messages_due (queue>?)"},
		{"who has the turn", "UPDATE messages SET turn = 1", "messages_turn (queue=? AND person=? AND turn=?)"},
		{"messages ahead", "WHERE queue = $1 AND status IN ('accepted', 'dispatched') LIMIT $3", "INDEX messages_turn (queue=?)"},
		{"recent attempts", "FROM attempts WHERE began_at >= $1", "attempts_began (began_at>? AND began_at<?)"},
		{"what expires", "AND accepted_at + ttl <= $1", "messages_expiring (<expr><?)"},
		{"what expires next", "SELECT min(accepted_at + ttl)", "messages_expiring (<expr>>?)"},
		{"what waits for a token", "UPDATE messages SET due_at = $1 WHERE queue IN", "messages_due (queue=? AND due_at>?)"},
		{"claim callbacks", "UPDATE callbacks SET claim = claim + 1", "callbacks_due (due_at<?)"},
		{"endpoints to deliver to", "WITH RECURSIVE step", "deliveries_due (endpoint_id=? AND due_at<?)"},
		{"the next of them", "WITH RECURSIVE step", "deliveries_due (endpoint_id>?)"},
		{"claim deliveries", "SELECT account_id, id, due_at FROM deliveries", "deliveries_due (endpoint_id=? AND due_at<?)"},
		{"read a delivery", "FROM deliveries d JOIN endpoints p", "d USING PRIMARY KEY (account_id=? AND id=?)"},
		{"claim fetches", "UPDATE media SET claim = claim + 1", "media_due (due_at<?)"},
		{"media of a link", "FROM media WHERE link_hash = $1", "media_link (link_hash=? AND link_at>?)"},
		{"spent links", "FROM media WHERE link_hash <> '' AND link_at < $1", "media_link_at (link_at<?)"},
		{"by wamid", "SELECT id FROM messages WHERE account_id = $1 AND wamid = $2", "messages_wamid (account_id=? AND wamid=?)"},
		{"by tag", "FROM messages WHERE account_id = $1 AND id = $2", "PRIMARY KEY (account_id=? AND id=?)"},
		{"parked", "FROM parked_statuses WHERE account_id = $1 AND wamid = $2", "PRIMARY KEY (account_id=? AND wamid=?)"},
		{"authenticate", "SELECT account_id FROM tokens WHERE hash = $1", "(hash=?)"},
		{"window", "SELECT wrote_at FROM windows", "windows USING PRIMARY KEY (account_id=? AND contact=? AND number_id=?)"},
		{"whose window", "SELECT wrote_at FROM windows", "person_ids USING PRIMARY KEY (account_id=? AND id=?)"},
		{"windows of a person", "SELECT number_id, wrote_at FROM windows", "PRIMARY KEY (account_id=? AND contact=?)"},
		{"consent", "opted_out_at FROM consents WHERE", "consents USING PRIMARY KEY (account_id=? AND person=?)"},
		{"whose consent", "opted_out_at FROM consents WHERE account_id = $1 AND person = COALESCE", "person_ids USING PRIMARY KEY (account_id=? AND id=?)"},
		{"an opt-in", "FROM consent_records WHERE account_id = $1 AND seq = $2", "(account_id=? AND seq=?)"},
		{"the end of a ledger", "ORDER BY seq DESC LIMIT 1", "(account_id=? AND seq>?)"},
		{"a person's ledger", "FROM consent_records WHERE account_id = $1 AND person IN", "PRIMARY KEY (account_id=? AND person=?)"},
		{"whose an id is", "SELECT person FROM person_ids WHERE account_id = $1 AND id = $2", "PRIMARY KEY (account_id=? AND id=?)"},
		{"whose it was", "SELECT person, left_at FROM person_moves", "PRIMARY KEY (account_id=? AND id=? AND left_at>?)"},
		{"ids of a person", "(SELECT count(*) FROM person_ids", "person_ids_person (person=?)"},
		{"former names of a person", "(SELECT count(*) FROM person_aliases", "person_aliases_person (person=?)"},
		{"numbers that were left", "(SELECT count(*) FROM person_moves", "person_moves_person (person=?)"},
		{"what numbers were left", "SELECT id, number, wamid, left_at FROM person_moves", "person_moves_person (person=?)"},
		{"who had a number next", "SELECT person FROM person_moves WHERE account_id = $1 AND id = $2", "PRIMARY KEY (account_id=? AND id=? AND left_at>?)"},
		{"what was said before", "SELECT EXISTS (SELECT 1 FROM consent_records WHERE account_id", "PRIMARY KEY (account_id=? AND person=?)"},
		{"open messages to a person", "SELECT account_id, id FROM messages WHERE person = $2", "messages_turn (queue=? AND person=?"},
		{"events", "FROM events WHERE account_id = $1 AND subject = $2", "(account_id=? AND subject=? AND fact>?)"},
		{"uncertain messages", "WHERE status = 'uncertain' AND due_at <= $1", "messages_uncertain (due_at<?)"},
		{"attempts of a message", "FROM attempts WHERE account_id = $1 AND message_id = $2 ORDER", "PRIMARY KEY (account_id=? AND message_id=?)"},
		{"attempts without a name", "outcome IN ('unknown', 'sent') AND a.account_id", "attempts_unnamed (number_id=? AND began_at>?)"},
		{"disabled endpoints", "WITH RECURSIVE step", "endpoints_disabled (id=?)"},
		{"endpoints of a status", "source_id IN ('', (SELECT source_id FROM messages", "(account_id=? AND kind=?)"},
		{"endpoints of an inbound message", "source_id IN (SELECT id FROM sources", "(account_id=? AND kind=?)"},
		{"its sources", "source_id IN (SELECT id FROM sources", "sources_number (number_id=?"},
		{"claim template syncs", "UPDATE template_syncs SET claim = claim + 1", "template_syncs_due (due_at<?)"},
		{"claim number reads", "UPDATE numbers SET claim = claim + 1", "numbers_due (due_at<?)"},
		{"what is known of a number", "FROM numbers WHERE account_id = $1 AND number_id = $2", "PRIMARY KEY (account_id=? AND number_id=?)"},
		{"templates of a name", "FROM templates WHERE account_id = $1 AND waba_id = $2 AND name = $3 ORDER", "PRIMARY KEY (account_id=? AND waba_id=? AND name=?)"},
		{"template by id", "AND meta_id = $3", "templates_meta_id (meta_id=?)"},
		{"sources by waba", "FROM sources WHERE waba_id = $1", "sources_waba (waba_id=?)"},
		{"sources by number", "FROM sources WHERE number_id = $1", "sources_number (number_id=?)"},
		{"default source", "FROM sources WHERE account_id = $1 AND is_default = 1", "sources_default (account_id=?)"},
	} {
		found := false
		for _, q := range all {
			q = oneLine(q)
			if !strings.Contains(q, hot.contains) || !strings.Contains(q, "SELECT") {
				continue
			}
			found = true
			steps := strings.Join(plan(t, s, q), "\n\t")
			if !strings.Contains(steps, hot.index) {
				t.Errorf("%s: does not use %s:\n\t%s", hot.name, hot.index, steps)
			}
			// What is due comes from the index in its order, however much there is.
			if strings.HasSuffix(hot.index, "due_at<?)") && strings.Contains(steps, "TEMP B-TREE") {
				t.Errorf("%s: sorts all that is due:\n\t%s", hot.name, steps)
			}
		}
		if !found {
			t.Errorf("%s: no such query", hot.name)
		}
	}
}

func TestMigrationsAreNumbered(t *testing.T) {
	files, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		if n, _, ok := strings.Cut(f.Name(), "_"); !ok || n != strings.Repeat("0", 5-len(strconv.Itoa(i+1)))+strconv.Itoa(i+1) {
			t.Errorf("%s is not migration %d", f.Name(), i+1)
		}
	}
}

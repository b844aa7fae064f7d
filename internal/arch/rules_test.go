package arch

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// module is the prefix that tells our packages from everybody else's.
const module = "github.com/waypost/waypost"

// row says what the production code of one package may import of ours.
type row struct {
	pkg string
	may []string
}

// table is the shape of the system, in the order in which a message travels. A package that is not here does not belong
// to the tree yet; adding it is a decision about the shape, so it is made here, where it is seen.
var table = []row{
	// What everything stands on. These know nothing of each other.
	{"internal/wa", nil},
	{"internal/safehttp", nil},
	{"internal/weblink", []string{"internal/wa", "internal/safehttp"}},
	{"internal/telemetry", nil},
	{"internal/work", nil},
	{"internal/keyring", nil},
	{"internal/spelling", nil},
	{"internal/config", []string{"internal/wa", "internal/spelling"}},

	// What is kept. Stages see the promises; only cmd sees the keeper.
	{"internal/store", []string{"internal/wa"}},
	{"internal/store/sqlstore", []string{"internal/store", "internal/wa"}},
	{"internal/store/storetest", []string{"internal/store", "internal/wa"}},
	{"internal/media", []string{"internal/wa", "internal/store", "internal/work"}},
	{"internal/template", []string{"internal/wa", "internal/store", "internal/work"}},
	{"internal/number", []string{"internal/wa", "internal/store", "internal/work"}},
	{"internal/doctor", []string{"internal/wa"}},

	// The stages: from a client to Meta, from Meta back, on to the customer. None imports another; they meet in the store.
	{"internal/waapi", append([]string{"internal/wa", "internal/store"}, waapi...)},
	{"internal/waapi/lenient", []string{"internal/wa"}},
	{"internal/waapi/failure", []string{"internal/wa"}},
	{"internal/waapi/send", []string{"internal/wa", "internal/waapi/lenient", "internal/waapi/failure"}},
	{"internal/waapi/admission", []string{"internal/wa", "internal/store", "internal/waapi/failure"}},
	{"internal/waapi/metainfo", []string{"internal/wa", "internal/waapi/lenient", "internal/waapi/failure"}},
	{"internal/waapi/hook", []string{"internal/wa", "internal/waapi/lenient", "internal/waapi/failure"}},
	{"internal/api", []string{"internal/wa", "internal/store", "internal/number"}},
	{"internal/outbox", []string{"internal/wa", "internal/store", "internal/media", "internal/work", "internal/pace"}},
	{"internal/pace", []string{"internal/wa"}},
	{"internal/cloudapi", []string{"internal/wa", "internal/cloudapi/node", "internal/cloudapi/fault", "internal/cloudapi/encode"}},
	{"internal/cloudapi/node", []string{"internal/wa"}},
	{"internal/cloudapi/fault", []string{"internal/wa", "internal/cloudapi/node"}},
	{"internal/cloudapi/encode", []string{"internal/wa", "internal/cloudapi/node"}},
	{"internal/cloudapi/callback", []string{"internal/wa", "internal/cloudapi/node", "internal/cloudapi/fault"}},
	{"internal/inbox", []string{"internal/wa", "internal/store", "internal/media", "internal/work"}},
	{"internal/webhook", []string{"internal/wa", "internal/store", "internal/safehttp", "internal/work"}},

	// The golden cases, and who plays them. The cases know nothing of the gateway, and neither does the player, but the nouns.
	{"conformance", nil},
	{"internal/conform", []string{"internal/wa", "internal/spelling"}},

	// Meta's description of its API, for tests on both sides of it.
	{"internal/openapi", nil},

	// The pretend Meta shares no code with cloudapi, or one misunderstanding would pass on both sides.
	{"internal/sim", []string{"internal/sim/account", "internal/sim/qr", "internal/sim/group", "internal/sim/rule", "internal/sim/message", "internal/sim/template", "internal/sim/business", "internal/sim/inbound", "internal/sim/media", "internal/sim/phone", "internal/sim/script", "internal/sim/clock", "internal/sim/draw", "internal/sim/ledger", "internal/sim/limit", "internal/sim/fault", "internal/sim/wire", "internal/sim/face", "internal/sim/manage"}},
	{"internal/sim/rule", nil},
	{"internal/sim/wire", []string{"internal/sim/rule"}},
	{"internal/sim/face", []string{"internal/sim/rule"}},
	{"internal/sim/manage", []string{"internal/sim/face", "internal/sim/wire", "internal/sim/rule", "internal/sim/account", "internal/sim/business", "internal/sim/group", "internal/sim/ledger", "internal/sim/message", "internal/sim/qr", "internal/sim/media"}},
	{"internal/sim/control", []string{"internal/sim/face", "internal/sim/wire", "internal/sim/rule", "internal/sim/inbound", "internal/sim/media", "internal/sim/clock", "internal/sim/ledger", "internal/sim/fault", "internal/sim/account", "internal/sim/group", "internal/sim/phone", "internal/sim/script", "internal/sim/template"}},
	{"internal/sim/clock", nil},
	{"internal/sim/draw", nil},
	{"internal/sim/ledger", nil},
	{"internal/sim/limit", nil},
	{"internal/sim/fault", []string{"internal/sim/clock", "internal/sim/draw", "internal/sim/rule"}},
	{"internal/sim/inbound", []string{"internal/sim/rule", "internal/sim/message", "internal/sim/media", "internal/sim/wire"}},
	{"internal/sim/account", []string{"internal/sim/rule", "internal/sim/draw"}},
	{"internal/sim/business", []string{"internal/sim/rule"}},
	{"internal/sim/media", []string{"internal/sim/rule", "internal/sim/draw"}},
	{"internal/sim/group", []string{"internal/sim/rule", "internal/sim/draw"}},
	{"internal/sim/qr", []string{"internal/sim/rule", "internal/sim/draw"}},
	{"internal/sim/message", []string{"internal/sim/rule"}},
	{"internal/sim/template", []string{"internal/sim/rule", "internal/sim/message"}},
	{"internal/sim/phone", []string{"internal/sim/media", "internal/sim/message"}},
	{"internal/sim/script", []string{"internal/sim/clock"}},

	// What others build their tests with. It speaks HTTP and knows nothing of us.
	{"client/simtest", nil},

	{"cmd/waypost", append([]string{"conformance"}, everything...)},
	{"internal/arch", nil},
}

// waapi is what the face for the vendor's clients is made of. The body of webhooks is not: who posts them is elsewhere.
var waapi = []string{
	"internal/waapi/lenient", "internal/waapi/failure", "internal/waapi/send", "internal/waapi/admission", "internal/waapi/metainfo",
}

// everything is what cmd may import: it is where all parts meet. What exists for tests only is not for a binary.
var everything = []string{
	"internal/wa", "internal/safehttp", "internal/weblink", "internal/telemetry", "internal/work", "internal/keyring", "internal/config", "internal/spelling",
	"internal/store", "internal/store/sqlstore", "internal/media", "internal/template", "internal/number", "internal/doctor", "internal/api", "internal/outbox", "internal/pace", "internal/waapi",
	"internal/waapi/lenient", "internal/waapi/failure", "internal/waapi/send", "internal/waapi/admission", "internal/waapi/metainfo",
	"internal/waapi/hook", "internal/cloudapi", "internal/cloudapi/fault", "internal/cloudapi/callback", "internal/cloudapi/encode", "internal/cloudapi/node", "internal/inbox", "internal/webhook", "internal/sim", "internal/conform",
	"internal/sim/clock", "internal/sim/draw", "internal/sim/ledger", "internal/sim/limit", "internal/sim/fault",
	"internal/sim/rule", "internal/sim/message", "internal/sim/template", "internal/sim/business", "internal/sim/inbound",
	"internal/sim/media", "internal/sim/account", "internal/sim/qr", "internal/sim/group", "internal/sim/phone", "internal/sim/script", "internal/sim/wire",
	"internal/sim/face", "internal/sim/manage", "internal/sim/control",
}

// entrance says through which packages a third-party module comes in. The module covers its sub-packages and its major
// versions. One more package in a row makes the module harder to replace; one more row is a dependency to look after.
type entrance struct {
	module  string
	through []string
}

var entrances = []entrance{
	{"modernc.org/sqlite", []string{"internal/store/sqlstore"}},
	{"github.com/pressly/goose/v3", []string{"internal/store/sqlstore"}},
	{"github.com/spf13/cobra", []string{"cmd/waypost"}},
	{"github.com/spf13/pflag", []string{"cmd/waypost"}}, // cobra's flags
	{"github.com/knadh/koanf", []string{"internal/config"}},
	{"github.com/tink-crypto/tink-go", []string{"internal/keyring"}},
	{"github.com/gabriel-vasile/mimetype", []string{"internal/media"}},
	{"golang.org/x/image", []string{"internal/media"}},
	{"code.dny.dev/ssrf", []string{"internal/safehttp"}},
	{"github.com/google/uuid", []string{"internal/wa"}},
	{"github.com/danielgtaylor/huma/v2", []string{"internal/api"}},
}

// testModules may be imported by any test, and by nothing that ends up in a binary.
var testModules = []string{
	"github.com/google/go-cmp",
	"pgregory.net/rapid",
	"github.com/rogpeppe/go-internal/testscript",
	"github.com/anishathalye/porcupine",
}

const (
	// longestChain counts packages from one that nobody in internal imports down to one that imports nothing of ours.
	// Four can be held in the head: outbox, media, store, wa.
	longestChain = 4
	// shortestComment is about two lines of prose: less cannot say what a package owns, what it never does and where it
	// stands.
	shortestComment = 120

	// Packages with a rule of their own.
	simulator = "internal/sim"
	keeper    = "internal/store/sqlstore"
	proof     = "internal/store/storetest"
	nouns     = "internal/wa"
)

// rules are checked one by one, so that a failure carries the name of the sentence that was broken. Each returns one
// line per violation.
var rules = []struct {
	name  string
	check func([]pkg) []string
}{
	{"every package is in the table and the table has no more", checkTable},
	{"a package imports only what its row allows", checkImports},
	{"the simulator is standard library only", checkSimulator},
	{"only the keeper knows SQL drivers", checkDrivers},
	{"nothing in a binary imports testing", checkTesting},
	{"third-party modules enter where they are listed", checkModules},
	{"every package says what it is for", checkComments},
	{"import chains are short", checkChain},
}

func checkTable(tree []pkg) (bad []string) {
	for _, p := range tree {
		if rowOf(p.path) == nil {
			bad = append(bad, p.path+": is not in the table")
		}
	}
	for _, r := range table {
		if !slices.ContainsFunc(tree, func(p pkg) bool { return p.path == r.pkg }) {
			bad = append(bad, r.pkg+": is in the table but not in the tree")
		}
		for _, to := range r.may {
			if rowOf(to) == nil {
				bad = append(bad, r.pkg+": its row allows "+to+", which has no row")
			}
		}
	}
	return bad
}

func checkImports(tree []pkg) (bad []string) {
	for _, p := range tree {
		r := rowOf(p.path)
		if r == nil {
			continue // checkTable has said so
		}
		for imp := range p.imports() {
			to, ours := inModule(imp.path)
			switch {
			case !ours:
			case imp.test && to == p.path: // an external test package imports what it tests
			case imp.test && p.path == nouns:
				bad = append(bad, imp.at+": imports "+to+"; the tests of "+nouns+" import nothing else of ours")
			case imp.test && !strings.HasPrefix(to, "cmd/"):
			case !imp.test && slices.Contains(r.may, to):
			default:
				bad = append(bad, imp.at+": may not import "+to)
			}
		}
	}
	return bad
}

func checkSimulator(tree []pkg) (bad []string) {
	for _, p := range tree {
		if !within(p.path, simulator) {
			continue
		}
		for imp := range p.imports() {
			if !imp.test && !inStandardLibrary(imp.path) && !within(imp.path, module+"/"+simulator) {
				bad = append(bad, imp.at+": imports "+imp.path+", which is not in the standard library")
			}
		}
	}
	return bad
}

func checkDrivers(tree []pkg) (bad []string) {
	for _, p := range tree {
		for imp := range p.imports() {
			if p.path != keeper && (within(imp.path, "modernc.org/sqlite") || within(imp.path, "github.com/jackc/pgx")) {
				bad = append(bad, imp.at+": imports "+imp.path+"; only "+keeper+" knows SQL drivers")
			}
		}
	}
	return bad
}

func checkTesting(tree []pkg) (bad []string) {
	for _, p := range tree {
		for imp := range p.imports() {
			if !imp.test && p.path != proof && (within(imp.path, "testing") || within(imp.path, "net/http/httptest")) {
				bad = append(bad, imp.at+": imports "+imp.path+" outside a test")
			}
		}
	}
	return bad
}

func checkModules(tree []pkg) (bad []string) {
	for _, p := range tree {
		for imp := range p.imports() {
			if _, ours := inModule(imp.path); ours || inStandardLibrary(imp.path) {
				continue
			}
			entered := slices.ContainsFunc(entrances, func(e entrance) bool {
				return within(imp.path, e.module) && slices.Contains(e.through, p.path)
			})
			// storetest is compiled like production code but is only ever run by tests.
			inTest := (imp.test || p.path == proof) &&
				slices.ContainsFunc(testModules, func(m string) bool { return within(imp.path, m) })
			if !entered && !inTest {
				bad = append(bad, imp.at+": "+imp.path+" does not enter through "+p.path)
			}
		}
	}
	return bad
}

var (
	saysOwns  = regexp.MustCompile(`(?i)\bowns\b`)
	saysNever = regexp.MustCompile(`(?i)\bnever\b`)
)

func checkComments(tree []pkg) (bad []string) {
	for _, p := range tree {
		switch {
		case p.comment == "":
			bad = append(bad, p.path+": has no package comment")
		case p.name == "main": // a command is described by its help
		case !saysOwns.MatchString(p.comment):
			bad = append(bad, p.path+": its comment does not say what it owns")
		case !saysNever.MatchString(p.comment):
			bad = append(bad, p.path+": its comment does not say what it never does")
		case len(p.comment) < shortestComment:
			bad = append(bad, p.path+": its comment is too short to say where it stands")
		}
	}
	return bad
}

func checkChain(tree []pkg) (bad []string) {
	down := make(map[string][]string)
	for _, p := range tree {
		for imp := range p.imports() {
			if to, ours := inModule(imp.path); ours && !imp.test && strings.HasPrefix(p.path, "internal/") {
				down[p.path] = append(down[p.path], to)
			}
		}
	}
	var longest func(from string, above []string) []string
	longest = func(from string, above []string) (best []string) {
		if slices.Contains(above, from) {
			return nil // a circle; the compiler refuses it with better words
		}
		above = append(slices.Clone(above), from)
		for _, to := range down[from] {
			if below := longest(to, above); len(below) > len(best) {
				best = below
			}
		}
		return append([]string{from}, best...)
	}
	for _, p := range tree {
		if chain := longest(p.path, nil); strings.HasPrefix(p.path, "internal/") && len(chain) > longestChain {
			bad = append(bad, fmt.Sprintf("%d packages in a row, at most %d: %s", len(chain), longestChain, strings.Join(chain, " → ")))
		}
	}
	return bad
}

func rowOf(p string) *row {
	if i := slices.IndexFunc(table, func(r row) bool { return r.pkg == p }); i >= 0 {
		return &table[i]
	}
	return nil
}

// inModule turns an import path of ours into the folder below the root.
func inModule(importPath string) (folder string, ours bool) {
	if !within(importPath, module) {
		return "", false
	}
	return path.Clean(strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")), true
}

// inStandardLibrary follows the go command: only paths of the standard library have no dot in their first element.
func inStandardLibrary(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func within(importPath, prefix string) bool {
	return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
}

package arch

import (
	"errors"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pkg is one folder with Go files, as far as the rules look at it.
type pkg struct {
	path    string // below the root, with slashes
	name    string
	comment string // of all files that are not tests, joined
	files   []file
}

type file struct {
	path  string // below the root, with slashes
	test  bool
	paths []string // what it imports
}

// imported is one import of one file.
type imported struct {
	path string
	at   string // the file, for the report
	test bool
}

func (p *pkg) imports() iter.Seq[imported] {
	return func(yield func(imported) bool) {
		for _, f := range p.files {
			for _, path := range f.paths {
				if !yield(imported{path: path, at: f.path, test: f.test}) {
					return
				}
			}
		}
	}
}

// readTree parses every Go file below root that belongs to its module, whatever its build tags: a rule that holds only on
// the machine of whoever looks is none. Packages come in the order of their paths.
func readTree(root string) ([]pkg, error) {
	found := make(map[string]*pkg)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipForeign(root, name, entry.Name())
		}
		if filepath.Ext(name) != ".go" || ignored(entry.Name()) {
			return nil
		}
		below, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(below))
		if found[folder] == nil {
			found[folder] = &pkg{path: folder}
		}
		return found[folder].read(name, filepath.ToSlash(below))
	})
	if err != nil {
		return nil, err
	}
	tree := make([]pkg, 0, len(found))
	for _, p := range found {
		tree = append(tree, *p)
	}
	slices.SortFunc(tree, func(a, b pkg) int { return strings.Compare(a.path, b.path) })
	return tree, nil
}

func (p *pkg) read(name, below string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return err
	}
	f := file{path: below, test: strings.HasSuffix(below, "_test.go")}
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		f.paths = append(f.paths, path)
	}
	p.files = append(p.files, f)
	if !f.test {
		p.name = parsed.Name.Name
		p.comment = strings.TrimSpace(p.comment + "\n" + parsed.Doc.Text())
	}
	return nil
}

// skipForeign leaves out what the go command leaves out too: hidden folders, test data, installed JavaScript, and modules
// of their own (the developer tools).
func skipForeign(root, name, base string) error {
	if name == root {
		return nil
	}
	if ignored(base) || base == "testdata" || base == "vendor" || base == "node_modules" {
		return fs.SkipDir
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	switch {
	case err == nil:
		return fs.SkipDir
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

func ignored(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

// Package arch owns the shape of the tree: which package may import which, through which packages a third-party module
// enters, and that every package says what it is for. The rules are tables in rules_test.go and are checked by
// `go test ./internal/arch`, which reads the sources itself with go/parser. It does not run `go list`: the test cache
// watches only the files that the test process opened, so a test that shells out can stay green after a violation.
//
// It is never imported, and it never looks at what code does; that is for the linters and the other tests.
//
// It stands beside the picture in docs/architecture.md: the picture explains the arrows, this package keeps them true.
package arch

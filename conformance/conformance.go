// Package conformance is the golden cases: requests to the WaAPI and the
// answers to them, for anybody to read. README.md says how.
//
// It owns the files and nothing else; they stand beside the code so that the
// tests and the binary have the same ones. It never has code: internal/conform
// plays the files, and reads templates.json.
package conformance

import (
	"embed"
	"io/fs"
)

//go:embed cases/*.http media
var files embed.FS

//go:embed templates.json
var templates []byte

// Cases is the directory of case files.
func Cases() fs.FS { return below("cases") }

// Media is the directory of files that the cases send.
func Media() fs.FS { return below("media") }

// Templates are the message templates that the cases expect at Meta, as a JSON
// array.
func Templates() []byte { return templates }

func below(dir string) fs.FS {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // both names were embedded above
	}
	return sub
}

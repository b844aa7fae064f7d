package openapi

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const file = `
openapi: 3.0.0
components:
  schemas:
    Thing:
      discriminator:
        propertyName: kind
        mapping:
          cat: '#/components/schemas/Cat'
          'dog': "#/components/schemas/Dog"
      oneOf:
      - $ref: '#/components/schemas/Cat'
      - $ref: '#/components/schemas/Dog'
    Base:
      type: object
      required: []
      properties:
        kind:
          type: string
        age:
          type: integer
          minimum: 0
          maximum: 20
    Cat:
      allOf:
      - $ref: '#/components/schemas/Base'
      - type: object
        additionalProperties: false
        required:
        - lives
        properties:
          kind:
            enum:
            - cat
          lives: {}
          names:
            type: array
            minItems: 1
            maxItems: 2
            items:
              type: string
              minLength: 2
              maxLength: 3
              pattern: ^[a-z]+$
              description: 'it''s
                folded'
          owner:
            nullable: true
            oneOf:
            - type: object
              required:
              - id
              properties:
                id:
                  type: string
            - type: object
              required:
              - name
              properties:
                name:
                  type: string
    Dog:
      type: object
      properties:
        kind:
          type: string
        tail:
          type: object
          additionalProperties: true
          properties:
            long:
              type: boolean
`

func TestDifferences(t *testing.T) {
	doc, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	thing := doc.At("components", "schemas", "Thing")
	for body, want := range map[string][]string{
		`{"kind":"cat","lives":9,"age":3,"names":["ab","abc"],"owner":{"id":"a"}}`: nil,
		`{"kind":"cat","lives":9,"owner":null}`:                                    nil,
		`{"kind":"dog","tail":{"long":true,"of":"fur"}}`:                           nil,
		`{"kind":"cow"}`:                      {`v has the kind "cow", which the file does not know`},
		`{"kind":"cat"}`:                      {"v has no lives"},
		`{"kind":"cat","lives":9,"tail":{}}`:  {"v has tail, which the file does not know"},
		`{"kind":"cat","lives":9,"age":1.5}`:  {"v.age is no integer"},
		`{"kind":"cat","lives":9,"age":-1}`:   {"v.age is below 0"},
		`{"kind":"cat","lives":9,"age":21}`:   {"v.age is above 20"},
		`{"kind":"cat","lives":9,"names":[]}`: {"v.names has less than 1 items"},
		`{"kind":"cat","lives":9,"names":["a","abcd","AB"]}`: {
			"v.names has more than 2 items", "v.names[] does not match ^[a-z]+$", "v.names[] is longer than 3", "v.names[] is shorter than 2",
		},
		`{"kind":"cat","lives":9,"owner":{}}`:                    {"v.owner has no id"},
		`{"kind":"cat","lives":9,"owner":{"id":"a","name":"b"}}`: {"v.owner has name, which the file does not know"},
		`{"kind":"dog","tail":{"long":"yes"}}`:                   {"v.tail.long is no boolean"},
		`{"kind":"dog","tail":[]}`:                               {"v.tail is no object"},
	} {
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		got := doc.Check(thing, v, "v")
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	if doc.At("components", "schemas", "Bird", "wings") != nil {
		t.Error("there are birds")
	}
}

func TestAlternativesExcludeEachOther(t *testing.T) {
	doc, err := Parse("a:\n  oneOf:\n  - type: string\n  - maxLength: 2\nb:\n  anyOf:\n  - type: string\n  - maxLength: 2\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Check(doc.At("a"), "x", "v"); !slices.Equal(got, []string{"v fits 2 of oneOf"}) {
		t.Errorf("got %q", got)
	}
	if got := doc.Check(doc.At("b"), "x", "v"); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestParseSaysWhatItCannotRead(t *testing.T) {
	for _, text := range []string{"- a\n", "a: 1\n  b: 2\nno key\n", "a:\n  b: 1\n c: 2\n"} {
		if doc, err := Parse(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, doc.root)
		}
	}
}

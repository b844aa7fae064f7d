// Package openapi owns the reading of Meta's description of the Graph API, an
// OpenAPI file, and the comparison of a body with it. It is for tests: of what
// we send to Meta, and of what the simulator answers.
//
// It never decides whether a difference matters: the tests have tables of the
// known gaps of the file, each with its reason. And it is no checker of OpenAPI in
// general: it reads as much of YAML as that file uses, and knows the words of
// schemas that are in it.
//
// It stands beside everything else and imports nothing of ours.
//
// Two things are stricter than the file. A key that a schema does not have is a
// difference, because the file leaves nearly all of its own keys optional, so
// that a mistyped one would pass. And the parts of an allOf are read as one object:
// taken by the letter, parts with additionalProperties false exclude each other,
// and no message at all would pass.
package openapi

// Package lenient owns JSON the way clients of the WaAPI write it: null is as
// good as no key, a number stands for a string and a string for a number, an
// object for an array of one. Keys are compared letter by letter. A phone
// number keeps all its digits: nothing is ever read as a float on the way to a
// text.
//
// It never knows a field, a limit of the vendor's or HTTP, and it never guesses:
// what is of the wrong kind is a problem. A [Reader] collects the first one, so
// that a decoder of many fields is a list of them.
//
// It stands between the body of a request and whoever knows its fields:
// [Parse], then [Object] or [Reader].
//
// Every error is a [*wa.Error] with wa.CodeInvalid and one problem, whose field
// is a path in the client's words. What a client reads of it is not decided
// here.
package lenient

package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// set reads v, a text or whatever YAML makes of a value without quotes, into
// the setting's field. A field is left as it is if v is not of its kind.
func (s Setting) set(field reflect.Value, v any) error {
	text, isText := v.(string)
	switch to := field.Addr().Interface().(type) {
	case *string:
		if !isText {
			return s.wants(fmt.Sprintf("a text such as %q", s.Default), v)
		}
		*to = text
	case *wa.Secret:
		if !isText {
			return fmt.Errorf("%s: use a text in quotes", s.Name) // and no word about the value
		}
		*to = wa.NewSecret(text)
	case *int:
		n, ok := wholeNumber(v)
		if !ok {
			return s.wants("a whole number", v)
		}
		*to = n
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return s.wants("a duration such as "+s.Default, v)
		}
		*to = d
	case *[]string:
		list, ok := listOfTexts(v)
		if !ok {
			return s.wants("a list of texts", v)
		}
		*to = list
	default:
		panic("config: " + s.Name + " is of a type that cannot be read")
	}
	return nil
}

func (s Setting) wants(what string, v any) error {
	return fmt.Errorf("%s: use %s, not %s", s.Name, what, describe(v))
}

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return fmt.Sprintf("%.80q", v)
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(v)
	case []any:
		return "a list"
	case time.Time:
		return "a date"
	}
	return "a level with names below it"
}

func wholeNumber(v any) (int, bool) {
	if text, ok := v.(string); ok {
		n, err := strconv.Atoi(text)
		return n, err == nil
	}
	n, ok := v.(int)
	return n, ok
}

// listOfTexts takes a list, or a text with commas as in the environment and in
// flags.
func listOfTexts(v any) ([]string, bool) {
	var list []string
	switch v := v.(type) {
	case string:
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	case []any:
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
	default:
		return nil, false
	}
	return list, true
}

package rule

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Select keeps the fields of a node that were asked for, and always its id. Without a wish it keeps the usual ones. A field that
// the node does not have is refused, as Graph does; fields of fields are not told apart.
// https://developers.facebook.com/docs/graph-api/guides/field-expansion (read 2026-09)
func Select(wish string, node map[string]any, usual ...string) (map[string]any, error) {
	names := usual
	if wish != "" {
		names = topLevel(wish)
	}
	out := map[string]any{}
	for _, name := range append(slices.Clone(names), "id") {
		value, ok := node[name]
		if !ok && wish != "" && name != "id" {
			return nil, Refuse(CodeParameter, "Tried accessing nonexisting field ("+name+")", "the node has no field %s", name)
		}
		if ok && value != nil {
			out[name] = value
		}
	}
	return out, nil
}

// topLevel splits a list of fields at the commas outside of braces and parentheses and cuts off what is inside.
func topLevel(wish string) (names []string) {
	depth, name := 0, ""
	for _, r := range wish + "," {
		switch {
		case r == '{' || r == '(':
			depth++
		case r == '}' || r == ')':
			depth--
		case depth > 0 || r == ' ':
		case r == ',':
			// A call such as .limit(5) belongs to the field before it.
			if name, _, _ = strings.Cut(name, "."); name != "" {
				names = append(names, name)
			}
			name = ""
		default:
			name += string(r)
		}
	}
	return names
}

// Page is one page of a list, as Graph answers it.
type Page[T any] struct {
	Data   []T     `json:"data"`
	Paging *Paging `json:"paging,omitempty"` // absent when there is no data
}

// Paging says where the page begins and ends, and where its neighbors are.
// https://developers.facebook.com/docs/graph-api/results (read 2026-09)
type Paging struct {
	Cursors  Cursors `json:"cursors"`
	Previous string  `json:"previous,omitempty"`
	Next     string  `json:"next,omitempty"`
}

// Cursors are opaque to clients.
type Cursors struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

const (
	usualPage = 25
	maxPage   = 1000
)

// Paged cuts a page out of a list that is in the order of its keys. A cursor is a key, so it still works when its item is gone.
// address is where the list is; the neighbors' addresses are made of it.
func Paged[T any](list []T, key func(T) int, query url.Values, address string) (Page[T], error) {
	limit, err := pageSize(query.Get("limit"))
	if err != nil {
		return Page[T]{}, err
	}
	from, to := 0, len(list)
	switch after, before := query.Get("after"), query.Get("before"); {
	case after != "":
		at, err := fromCursor(after)
		if err != nil {
			return Page[T]{}, err
		}
		for from < len(list) && key(list[from]) <= at {
			from++
		}
		to = min(from+limit, len(list))
	case before != "":
		at, err := fromCursor(before)
		if err != nil {
			return Page[T]{}, err
		}
		for to > 0 && key(list[to-1]) >= at {
			to--
		}
		from = max(0, to-limit)
	default:
		to = min(limit, len(list))
	}
	page := Page[T]{Data: append([]T{}, list[from:to]...)}
	if len(page.Data) == 0 {
		return page, nil
	}
	page.Paging = &Paging{Cursors: Cursors{Before: toCursor(key(list[from])), After: toCursor(key(list[to-1]))}}
	if to < len(list) {
		page.Paging.Next = neighbor(address, query, "after", page.Paging.Cursors.After)
	}
	if from > 0 {
		page.Paging.Previous = neighbor(address, query, "before", page.Paging.Cursors.Before)
	}
	return page, nil
}

func pageSize(limit string) (int, error) {
	if limit == "" {
		return usualPage, nil
	}
	n, err := strconv.Atoi(limit)
	if err != nil || n < 1 {
		return 0, BadParameter("limit must be a number from 1")
	}
	return min(n, maxPage), nil
}

func toCursor(key int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("at:" + strconv.Itoa(key)))
}

func fromCursor(cursor string) (int, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	number, ok := strings.CutPrefix(string(text), "at:")
	key, aerr := strconv.Atoi(number)
	if err != nil || !ok || aerr != nil {
		return 0, Refuse(CodeCursor, "Invalid cursor", "the cursor is none of this list: begin again without one")
	}
	return key, nil
}

func neighbor(address string, query url.Values, side, cursor string) string {
	next := url.Values{}
	for name, values := range query {
		if name != "after" && name != "before" && name != "access_token" {
			next[name] = values
		}
	}
	next.Set(side, cursor)
	return address + "?" + next.Encode()
}

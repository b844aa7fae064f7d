package spelling

import "testing"

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"writer", "writer", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"writter", "writer", 1},
		{"writr", "writer", 1},
		{"kitten", "sitting", 3},
		{"ab", "ba", 2},
	} {
		if got := Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q to %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

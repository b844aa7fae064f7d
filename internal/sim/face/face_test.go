package face_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim/face"
)

func TestAnswersSayThatTheyAreJSON(t *testing.T) {
	w := httptest.NewRecorder()
	if err := face.WriteJSON(w, 201, face.Success{Success: true}); err != nil {
		t.Fatal(err)
	}
	if w.Code != 201 || w.Header().Get("Content-Type") != "application/json; charset=UTF-8" || w.Body.String() != `{"success":true}` {
		t.Fatalf("answer: %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestParametersComeInThreeWays(t *testing.T) {
	for _, tt := range []struct{ target, kind, body, want string }{
		{"/x", "application/json", `{"a":"1","b":[2]}`, `{"a":"1","b":[2]}`},
		{"/x", "application/x-www-form-urlencoded", "a=1&b=[2]", `{"a":"1","b":[2]}`},
		{"/x?a=1&b=[2]&access_token=t&fields=id", "", "", `{"a":"1","b":[2]}`},
	} {
		r := httptest.NewRequest(http.MethodPost, tt.target, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.kind)
		got, err := face.ReadParameters(httptest.NewRecorder(), r)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s %s: %s, %v; want %s", tt.target, tt.kind, got, err, tt.want)
		}
	}
}

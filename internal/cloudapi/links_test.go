package cloudapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// The id of a link's upload may be forgotten like that of any other.
func TestALinksUploadThatMetaDoesNotKnowIsGone(t *testing.T) {
	const link = "https://files.example/a.png"
	for body, gone := range map[string]bool{
		errorBody(131052): true,
		errorBody(131053): true,
		`{"error":{"message":"(#100) Invalid parameter","code":100,"error_data":{"details":"900000000000001 is not valid"}}}`: true,
		`{"error":{"message":"Object with ID '900000000000001' does not exist","code":100,"error_subcode":33}}`:               true,
		errorBody(131026): false,
	} {
		s := serve(t, answerWith(400, body))
		d := textDispatch()
		d.Message.Content, d.MetaLinks = wa.Media{Kind: wa.KindImage, Link: link}, map[string]string{link: "900000000000001"}
		got := client(t, Options{BaseURL: s.URL}).Send(t.Context(), testNumber(), d)
		if got.MediaGone != gone {
			t.Errorf("%s: got %+v", body, got)
		}
		// One that was passed on has no upload that could be made again.
		d.MetaLinks = nil
		if got := client(t, Options{BaseURL: s.URL}).Send(t.Context(), testNumber(), d); got.MediaGone {
			t.Errorf("passed on, %s: got %+v", body, got)
		}
	}
}

// Meta's address of a received file is good for five minutes.
func TestAnExpiredAddressOfAMediaIsAskedForAnew(t *testing.T) {
	for _, status := range []int{401, 403, 404, 410} {
		var asked []string
		var s *httptest.Server
		s = serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path)
			switch r.URL.Path {
			case "/v23.0/900000000000001":
				answerWith(200, fmt.Sprintf(`{"url":"%s/%d","mime_type":"image/png","id":"900000000000001"}`, s.URL, len(asked)))(w, r)
			case "/1":
				answerWith(status, "")(w, r)
			default:
				picture(w, r)
			}
		})
		got, err := client(t, Options{BaseURL: s.URL}).FetchMedia(t.Context(), testNumber(), "900000000000001")
		if err != nil {
			t.Fatalf("%d: %v", status, err)
		}
		_ = got.Body.Close()
		if want := "/v23.0/900000000000001 /1 /v23.0/900000000000001 /3"; strings.Join(asked, " ") != want {
			t.Errorf("%d: asked for %v", status, asked)
		}
	}
}

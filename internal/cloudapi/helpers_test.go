package cloudapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// canary is a token that must not turn up anywhere but in the header.
const canary = "EAAcanary0123456789"

func testNumber() wa.Number {
	return wa.Number{ID: "106540000000001", Display: "15550100000", Token: wa.NewSecret(canary)}
}

func textDispatch() wa.Dispatch {
	return wa.Dispatch{
		Tag: "g1.0123456789ABCDEF.1.0123456789",
		Message: wa.Message{
			Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"},
			Content:   wa.Text{Body: "hello"}, Attempt: 1,
		},
	}
}

func mediaDispatch() wa.Dispatch {
	d := textDispatch()
	id := wa.NewID[wa.MediaID]()
	d.MetaMedia = map[wa.MediaID]string{id: "900000000000001"}
	d.Message.Content = wa.Media{Kind: wa.KindImage, MediaID: id}
	return d
}

func client(tb testing.TB, o Options) *Client {
	tb.Helper()
	if o.Version == "" {
		o.Version = "v23.0"
	}
	c, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	if t, ok := c.transport.(*http.Transport); ok {
		tb.Cleanup(t.CloseIdleConnections)
	}
	return c
}

func serve(tb testing.TB, h http.HandlerFunc) *httptest.Server {
	tb.Helper()
	s := httptest.NewServer(h)
	tb.Cleanup(s.Close)
	return s
}

// answerWith is a handler with one answer.
func answerWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

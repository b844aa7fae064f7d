package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// sendLink sends a document by its address, with a caption that tells it from
// every other message.
func (r *rig) sendLink(link, caption string) string {
	r.t.Helper()
	return r.post("/api/v2/message/", "application/json", strings.NewReader(fmt.Sprintf(`{"message":[{"recipient_whatsapp":%q,
		"message_type":"media","recipient_type":"individual","source":%q,"x-apiheader":%q,
		"type_media":[{"attachments":[{"attachment_url":%q,"attachment_type":"document","caption":%q}]}]}]}`,
		demoPhone, r.source, caption, link, caption)))
}

// TestMediaByLink has the binary fetch a customer's file: once, whatever comes
// in between, and Meta gets the bytes and never the address.
func TestMediaByLink(t *testing.T) {
	t.Parallel()
	want, err := io.ReadAll(document("by link"))
	if err != nil {
		t.Fatal(err)
	}
	var fetched atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/orders/order.pdf", func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		w.Write(want)
	})
	files := httptest.NewServer(mux)
	defer files.Close()
	r := newRig(t, "--media-allow-networks", "127.0.0.0/8")
	mux.Handle("/gateway", http.RedirectHandler("http://"+r.address+"/healthz", http.StatusFound))
	link := files.URL + "/orders/order.pdf?signature=secret"
	for i := range 5 {
		r.awaitRead(r.sendLink(link, fmt.Sprint("copy ", i)))
	}
	r.kill()
	r.restart()
	r.awaitRead(r.sendLink(link, "copy 5"))
	if n := fetched.Load(); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
	sends := r.meta.Sends()
	if len(sends) != 6 {
		t.Fatalf("Meta took %d messages, want 6", len(sends))
	}
	for _, s := range sends {
		var body struct {
			Document struct{ ID, Link, Filename string }
		}
		if err := json.Unmarshal(s.Body, &body); err != nil || body.Document.Link != "" || body.Document.Filename != "order.pdf" {
			t.Fatalf("%v: Meta got %s", err, s.Body)
		}
		_, file, err := r.meta.OpenMedia(body.Document.ID)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(file)
		file.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: Meta got %d bytes, want the %d of the file", err, len(got), len(want))
		}
	}
	r.receiver.wait(t, r.sendLink(files.URL+"/missing", "no file"), `"status":"failed"`, "8008 ", "the link was answered with 404 Not Found")
	r.receiver.wait(t, r.sendLink(files.URL+"/gateway", "ourselves"), `"status":"failed"`, "8008 ", "the link redirects to an address that is private or reserved")
	r.receiver.wait(t, r.sendLink("http://[::1]:1/", "inside"), `"status":"failed"`, "8008 ", "media.allow_networks can allow it")
	if log := r.process.log.String(); strings.Contains(log, "signature=secret") || strings.Contains(log, "/orders/") {
		t.Error("the log has the link")
	}
}

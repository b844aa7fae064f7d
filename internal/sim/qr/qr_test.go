package qr

import (
	"bytes"
	"encoding/json"
	"image/png"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCheckWordsAreThoseOfTheStandard takes the example of version 1-M that the literature works out by hand.
func TestCheckWordsAreThoseOfTheStandard(t *testing.T) {
	data := []byte{32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17}
	want := []byte{196, 35, 39, 119, 235, 215, 231, 226, 93, 23}
	if got := checkOf(data, len(want)); !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// scan reads a picture as a reader of QR codes does that was told version and mask.
func scan(t *testing.T, picture []byte) string {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	dark := func(row, column int) bool {
		r, _, _, _ := img.At((column+quiet)*scale+scale/2, (row+quiet)*scale+scale/2).RGBA()
		return r == 0
	}
	taken := func(row, column int) bool {
		inBox := func(top, left, height, width int) bool {
			return row >= top && row < top+height && column >= left && column < left+width
		}
		return inBox(0, 0, 9, 9) || inBox(0, side-8, 9, 8) || inBox(side-8, 0, 8, 9) || inBox(20, 20, 5, 5) || row == 6 || column == 6
	}
	var bits []byte
	up := true
	for _, right := range []int{28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 5, 3, 1} {
		for step := range side {
			row := step
			if up {
				row = side - 1 - step
			}
			for _, column := range []int{right, right - 1} {
				if !taken(row, column) {
					bit := byte(0)
					if dark(row, column) != ((row+column)%2 == 0) {
						bit = 1
					}
					bits = append(bits, bit)
				}
			}
		}
		up = !up
	}
	if len(bits) != (dataWords+checkWords)*8+7 {
		t.Fatalf("%d modules of data", len(bits))
	}
	var words []byte
	for word := range slices.Chunk(bits[:(dataWords+checkWords)*8], 8) {
		value := byte(0)
		for _, bit := range word {
			value = value<<1 | bit
		}
		words = append(words, value)
	}
	if got := checkOf(words[:dataWords], checkWords); !bytes.Equal(got, words[dataWords:]) {
		t.Error("the check words do not fit the data")
	}
	if words[0]>>4 != 4 {
		t.Fatalf("mode %d", words[0]>>4)
	}
	length := int(words[0]&15)<<4 | int(words[1]>>4)
	var text strings.Builder
	for i := range length {
		text.WriteByte(words[1+i]<<4 | words[2+i]>>4)
	}
	return text.String()
}

func TestPictureHoldsTheLink(t *testing.T) {
	for _, text := range []string{"https://wa.me/message/ABCDEFGHIJ2345", "x", strings.Repeat("z", mostBytes)} {
		m, err := draw3L(text)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := m.png()
		if err != nil {
			t.Fatal(err)
		}
		if got := scan(t, picture); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
		if got := strings.Count(string(m.svg()), "h1v1h-1z"); got < 300 || got > 541 {
			t.Errorf("the vector picture has %d dark modules", got)
		}
	}
	if _, err := draw3L(strings.Repeat("z", mostBytes+1)); err == nil {
		t.Error("too long a text was drawn")
	}
}

func TestCodesAreKept(t *testing.T) {
	s := New("http://graph.test/", 7)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	post := func(body string) (map[string]any, error) { return s.Post("1", json.RawMessage(body), now) }
	first, err := post(`{"prefilled_message":"Hello","generate_qr_image":"PNG"}`)
	if err != nil || first["deep_link_url"] != "https://wa.me/message/"+first["code"].(string) {
		t.Fatalf("%v, %v", first, err)
	}
	address, err := url.Parse(first["qr_image_url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	kind, picture, ok, err := s.Picture(address.Query())
	if err != nil || !ok || kind != "image/png" || scan(t, picture) != first["deep_link_url"] {
		t.Errorf("picture of %s: %t, %v", address, ok, err)
	}
	second, err := post(`{"prefilled_message":"Hi"}`)
	if err != nil || second["code"] == first["code"] || second["qr_image_url"] != nil {
		t.Errorf("%v, %v", second, err)
	}
	if changed, err := post(`{"code":"` + first["code"].(string) + `","prefilled_message":"Better"}`); err != nil || changed["prefilled_message"] != "Better" {
		t.Errorf("%v, %v", changed, err)
	}
	page, err := s.Page("1", url.Values{"fields": {"code,qr_image_url.format(SVG)"}}, "")
	if err != nil || len(page.Data) != 2 || page.Data[0]["code"] != second["code"] || !strings.Contains(page.Data[0]["qr_image_url"].(string), "format=SVG") {
		t.Errorf("%v, %v", page, err)
	}
	if page, err := s.Page("1", url.Values{"limit": {"1"}}, "http://graph.test/1/message_qrdls"); err != nil || len(page.Data) != 1 || page.Paging.Next == "" {
		t.Errorf("%v, %v", page, err)
	}
	if err := s.Delete("1", first["code"].(string)); err != nil {
		t.Error(err)
	}
	if _, err := s.Get("1", first["code"].(string), ""); err == nil {
		t.Error("a deleted code was read")
	}
	for _, body := range []string{`{}`, `{"prefilled_message":"` + strings.Repeat("é", 141) + `"}`, `{"prefilled_message":"x","generate_qr_image":"GIF"}`, `{"prefilled_message":"x","code":"NONE"}`} {
		if _, err := post(body); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
	for range maxCodes - 1 {
		if _, err := post(`{"prefilled_message":"x"}`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := post(`{"prefilled_message":"x"}`); err == nil {
		t.Error("one code too many was made")
	}
}

package media

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

func jpegOf(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 8, 8)), nil))
	return b.Bytes()
}

func pngOf(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 8, 8))))
	return b.Bytes()
}

// webpOf is an extended WebP: the canvas and the flags are in the first chunk.
func webpOf(flags byte, size int) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"), flags, 0, 0, 0, 7, 0, 0, 7, 0, 0)
	b = append(b, make([]byte, max(0, size-len(b)))...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		check(t, err)
		content := "<xml/>"
		if strings.Contains(name, "thumbnail") {
			content = strings.Repeat("x", 3*sniffLength) // what follows is out of sight
		}
		_, err = w.Write([]byte(content))
		check(t, err)
	}
	check(t, z.Close())
	return b.Bytes()
}

// oleOf is a compound file whose directory, if there is a class, says what made
// it.
func oleOf(class ...byte) []byte {
	b := make([]byte, 4096)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	b[26], b[30], b[32] = 3, 9, 6
	copy(b[512+80:], class)
	return b
}

func oggOf(codec string) []byte {
	b := append([]byte("OggS\x00\x02"), make([]byte, 22)...)
	return append(append(b, codec...), make([]byte, 40)...)
}

func ftyp(brand string) []byte {
	return append([]byte("\x00\x00\x00\x18ftyp"+brand+"\x00\x00\x00\x00isomiso2"), make([]byte, 64)...)
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`

func TestSniff(t *testing.T) {
	office := []string{"[Content_Types].xml", "_rels/.rels"}
	tests := []struct {
		name           string
		data           []byte
		file, declared string
		want           string // "" is refused
		kind           wa.MediaKind
	}{
		{name: "jpeg", data: jpegOf(t), want: "image/jpeg", kind: wa.KindImage},
		{name: "jpeg declared png", data: jpegOf(t), declared: "image/png", want: "image/jpeg", kind: wa.KindImage},
		{name: "png without a type", data: pngOf(t), declared: "application/octet-stream", want: "image/png", kind: wa.KindImage},
		{name: "png with a broken type", data: pngOf(t), declared: ";;/", want: "image/png", kind: wa.KindImage},
		{name: "webp", data: webpOf(0, 100), want: "image/webp", kind: wa.KindSticker},
		{name: "animated webp", data: webpOf(2, 100), want: "image/webp", kind: wa.KindSticker},
		{name: "mp4", data: ftyp("isom"), want: "video/mp4", kind: wa.KindVideo},
		{name: "mp4 by Apple", data: ftyp("M4V "), want: "video/mp4", kind: wa.KindVideo},
		{name: "3gp", data: ftyp("3gp5"), want: "video/3gpp", kind: wa.KindVideo},
		{name: "m4a", data: ftyp("M4A "), file: "a.mp4", want: "audio/mp4", kind: wa.KindAudio},
		{name: "m4a with the brand of a video", data: ftyp("mp42"), file: "rec.M4A", want: "audio/mp4", kind: wa.KindAudio},
		{name: "declared m4a with the brand of a video", data: ftyp("isom"), declared: "audio/mp4", want: "audio/mp4", kind: wa.KindAudio},
		{name: "video with a brand for both", data: ftyp("MSNV"), file: "a.mp4", want: "video/mp4", kind: wa.KindVideo},
		{name: "mov", data: ftyp("qt  "), declared: "video/mp4"},
		{name: "heic", data: ftyp("heic"), declared: "image/jpeg"},
		{name: "mp3", data: []byte("ID3\x04\x00\x00\x00\x00\x00\x0a" + strings.Repeat("\x00", 64)), want: "audio/mpeg", kind: wa.KindAudio},
		{name: "mp3 without tags", data: append([]byte{0xff, 0xfb, 0x90, 0x64}, make([]byte, 500)...), want: "audio/mpeg", kind: wa.KindAudio},
		{name: "aac", data: append([]byte{0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc}, make([]byte, 64)...), want: "audio/aac", kind: wa.KindAudio},
		{name: "amr", data: []byte("#!AMR\n\x3c\x91\x17"), want: "audio/amr", kind: wa.KindAudio},
		{name: "ogg with opus", data: oggOf("OpusHead\x01\x01"), want: "audio/ogg", kind: wa.KindAudio},
		{name: "ogg with vorbis", data: oggOf("\x01vorbis"), declared: "audio/ogg"},
		{name: "ogg with video", data: oggOf("\x80theora"), declared: "audio/ogg"},
		{name: "wav", data: []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"), declared: "audio/mpeg"},
		{name: "pdf", data: aPDF, want: "application/pdf", kind: wa.KindDocument},
		{name: "docx", data: zipOf(t, append(office, "word/document.xml")...), want: typeDocx, kind: wa.KindDocument},
		{name: "xlsx", data: zipOf(t, append(office, "xl/workbook.xml")...), want: typeXLSX, kind: wa.KindDocument},
		{name: "pptx", data: zipOf(t, append(office, "ppt/presentation.xml")...), want: typePPTX, kind: wa.KindDocument},
		{
			name: "pptx behind its picture", file: "talk.PPTX", want: typePPTX, kind: wa.KindDocument,
			data: zipOf(t, "[Content_Types].xml", "docProps/thumbnail.jpeg", "ppt/presentation.xml"),
		},
		{
			name: "docx behind its picture, declared", declared: typeDocx, want: typeDocx, kind: wa.KindDocument,
			data: zipOf(t, "docProps/thumbnail.jpeg", "word/document.xml"),
		},
		{name: "office without a claim", data: zipOf(t, "[Content_Types].xml", "docProps/thumbnail.jpeg")},
		{name: "zip", data: zipOf(t, "a.txt")},
		{name: "zip called docx", data: zipOf(t, "a.txt"), file: "a.docx", declared: typeDocx},
		{name: "doc", data: oleOf(6, 9, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46), want: typeDoc, kind: wa.KindDocument},
		{name: "xls", data: oleOf(0x20, 8, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46), want: typeXLS, kind: wa.KindDocument},
		{name: "ppt whose directory is out of sight", data: oleOf(), file: "a.ppt", want: typePPT, kind: wa.KindDocument},
		{name: "compound file without a claim", data: oleOf()},
		{name: "outlook", data: oleOf(0x0b, 0x0d, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46), file: "a.doc"},
		{name: "text", data: []byte("Dear Ada,\nthank you.\n"), want: "text/plain", kind: wa.KindDocument},
		{name: "text in UTF-16", data: []byte("\xff\xfeH\x00i\x00\n\x00"), want: "text/plain", kind: wa.KindDocument},
		{name: "csv as text", data: []byte("a,b,c\n1,2,3\n4,5,6\n"), declared: "text/plain; charset=utf-8", want: "text/plain", kind: wa.KindDocument},
		{name: "csv called txt", data: []byte("a,b,c\n1,2,3\n4,5,6\n"), file: "t.TXT", want: "text/plain", kind: wa.KindDocument},
		{name: "tsv called txt", data: []byte("a\tb\tc\n1\t2\t3\n4\t5\t6\n"), file: "t.txt", want: "text/plain", kind: wa.KindDocument},
		{name: "csv", data: []byte("a,b,c\n1,2,3\n4,5,6\n"), file: "t.csv", declared: "text/csv"},
		{name: "html", data: []byte("<!DOCTYPE html><script>alert(1)</script>"), declared: "image/png"},
		{name: "html called txt", data: []byte("<html><body>hi"), file: "a.txt", declared: "text/plain"},
		{name: "svg", data: []byte(svg), declared: "image/png"},
		{name: "svg with a prolog", data: []byte(`<?xml version="1.0"?>` + svg), declared: "image/png"},
		{name: "shell script", data: []byte("#!/bin/sh\nrm -rf ~\n"), declared: "text/plain"},
		{name: "php", data: []byte("<?php system($_GET[0]);"), declared: "image/jpeg"},
		{name: "json", data: []byte(`{"a": [1, 2, 3]}`), declared: "text/plain"},
		{name: "gif", data: []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), declared: "image/png"},
		{name: "program of Windows", data: append([]byte("MZ\x90\x00"), make([]byte, 200)...), declared: "application/pdf"},
		{name: "program of Linux", data: append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 200)...), declared: "application/pdf"},
		{name: "gzip", data: []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), declared: "text/plain"},
		{name: "noise", data: []byte{1, 2, 3, 0, 250, 9, 9, 9}, declared: "image/jpeg"},
		{name: "empty", declared: "image/jpeg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sniff(tt.data[:min(len(tt.data), sniffLength)], tt.file, tt.declared)
			if tt.want == "" {
				e := wantProblem(t, err, wa.CodeInvalid, wa.RuleBadMedia)
				if !strings.HasPrefix(e.Detail, "the file is ") {
					t.Errorf("the detail is %q", e.Detail)
				}
				return
			}
			if err != nil || got.mime != tt.want || got.kind != tt.kind {
				t.Errorf("got %s %s, %v, want %s %s", got.kind, got.mime, err, tt.kind, tt.want)
			}
		})
	}
}

func wantProblem(t testing.TB, err error, code wa.Code, rule wa.Rule) wa.Problem {
	t.Helper()
	e, ok := err.(*wa.Error) //nolint:errorlint // it must be the error itself
	if !ok || e.Code != code || len(e.Problems) != 1 || e.Problems[0].Rule != rule || e.Problems[0].Field != "file" ||
		e.Problems[0].Detail == "" {
		t.Fatalf("got %#v, want %s with one problem %s of the file", err, code, rule)
	}
	return e.Problems[0]
}

// pngHeader is the beginning of a PNG of that size.
func pngHeader(width, height uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, width)
	chunk = binary.BigEndian.AppendUint32(chunk, height)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

// jpegHeader is a JPEG of that size with so much before the size that it is out
// of sight of the sniffer.
func jpegHeader(t testing.TB, width, height uint16) []byte {
	t.Helper()
	small := jpegOf(t)
	segment := append([]byte{0xff, 0xe1, 0xea, 0x62}, make([]byte, 60000)...)
	b := append(bytes.Clone(small[:2]), bytes.Repeat(segment, 3)...)
	b = append(b, small[2:]...)
	sof := bytes.LastIndex(b, []byte{0xff, 0xc0, 0, 17, 8})
	if sof < 0 {
		t.Fatal("no frame header in the sample")
	}
	binary.BigEndian.PutUint16(b[sof+5:], height)
	binary.BigEndian.PutUint16(b[sof+7:], width)
	return b
}

func TestImageOfTooManyPixelsIsRefused(t *testing.T) {
	hugeWebP := webpOf(2, 200)
	copy(hugeWebP[24:], "\xff\x3f\x00\xff\x3f\x00") // 16384 × 16384
	broken := pngHeader(30000, 30000)
	broken[len(broken)-1] ^= 1
	tests := []struct {
		name    string
		data    []byte
		refused bool
	}{
		{"png of 50 megapixels", pngHeader(10000, 5000), false},
		{"png of a little more", pngHeader(10001, 5000), true},
		{"png bomb", pngHeader(30000, 30000), true},
		{"png that overflows", pngHeader(1<<31-1, 1<<31-1), true},
		{"png whose header is broken", broken, false},
		{"jpeg", jpegHeader(t, 800, 600), false},
		{"jpeg bomb", jpegHeader(t, 30000, 30000), true},
		{"webp", webpOf(0, 200), false},
		{"webp bomb", hugeWebP, true},
	}
	f := newFixture(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := f.Put(t.Context(), f.account, "", "", bytes.NewReader(tt.data))
			if tt.refused {
				wantProblem(t, err, wa.CodeInvalid, wa.RuleBadMedia)
				return
			}
			check(t, err)
			if _, data, err := f.read(m.ID); err != nil || !bytes.Equal(data, tt.data) {
				t.Errorf("other bytes come back (%v)", err)
			}
			check(t, f.Delete(t.Context(), f.account, m.ID))
		})
	}
	f.wantNothingStored()
}

func FuzzSniff(f *testing.F) {
	for _, data := range [][]byte{
		nil, aPDF, jpegOf(f), pngOf(f), webpOf(2, 60), webpOf(0, 21), zipOf(f, "[Content_Types].xml", "word/d.xml"),
		oleOf(), oggOf("OpusHead"), ftyp("isom"), []byte(svg), []byte("a,b\n1,2\n"), []byte("PK\x03\x04"), []byte("RIFF1234WEBPVP8X"),
	} {
		f.Add(data, "a.txt", "text/plain")
	}
	f.Fuzz(func(t *testing.T, data []byte, name, declared string) {
		got, err := sniff(data[:min(len(data), sniffLength)], name, declared)
		if err != nil {
			wantProblem(t, err, wa.CodeInvalid, wa.RuleBadMedia)
			return
		}
		if _, ok := formatOf(got.mime); !ok || !got.kind.Valid() || got.limit <= 0 {
			t.Errorf("got %+v, which is not of the list", got)
		}
		// No name and no declared type makes a file out of what browsers run.
		start := strings.ToLower(strings.TrimLeft(string(data[:min(len(data), 64)]), " \t\r\n"))
		if strings.HasPrefix(start, "<!doctype html>") && !bytes.Contains(data, []byte("%PDF-")) && got.mime != "audio/mpeg" {
			t.Errorf("HTML passes as %s", got.mime)
		}
		if clean := cleanName(name); strings.ContainsAny(clean, "/\\\r\n\x00") {
			t.Errorf("the name %q stays", clean)
		}
		body, err := checkPixels(got, bytes.NewReader(data))
		if err != nil {
			return
		}
		var whole bytes.Buffer
		if _, err := whole.ReadFrom(body); err != nil || !bytes.Equal(whole.Bytes(), data) {
			t.Errorf("the body is not whole (%v)", err)
		}
	})
}

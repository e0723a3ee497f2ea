package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/functions/functionstest"
)

// picture is 512 × 256: each thumbnail pixel covers 4 × 4 of it, in which three
// rows have the colour of the place and one is black.
func picture() image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 512, 256))
	for y := range 256 {
		for x := range 512 {
			p.SetRGBA(x, y, color.RGBA{A: 255})
			if y%4 < 3 {
				p.SetRGBA(x, y, color.RGBA{uint8(x / 4), uint8(y / 4 * 2), 200, 255})
			}
		}
	}
	return p
}

func encoded(t *testing.T, p image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestThumbnail compares every pixel with the mean of the 16 that it stands for.
func TestThumbnail(t *testing.T) {
	res, err := functionstest.Blob(newApp(), "thumbnail", functions.Blob{
		Container: "samples-workers", Name: "a.png", Params: map[string]string{"name": "a.png"}, Content: encoded(t, picture()),
	})
	if err != nil || len(res.Output) != 1 {
		t.Fatal(err, res)
	}
	small, format, err := image.Decode(bytes.NewReader(res.Output[0]))
	if err != nil || format != "png" || small.Bounds() != image.Rect(0, 0, 128, 64) {
		t.Fatal(err, format, small.Bounds())
	}
	third := func(v int) uint8 { return uint8((12*v + 8) / 16) }
	for y := range 64 {
		for x := range 128 {
			want := color.RGBA{third(x), third(y * 2), third(200), 255}
			if got := color.RGBAModel.Convert(small.At(x, y)); got != want {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want)
			}
		}
	}
}

// TestScaleByParts: a new pixel may cover parts of old ones, and what is clear
// has no colour to mix in.
func TestScaleByParts(t *testing.T) {
	p := image.NewNRGBA(image.Rect(5, 7, 8, 8)) // three columns to two
	p.Set(5, 7, color.NRGBA{90, 0, 0, 255})
	p.Set(6, 7, color.NRGBA{30, 0, 60, 255})
	p.Set(7, 7, color.NRGBA{255, 255, 255, 0})
	got := scale(p, image.Pt(2, 1))
	want := []color.RGBA{{70, 0, 20, 255}, {10, 0, 20, 85}}
	for x, c := range want {
		if got.RGBAAt(x, 0) != c {
			t.Errorf("pixel %d is %v, want %v", x, got.RGBAAt(x, 0), c)
		}
	}
}

func TestOtherPictures(t *testing.T) {
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, picture(), nil); err != nil {
		t.Fatal(err)
	}
	tiny := encoded(t, image.NewRGBA(image.Rect(0, 0, 128, 1)))
	for name, tc := range map[string]struct {
		content []byte
		format  string // of the thumbnail, "": none
		same    bool
	}{
		"photo.jpg": {photo.Bytes(), "jpeg", false},
		"tiny.png":  {tiny, "png", true},
		"line.png":  {encoded(t, image.NewRGBA(image.Rect(0, 0, 5000, 1))), "png", false},
		"notes.txt": {[]byte("not a picture"), "", false},
		"empty":     {nil, "", false},
	} {
		res, err := functionstest.Blob(newApp(), "thumbnail", functions.Blob{Name: name, Content: tc.content})
		if err != nil {
			t.Fatal(name, err)
		}
		if tc.format == "" {
			if len(res.Output) != 0 {
				t.Errorf("%s has a thumbnail", name)
			}
			continue
		}
		c, format, err := image.DecodeConfig(bytes.NewReader(res.Output[0]))
		if err != nil || format != tc.format || c.Width != 128 || c.Height < 1 || tc.same != bytes.Equal(res.Output[0], tc.content) {
			t.Errorf("%s: %s of %d × %d, %v", name, format, c.Width, c.Height, err)
		}
	}
	// What says that it is huge is not decoded.
	huge := bytes.Clone(tiny)
	binary.BigEndian.PutUint32(huge[16:], 8192) // width and height of the header
	binary.BigEndian.PutUint32(huge[20:], 8192)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	if _, err := shrink(huge); err == nil || !strings.Contains(err.Error(), "8192 × 8192 pixels") {
		t.Errorf("%v", err)
	}
}

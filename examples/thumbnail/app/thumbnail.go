package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"log/slog"

	"github.com/lazuli-dev/lazuli/functions"
)

const (
	// maxSide is the longer side of a thumbnail, in pixels.
	maxSide = 128
	// maxPixels bounds what is decoded: a small file may hold a huge picture.
	maxPixels = 50 << 20
)

// thumbnail writes a small copy of a picture. A blob that is none is logged and
// passed over: to try again would not make it one.
func thumbnail(to *functions.BlobOutput) func(context.Context, functions.Blob) error {
	return func(ctx context.Context, b functions.Blob) error {
		small, err := shrink(b.Content)
		if err != nil {
			slog.WarnContext(ctx, "not a picture", "blob", b.Name, "error", err)
			return nil
		}
		slog.InfoContext(ctx, "thumbnail", "blob", b.Name, "from_bytes", len(b.Content), "to_bytes", len(small))
		return to.Write(ctx, small)
	}
}

// shrink returns a picture in the same format that is at most maxSide wide and
// high. One that is small enough is returned as it is.
func shrink(content []byte) ([]byte, error) {
	c, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if c.Width*c.Height > maxPixels {
		return nil, fmt.Errorf("it has %d × %d pixels", c.Width, c.Height)
	}
	size := fit(image.Pt(c.Width, c.Height))
	if size.X == c.Width && size.Y == c.Height {
		return content, nil
	}
	picture, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if format == "jpeg" {
		err = jpeg.Encode(&out, scale(picture, size), &jpeg.Options{Quality: 90})
	} else {
		err = png.Encode(&out, scale(picture, size))
	}
	return out.Bytes(), err
}

// fit is the size of the thumbnail, with the picture's proportions.
func fit(size image.Point) image.Point {
	longer := max(size.X, size.Y)
	if longer <= maxSide {
		return size
	}
	side := func(n int) int { return max(1, (n*maxSide+longer/2)/longer) }
	return image.Pt(side(size.X), side(size.Y))
}

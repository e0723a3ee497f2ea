package main

import (
	"image"
	"image/draw"
)

// scale makes a picture smaller: each new pixel is the mean of the area that it
// covers, in whole numbers, so that the result is the same on every machine.
func scale(picture image.Image, size image.Point) *image.RGBA {
	from := image.NewRGBA(image.Rectangle{Max: picture.Bounds().Size()})
	draw.Draw(from, from.Bounds(), picture, picture.Bounds().Min, draw.Src)
	to := image.NewRGBA(image.Rectangle{Max: size})
	columns, rows := covers(from.Rect.Dx(), size.X), covers(from.Rect.Dy(), size.Y)
	for y, row := range rows {
		for x, column := range columns {
			mean(to.Pix[to.PixOffset(x, y):], from, column, row)
		}
	}
	return to
}

// part is a row or column of the old picture, and how much of it a new one covers.
type part struct{ at, weight int }

// covers returns, for each of n new columns, the old ones that it covers. An old
// column is n wide and a new one old wide, so that weights are whole.
func covers(old, n int) [][]part {
	out := make([][]part, n)
	for i := range out {
		begin, end := i*old, (i+1)*old
		for at := begin / n; at*n < end; at++ {
			out[i] = append(out[i], part{at, min(end, (at+1)*n) - max(begin, at*n)})
		}
	}
	return out
}

// mean writes the pixel that covers some columns and rows.
func mean(pixel []uint8, from *image.RGBA, columns, rows []part) {
	var sum [4]int
	area := 0
	for _, row := range rows {
		for _, column := range columns {
			weight := row.weight * column.weight
			area += weight
			for i, v := range from.Pix[from.PixOffset(column.at, row.at):][:4] {
				sum[i] += weight * int(v)
			}
		}
	}
	for i := range sum {
		pixel[i] = uint8((sum[i] + area/2) / area)
	}
}

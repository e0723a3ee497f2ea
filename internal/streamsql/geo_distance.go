package streamsql

import "math"

// The ellipsoid WGS 84: the long half axis in metres, and the flattening.
const (
	earthAxis       = 6378137.0
	earthFlattening = 1 / 298.257223563
	earthRadius     = 6371008.8 // mean
)

// distance is in metres on the globe: between points the geodesic of WGS 84. Of a
// polygon it is 0, wherever the other shape is: so the vendor's page says. A
// line's surroundings are taken as flat, which is right within 1 % up to some
// hundred kilometres. ok is false for positions that are not on the globe.
func (g *geometry) distance(h *geometry) (metres float64, ok bool) {
	for _, shape := range [...]*geometry{g, h} {
		for _, ring := range shape.rings {
			for _, p := range ring {
				if !p.onGlobe() {
					return 0, false
				}
			}
		}
	}
	switch {
	case g.kind == 'A', h.kind == 'A', g.intersects(h):
		return 0, true
	case g.kind == 'P' && h.kind == 'P':
		return geodesic(g.rings[0][0], h.rings[0][0]), true
	}
	return g.flatDistance(h), true
}

// flatDistance stretches longitude and latitude to metres.
func (g *geometry) flatDistance(h *geometry) float64 {
	scaleY := math.Pi / 180 * earthRadius
	scaleX := scaleY * math.Cos((g.rings[0][0].y+h.rings[0][0].y)/2*math.Pi/180)
	flat := func(p point) point { return point{p.x * scaleX, p.y * scaleY} }
	least := math.Inf(1)
	eachPair(g, h, func(a, b, c, d point) bool {
		a, b, c, d = flat(a), flat(b), flat(c), flat(d)
		least = min(least, toSegment(a, c, d), toSegment(b, c, d), toSegment(c, a, b), toSegment(d, a, b))
		return true
	})
	return least
}

// toSegment is the distance of p from the segment ab.
func toSegment(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((p.x-a.x)*dx+(p.y-a.y)*dy)/l, 0), 1)
	}
	return math.Hypot(p.x-a.x-t*dx, p.y-a.y-t*dy)
}

// geodesic is the shortest way over the ellipsoid, by Vincenty's inverse formula
// (Survey Review 176, 1975), exact to a millimetre. For points nearly opposite
// each other, where it does not settle, it is the great circle of the sphere.
func geodesic(a, b point) float64 {
	const rad = math.Pi / 180
	lower := (1 - earthFlattening) * earthAxis
	sinA, cosA := math.Sincos(math.Atan((1 - earthFlattening) * math.Tan(a.y*rad)))
	sinB, cosB := math.Sincos(math.Atan((1 - earthFlattening) * math.Tan(b.y*rad)))
	length := (b.x - a.x) * rad
	lambda := length
	for range 100 {
		sinL, cosL := math.Sincos(lambda)
		sin := math.Hypot(cosB*sinL, cosA*sinB-sinA*cosB*cosL)
		if sin == 0 {
			return 0
		}
		cos := sinA*sinB + cosA*cosB*cosL
		sigma := math.Atan2(sin, cos)
		sinAlpha := cosA * cosB * sinL / sin
		cos2Alpha := 1 - sinAlpha*sinAlpha
		mid := 0.0 // cosine of twice the middle of the way; 0 on the equator
		if cos2Alpha > 0 {
			mid = cos - 2*sinA*sinB/cos2Alpha
		}
		c := earthFlattening / 16 * cos2Alpha * (4 + earthFlattening*(4-3*cos2Alpha))
		last := lambda
		lambda = length + (1-c)*earthFlattening*sinAlpha*(sigma+c*sin*(mid+c*cos*(2*mid*mid-1)))
		if math.Abs(lambda-last) > 1e-12 {
			continue
		}
		u := cos2Alpha * (earthAxis*earthAxis - lower*lower) / (lower * lower)
		p := 1 + u/16384*(4096+u*(u*(320-175*u)-768))
		q := u / 1024 * (256 + u*(u*(74-47*u)-128))
		delta := q * sin * (mid + q/4*(cos*(2*mid*mid-1)-q/6*mid*(4*sin*sin-3)*(4*mid*mid-3)))
		return lower * p * (sigma - delta)
	}
	return haversine(a, b)
}

func haversine(a, b point) float64 {
	const rad = math.Pi / 180
	lat, lon := math.Sin((b.y-a.y)*rad/2), math.Sin((b.x-a.x)*rad/2)
	h := lat*lat + math.Cos(a.y*rad)*math.Cos(b.y*rad)*lon*lon
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1)))
}

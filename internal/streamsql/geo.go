package streamsql

import (
	"math"
	"strconv"
	"strings"
)

// point is a position: longitude and latitude in degrees, or x and y.
type point struct{ x, y float64 }

// geometry is a point, a line or a polygon with holes.
type geometry struct {
	kind   byte      // 'P' point, 'L' line, 'A' polygon (area)
	rings  [][]point // a point and a line have one; of a polygon the first is the outside
	planar bool      // from WKT, which may also be x and y of a plane
}

// maxGeoPoints bounds the positions of one geometry.
const maxGeoPoints = 20000

// geometryOf reads a GeoJSON record, or well-known text, which is planar.
func geometryOf(v Value) (geometry, bool) {
	switch v.kind {
	case Record:
		return fromGeoJSON(v)
	case String:
		return fromWKT(v.str)
	case Null, Bit, BigInt, Float, DateTime, Array:
	}
	return geometry{}, false
}

func fromGeoJSON(v Value) (geometry, bool) {
	kind := recordProperty(v.str, "type", nil)
	coords := recordProperty(v.str, "coordinates", nil)
	var g geometry
	ok := false
	switch strings.ToLower(kind.Text()) {
	case "point":
		var p point
		p, ok = pointOf(coords)
		g = geometry{kind: 'P', rings: [][]point{{p}}}
	case "linestring":
		var line []point
		line, ok = pointsOf(coords)
		g = geometry{kind: 'L', rings: [][]point{line}}
	case "polygon":
		g.kind, ok = 'A', true
		EachElement(coords, nil, func(_ int, ring Value) bool {
			var ps []point
			ps, ok = pointsOf(ring)
			g.rings = append(g.rings, ps)
			return ok
		})
	}
	return g, ok && g.valid()
}

func pointOf(v Value) (p point, ok bool) {
	n := 0
	EachElement(v, nil, func(i int, e Value) bool {
		f, isNumber := e.Number()
		switch i {
		case 0:
			p.x = f
		case 1:
			p.y = f
		}
		if isNumber {
			n++
		}
		return i < 1
	})
	return p, n == 2
}

func pointsOf(v Value) (ps []point, ok bool) {
	ok = true
	EachElement(v, nil, func(_ int, e Value) bool {
		var p point
		p, ok = pointOf(e)
		ps = append(ps, p)
		return ok && len(ps) <= maxGeoPoints
	})
	return ps, ok
}

// fromWKT reads POINT (x y), LINESTRING (x y, …) and POLYGON ((x y, …), …).
func fromWKT(s string) (geometry, bool) {
	name, rest, ok := strings.Cut(strings.TrimSpace(s), "(")
	rest, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
	if !ok || !closed {
		return geometry{}, false
	}
	g := geometry{planar: true}
	bodies := []string{rest}
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "POINT":
		g.kind = 'P'
	case "LINESTRING":
		g.kind = 'L'
	case "POLYGON":
		g.kind, bodies = 'A', nil
		for _, part := range strings.Split(rest, ")") {
			part = strings.Trim(part, " ,")
			if inside, opened := strings.CutPrefix(part, "("); opened {
				bodies = append(bodies, inside)
			} else if part != "" {
				return g, false
			}
		}
	default:
		return g, false
	}
	for _, body := range bodies {
		var ring []point
		for _, pair := range strings.Split(body, ",") {
			f := strings.Fields(pair)
			if len(f) != 2 || len(ring) > maxGeoPoints {
				return g, false
			}
			x, errX := strconv.ParseFloat(f[0], 64)
			y, errY := strconv.ParseFloat(f[1], 64)
			if errX != nil || errY != nil {
				return g, false
			}
			ring = append(ring, point{x, y})
		}
		g.rings = append(g.rings, ring)
	}
	return g, g.valid()
}

// valid says whether the shape has enough positions, and rings are closed.
func (g *geometry) valid() bool {
	if len(g.rings) == 0 {
		return false
	}
	for _, r := range g.rings {
		n := len(r)
		switch {
		case n > maxGeoPoints, g.kind == 'P' && n != 1, g.kind == 'L' && n < 2, g.kind == 'A' && (n < 4 || r[0] != r[n-1]):
			return false
		}
		for _, p := range r {
			if p.x-p.x != 0 || p.y-p.y != 0 || !g.planar && !p.onGlobe() {
				return false
			}
		}
	}
	return true
}

// onGlobe says whether p can be a longitude and latitude.
func (p point) onGlobe() bool { return math.Abs(p.y) <= 90 && math.Abs(p.x) <= 360 }

// holds says whether p is inside of a polygon or on its edge.
func (g *geometry) holds(p point) bool {
	for i, ring := range g.rings {
		inside, edge := ringHolds(ring, p)
		if edge {
			return true
		}
		if inside == (i > 0) { // not in the outside, or in a hole
			return false
		}
	}
	return true
}

// ringHolds counts the crossings of a ray to the right.
func ringHolds(ring []point, p point) (inside, edge bool) {
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		if onSegment(a, b, p) {
			return true, true
		}
		if (a.y > p.y) != (b.y > p.y) && p.x < (b.x-a.x)*(p.y-a.y)/(b.y-a.y)+a.x {
			inside = !inside
		}
	}
	return inside, false
}

func cross(a, b, c point) float64 { return (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x) }

func onSegment(a, b, p point) bool {
	return cross(a, b, p) == 0 && p.x >= min(a.x, b.x) && p.x <= max(a.x, b.x) && p.y >= min(a.y, b.y) && p.y <= max(a.y, b.y)
}

// segmentsMeet says whether two segments have a point in common; proper, whether
// they cross within both.
func segmentsMeet(a, b, c, d point) (meet, proper bool) {
	abc, abd, cda, cdb := cross(a, b, c), cross(a, b, d), cross(c, d, a), cross(c, d, b)
	if (abc > 0) != (abd > 0) && (cda > 0) != (cdb > 0) && abc*abd*cda*cdb != 0 {
		return true, true
	}
	return onSegment(a, b, c) || onSegment(a, b, d) || onSegment(c, d, a) || onSegment(c, d, b), false
}

// eachPair calls visit with every pair of segments of two shapes; a point is a
// segment of no length.
func eachPair(g, h *geometry, visit func(a, b, c, d point) bool) {
	g.segments(func(a, b point) bool {
		more := true
		h.segments(func(c, d point) bool {
			more = visit(a, b, c, d)
			return more
		})
		return more
	})
}

func (g *geometry) segments(visit func(a, b point) bool) {
	if g.kind == 'P' {
		visit(g.rings[0][0], g.rings[0][0])
		return
	}
	for _, r := range g.rings {
		for i := 1; i < len(r); i++ {
			if !visit(r[i-1], r[i]) {
				return
			}
		}
	}
}

// intersects says whether two shapes have a point in common.
func (g *geometry) intersects(h *geometry) bool {
	if g.kind == 'A' && g.holds(h.rings[0][0]) || h.kind == 'A' && h.holds(g.rings[0][0]) {
		return true
	}
	found := false
	eachPair(g, h, func(a, b, c, d point) bool {
		found, _ = segmentsMeet(a, b, c, d)
		return !found
	})
	return found
}

// within says whether g lies inside of the polygon h, edges included.
func (g *geometry) within(h *geometry) bool {
	if h.kind != 'A' {
		return false
	}
	for _, p := range g.rings[0] {
		if !h.holds(p) {
			return false
		}
	}
	for _, hole := range h.rings[1:] {
		if g.kind == 'A' && g.holds(hole[0]) && !onAnyEdge(g, hole[0]) {
			return false // the hole of h is inside of g
		}
	}
	inside := true
	eachPair(g, h, func(a, b, c, d point) bool {
		_, proper := segmentsMeet(a, b, c, d)
		mid := point{(a.x + b.x) / 2, (a.y + b.y) / 2}
		inside = !proper && h.holds(mid)
		return inside
	})
	return inside
}

func onAnyEdge(g *geometry, p point) bool {
	found := false
	g.segments(func(a, b point) bool {
		found = onSegment(a, b, p)
		return !found
	})
	return found
}

package streamsql

// geoFuncs are CreatePoint CreateLineString CreatePolygon ST_DISTANCE ST_WITHIN
// ST_OVERLAPS ST_INTERSECTS.
//
// Shapes are GeoJSON records or well-known text: longitude and latitude, distances
// in metres. Edges are straight in them (the planar geometry of compatibility
// level 1.2), so shapes across the date line are not supported, and the tests,
// which give 1 or 0, take well-known text of any plane. What is no shape is a data
// error.
func geoFuncs() map[string]scalarFunc {
	test := func(f func(g, h *geometry) bool) scalarFunc {
		return scalarFunc{min: 2, max: 2, f2: func(r *Row, at *site, a, b Value) Value {
			g, h, ok := twoShapes(r, at, a, b)
			if !ok {
				return NullValue
			}
			if f(&g, &h) {
				return BigIntValue(1)
			}
			return BigIntValue(0)
		}}
	}
	return map[string]scalarFunc{
		"createpoint":      {min: 2, max: 2, f2: createPoint},
		"createlinestring": {min: 2, max: maxArgs, fn: createLineString},
		"createpolygon":    {min: 4, max: maxArgs, fn: createPolygon},
		"st_distance": {min: 2, max: 2, f2: func(r *Row, at *site, a, b Value) Value {
			g, h, ok := twoShapes(r, at, a, b)
			if !ok {
				return NullValue
			}
			metres, ok := g.distance(&h)
			if !ok {
				return at.fail(r, "%s is geodesic: a latitude is from -90 to 90, a longitude from -180 to 180", at.name)
			}
			return finite(r, at, metres)
		}},
		"st_within":     test((*geometry).within),
		"st_intersects": test((*geometry).intersects),
		"st_overlaps":   test(overlaps),
	}
}

// overlaps says whether two polygons share a point and neither lies in the other.
func overlaps(g, h *geometry) bool {
	return g.kind == 'A' && h.kind == 'A' && g.intersects(h) && !g.within(h) && !h.within(g)
}

func twoShapes(r *Row, at *site, a, b Value) (g, h geometry, ok bool) {
	g, okG := geometryOf(a)
	h, okH := geometryOf(b)
	switch {
	case !okG:
		at.fail(r, "%s is no point, line or closed polygon in GeoJSON or WKT", describe(a))
	case !okH:
		at.fail(r, "%s is no point, line or closed polygon in GeoJSON or WKT", describe(b))
	}
	return g, h, okG && okH
}

// createPoint is CreatePoint(latitude, longitude); GeoJSON has them the other
// way round.
func createPoint(r *Row, at *site, a, b Value) Value {
	lat, okA := number(r, at, a)
	lon, okB := number(r, at, b)
	if !okA || !okB {
		return NullValue
	}
	y, _ := lat.Number()
	x, _ := lon.Number()
	if y < -90 || y > 90 || x < -180 || x > 180 {
		return at.fail(r, "latitude %v, longitude %v is no place on the globe", y, x)
	}
	buf := append(r.Scratch.buffer(64), `{"type":"Point","coordinates":`...)
	return RecordValue(r.Scratch.keep(append(appendPosition(buf, point{x, y}), '}')))
}

func appendPosition(dst []byte, p point) []byte {
	dst = appendFloat(append(dst, '['), p.x)
	return append(appendFloat(append(dst, ','), p.y), ']')
}

func createLineString(r *Row, at *site, args []Value) Value {
	return createShape(r, at, args, `{"type":"LineString","coordinates":[`, "]}")
}

// createPolygon takes the corners against the clock, the first again at the end.
func createPolygon(r *Row, at *site, args []Value) Value {
	return createShape(r, at, args, `{"type":"Polygon","coordinates":[[`, "]]}")
}

func createShape(r *Row, at *site, args []Value, head, tail string) Value {
	ps := make([]point, 0, len(args))
	for _, a := range args {
		g, ok := geometryOf(a)
		if !ok || g.kind != 'P' || g.planar {
			return at.fail(r, "%s takes points made by CreatePoint, not %s", at.name, describe(a))
		}
		ps = append(ps, g.rings[0][0])
	}
	if tail == "]]}" && ps[0] != ps[len(ps)-1] {
		return at.fail(r, "the first and the last point of a polygon are the same")
	}
	buf := append(r.Scratch.buffer(256), head...)
	for i, p := range ps {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendPosition(buf, p)
	}
	return RecordValue(r.Scratch.keep(append(buf, tail...)))
}

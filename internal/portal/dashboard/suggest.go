package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Suggestion is a dashboard that could be made of a project's data.
type Suggestion struct {
	Kind   string `json:"kind"`   // now, trends, latest, map or groups
	Source string `json:"source"` // the container or dataset
	Name   string `json:"name"`
	Title  Text   `json:"title"`
	Tiles  int    `json:"tiles"`
	Text   string `json:"text"` // the file
}

const maxSuggestions = 4

// Suggest makes dashboards of what the newest rows look like: at most four, the
// sources in turn.
func (s *Set) Suggest(ctx context.Context) []Suggestion {
	containers, datasets := s.Sources()
	var samples []Sample
	for _, c := range containers {
		if len(samples) == maxSuggestions {
			break
		}
		if one, err := s.Sample(ctx, c, ""); err == nil && one.Rows > 0 { // one that is gone meanwhile suggests nothing
			samples = append(samples, one)
		}
	}
	for _, d := range datasets {
		if one, err := s.Sample(ctx, "", d); err == nil && one.Rows > 0 {
			samples = append(samples, one)
		}
	}
	out := []Suggestion{}
	for _, kind := range suggestionKinds {
		for _, one := range samples {
			if len(out) == maxSuggestions {
				return out
			}
			if d := kind.make(guess(one)); d != nil {
				out = append(out, s.suggestion(kind, one, d))
			}
		}
	}
	return out
}

type suggestionKind struct {
	kind  string
	title Text // with %s for the source
	make  func(guessed) []map[string]any
}

var suggestionKinds = []suggestionKind{
	{"now", Text{"en": "%s now", "ko": "%s 현재"}, guessed.now},
	{"trends", Text{"en": "%s over time", "ko": "%s 추이"}, guessed.trends},
	{"map", Text{"en": "%s on the map", "ko": "%s 지도"}, guessed.onMap},
	{"groups", Text{"en": "%s by group", "ko": "%s 그룹별"}, guessed.groups},
	{"latest", Text{"en": "Latest %s", "ko": "최근 %s"}, guessed.latest},
}

// guessed is what the fields of a source may mean.
type guessed struct {
	dataset, time, key string
	numbers            []Field
	texts              []Field // of few values
	lat, lon           string
	all                []Field
}

func guess(s Sample) guessed {
	g := guessed{dataset: "rows", all: s.Fields}
	if s.Dataset != "" {
		g.dataset = s.Dataset
	} else if _, name, _ := strings.Cut(s.Container, "/"); boardName.MatchString(name) {
		g.dataset = name
	}
	best := 0
	for _, f := range s.Fields {
		name := strings.ToLower(f.Path[strings.LastIndexByte(f.Path, '.')+1:])
		switch {
		case f.Kind == "time" && f.Path != "_ts" && g.time == "" && f.Always:
			g.time = f.Path
		case f.Kind == "number" && (name == "lat" || name == "latitude"):
			g.lat = f.Path
		case f.Kind == "number" && (name == "lon" || name == "lng" || name == "longitude"):
			g.lon = f.Path
		case f.Kind == "number" && f.Path != "_ts" && f.Most > f.Least:
			g.numbers = append(g.numbers, f)
		case f.Kind == "text" && f.Path != "id" && f.Values > 1 && f.Values < maxValues && f.Values*2 <= s.Rows+2:
			g.texts = append(g.texts, f)
			score := 1
			if strings.HasSuffix(name, "id") || name == "key" || name == "name" || name == "device" {
				score = 2
			}
			if score > best {
				best, g.key = score, f.Path
			}
		}
	}
	return g
}

func label(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func both(en, ko string) map[string]string { return map[string]string{"en": en, "ko": ko} }

type tileText = map[string]any

func (g guessed) now() []tileText {
	if len(g.numbers) == 0 {
		return nil
	}
	tiles := []tileText{{"type": "number", "title": both("Rows per second", "초당 행"), "aggregate": "rate", "window": "10s", "decimals": 1, "unit": "/s", "w": 3, "h": 2}}
	if g.key != "" {
		tiles = append(tiles, tileText{"type": "number", "title": both("Different "+label(g.key), label(g.key)+" 개수"), "aggregate": "count", "latest": g.key, "window": "5m", "decimals": 0, "w": 3, "h": 2})
	}
	for _, f := range g.numbers[:min(2, len(g.numbers))] {
		tiles = append(tiles, tileText{"type": "number", "title": label(f.Path), "value": f.Path, "aggregate": "avg", "window": "1m", "decimals": 1, "w": 3, "h": 2})
	}
	first := g.numbers[0]
	line := tileText{"type": "line", "title": label(first.Path), "value": first.Path, "aggregate": "avg", "window": "10m", "w": 8, "h": 4}
	if g.key == "" {
		line["w"] = 12
		return append(tiles, line)
	}
	line["by"], line["limit"] = g.key, 8
	return append(tiles, line, tileText{"type": "bar", "title": both(label(first.Path)+" now", label(first.Path)+" 현재"), "value": first.Path, "by": g.key, "latest": g.key, "window": "5m", "decimals": 1, "limit": 10, "w": 4, "h": 4})
}

func (g guessed) trends() (tiles []tileText) {
	for _, f := range g.numbers[:min(6, len(g.numbers))] {
		t := tileText{"type": "line", "title": label(f.Path), "value": f.Path, "aggregate": "avg", "window": "1h", "w": 6, "h": 4}
		if g.key != "" {
			t["by"], t["limit"] = g.key, 8
		}
		tiles = append(tiles, t)
	}
	return tiles
}

func (g guessed) onMap() []tileText {
	if g.lat == "" || g.lon == "" || g.key == "" || len(g.numbers) == 0 {
		return nil
	}
	value := g.numbers[0].Path
	return []tileText{
		{"type": "map", "title": label(g.key), "key": g.key, "lat": g.lat, "lon": g.lon, "value": value, "detail": []tileText{{"field": value, "title": label(value)}}, "w": 6, "h": 8},
		{"type": "bar", "title": label(value), "value": value, "by": g.key, "latest": g.key, "window": "1h", "limit": 12, "w": 6, "h": 8},
	}
}

func (g guessed) groups() (tiles []tileText) {
	for _, f := range g.texts {
		if f.Values > 24 || len(tiles) == 4 {
			continue
		}
		tiles = append(tiles, tileText{"type": "line", "title": both("Rows by "+label(f.Path), label(f.Path)+"별 행"), "aggregate": "rate", "by": f.Path, "window": "10m", "unit": "/s", "decimals": 1, "w": 6, "h": 4})
	}
	return tiles
}

func (g guessed) latest() []tileText {
	var columns []tileText
	add := func(p string) {
		if len(columns) < 8 && !slices.ContainsFunc(columns, func(c tileText) bool { return c["field"] == p }) {
			columns = append(columns, tileText{"field": p, "title": label(p)})
		}
	}
	for _, p := range []string{g.time, g.key} {
		if p != "" {
			add(p)
		}
	}
	for _, f := range append(slices.Clone(g.numbers), g.all...) {
		if f.Path != "_ts" || len(columns) == 0 {
			add(f.Path)
		}
	}
	if len(columns) == 0 {
		return nil
	}
	return []tileText{
		{"type": "line", "title": both("Rows per second", "초당 행"), "aggregate": "rate", "window": "10m", "unit": "/s", "decimals": 1, "w": 12, "h": 3},
		{"type": "table", "title": both("Latest rows", "최근 행"), "columns": columns, "limit": 50, "w": 12, "h": 6},
	}
}

// suggestion writes the file.
func (s *Set) suggestion(kind suggestionKind, from Sample, tiles []tileText) Suggestion {
	g := guess(from)
	about := from.Dataset
	spec := DatasetSpec{Push: true, Time: g.time}
	if from.Container != "" {
		_, about, _ = strings.Cut(from.Container, "/")
		spec = DatasetSpec{Container: from.Container, Time: g.time}
	} else if d, err := s.Push(about); err == nil {
		spec = d.Spec // another declaration would clash
	}
	for _, t := range tiles {
		t["dataset"] = g.dataset
	}
	title := Text{}
	for lang, words := range kind.title {
		title[lang] = fmt.Sprintf(words, about)
	}
	name := s.free(about + "-" + kind.kind)
	return Suggestion{
		Kind: kind.kind, Source: from.Container + from.Dataset, Name: name, Title: title, Tiles: len(tiles),
		Text: fileText(name, title, g.dataset, spec, tiles),
	}
}

// free makes a name that no dashboard has.
func (s *Set) free(like string) string {
	base := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, like)
	base = strings.TrimLeft(base, "-_")
	if base == "" {
		base = "dashboard"
	}
	base = base[:min(len(base), 56)]
	name := base
	for n := 2; ; n++ {
		if _, err := s.Board(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
}

// fileText writes a dashboard as people do: a line for each tile.
func fileText(name string, title Text, dataset string, spec DatasetSpec, tiles []tileText) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"name\": %s,\n  \"title\": %s,\n", compact(name), compact(title))
	fmt.Fprintf(&b, "  \"datasets\": {\n    %s: %s\n  },\n  \"tiles\": [\n", compact(dataset), specText(spec))
	for i, t := range tiles {
		comma := ","
		if i == len(tiles)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "    %s%s\n", tileLine(t), comma)
	}
	b.WriteString("  ]\n}\n")
	return b.String()
}

func specText(s DatasetSpec) string {
	var parts []string
	add := func(name string, value any) { parts = append(parts, fmt.Sprintf("%q: %s", name, compact(value))) }
	if s.Container != "" {
		add("container", s.Container)
	}
	if s.Push {
		add("push", true)
	}
	if s.Time != "" {
		add("time", s.Time)
	}
	if s.Clock != "" {
		add("clock", s.Clock)
	}
	if s.Stale != 0 {
		add("stale", s.Stale.text())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// keyOrder is the order in which people name a tile's fields.
var keyOrder = []string{
	"type", "title", "dataset", "where", "key", "label", "lat", "lon", "size", "value", "per", "scale", "aggregate", "by", "latest", "window", "every", "trend",
	"unit", "decimals", "min", "max", "thresholds", "limit", "columns", "detail", "x", "y", "w", "h",
}

func tileLine(t tileText) string {
	var parts []string
	for _, name := range keyOrder {
		if v, ok := t[name]; ok {
			parts = append(parts, fmt.Sprintf("%q: %s", name, compact(v)))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// compact is JSON on one line with a space behind commas and colons.
func compact(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return "null" // only texts, numbers and lists of them come here
	}
	return spaced(strings.TrimSpace(b.String()))
}

func spaced(s string) string {
	var out strings.Builder
	inside := false
	for i := 0; i < len(s); i++ {
		out.WriteByte(s[i])
		switch {
		case inside && s[i] == '\\':
			i++
			out.WriteByte(s[i])
		case s[i] == '"':
			inside = !inside
		case !inside && (s[i] == ',' || s[i] == ':'):
			out.WriteByte(' ')
		}
	}
	return out.String()
}

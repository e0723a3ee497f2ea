// Command makeplants derives the example's plants.csv and irradiation.csv from
// the open-government files it was made of: korea-solar-plants.csv (permit
// lists), korea-solar-regions.csv (installed capacity) and
// korea-irradiance-2024.csv (weather stations).
//
//	go run ./examples/solar/makeplants -in FOLDER -out examples/solar
//
// It takes the largest plants of each province that has a permit list, and one
// fleet with the whole installed capacity for every other province. Plants of
// one district stand at its centre in the source; here they are spread around
// it, so that each can be seen on a map.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// perProvince is how many real plants are taken of a province.
const perProvince = 29

func main() {
	in := flag.String("in", ".", "folder of the source files")
	out := flag.String("out", ".", "folder to write to")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "makeplants:", err)
		os.Exit(1)
	}
}

// codes are short Latin names of the provinces, for ids.
var codes = map[string]string{
	"서울": "seoul", "부산": "busan", "대구": "daegu", "인천": "incheon", "광주": "gwangju", "대전": "daejeon",
	"울산": "ulsan", "세종": "sejong", "경기": "gyeonggi", "강원": "gangwon", "충북": "chungbuk", "충남": "chungnam",
	"전북": "jeonbuk", "전남": "jeonnam", "경북": "gyeongbuk", "경남": "gyeongnam", "제주": "jeju",
}

func run(in, out string) error {
	plants, err := read(filepath.Join(in, "korea-solar-plants.csv"))
	if err != nil {
		return err
	}
	regions, err := read(filepath.Join(in, "korea-solar-regions.csv"))
	if err != nil {
		return err
	}
	months, err := read(filepath.Join(in, "korea-irradiance-2024.csv"))
	if err != nil {
		return err
	}
	stations := stationsOf(months)
	rows := [][]string{{"plantId", "name", "city", "region", "lat", "lon", "capacityKw", "station", "source"}}
	rows = append(rows, realPlants(plants, stations)...)
	rows = append(rows, fleets(regions, plants, stations)...)
	if err := write(filepath.Join(out, "plants.csv"), rows); err != nil {
		return err
	}
	sky := [][]string{{"station", "region", "lat", "lon", "month", "irradiationMJ"}}
	for _, m := range months {
		sky = append(sky, []string{m["station"], m["province"], m["lat"], m["lon"], strings.TrimPrefix(m["month"], "2024-"), m["irradiation_mj_per_m2"]})
	}
	return write(filepath.Join(out, "irradiation.csv"), sky)
}

type station struct {
	name, province string
	lat, lon       float64
}

func stationsOf(months []map[string]string) []station {
	var all []station
	for _, m := range months {
		if !slices.ContainsFunc(all, func(s station) bool { return s.name == m["station"] }) {
			all = append(all, station{m["station"], m["province"], number(m["lat"]), number(m["lon"])})
		}
	}
	return all
}

func nearest(all []station, lat, lon float64) station {
	return slices.MinFunc(all, func(a, b station) int {
		return int(math.Copysign(1, distance(a, lat, lon)-distance(b, lat, lon)))
	})
}

func distance(s station, lat, lon float64) float64 {
	return math.Hypot(s.lat-lat, (s.lon-lon)*math.Cos(lat*math.Pi/180))
}

// realPlants takes the largest plants of each province.
func realPlants(plants []map[string]string, stations []station) [][]string {
	slices.SortStableFunc(plants, func(a, b map[string]string) int {
		if c := strings.Compare(codes[a["province"]], codes[b["province"]]); c != 0 {
			return c
		}
		return int(math.Copysign(1, number(b["capacity_kw"])-number(a["capacity_kw"])))
	})
	var rows [][]string
	taken, inDistrict := map[string]int{}, map[string]int{}
	for _, p := range plants {
		province, district := p["province"], p["province"]+p["district"]
		if taken[province] == perProvince {
			continue
		}
		taken[province]++
		lat, lon := spread(number(p["lat"]), number(p["lon"]), inDistrict[district])
		inDistrict[district]++
		rows = append(rows, []string{
			fmt.Sprintf("%s-%02d", codes[province], taken[province]), tidy(p["name"]), p["district"], province,
			degrees(lat), degrees(lon), p["capacity_kw"], nearest(stations, lat, lon).name,
			"permit list of " + province,
		})
	}
	return rows
}

// spread moves the nth plant of a district a few kilometres from its centre.
func spread(lat, lon float64, n int) (float64, float64) {
	angle := float64(n)*2*math.Pi/3 + lat*40
	return lat + 0.05*math.Sin(angle), lon + 0.06*math.Cos(angle)
}

// fleets makes one site for each province without a permit list.
func fleets(regions, plants []map[string]string, stations []station) [][]string {
	var rows [][]string
	for _, r := range regions {
		province := r["province"]
		if slices.ContainsFunc(plants, func(p map[string]string) bool { return p["province"] == province }) {
			continue
		}
		i := slices.IndexFunc(stations, func(s station) bool { return s.province == province })
		s := stations[i]
		rows = append(rows, []string{
			codes[province] + "-fleet", province + " 태양광 전체", s.name, province,
			degrees(s.lat), degrees(s.lon), strconv.FormatFloat(number(r["installed_mw"])*1000, 'f', -1, 64), s.name,
			"installed capacity of the province",
		})
	}
	return rows
}

var spaces = regexp.MustCompile(`\s+`)

func tidy(name string) string { return strings.TrimSpace(spaces.ReplaceAllString(name, " ")) }

func degrees(d float64) string { return strconv.FormatFloat(d, 'f', 4, 64) }

// number reads a number of the source files, which hold nothing else in these
// columns.
func number(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func read(path string) ([]map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: no table: %w", path, err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[strings.TrimPrefix(name, "\ufeff")] = row[i]
		}
		out = append(out, m)
	}
	return out, nil
}

func write(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	if err := w.WriteAll(rows); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

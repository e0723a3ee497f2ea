// Package solar holds what the parts of the example share: the plants, the
// weather stations' records, the query, and the model of a solar plant.
package solar

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

//go:embed plants.csv
var plantsCSV string

//go:embed irradiation.csv
var irradiationCSV string

// Query is the text of the stream job.
//
//go:embed solar.asaql
var Query string

// Plant is one site: a real plant, or the whole fleet of a province.
type Plant struct {
	ID         string
	Name       string
	City       string // district
	Region     string // province
	Lat, Lon   float64
	CapacityKW float64
	Station    string // the nearest weather station
}

// Plants returns all sites, in the order of plants.csv.
func Plants() ([]Plant, error) {
	rows, err := table("plants.csv", plantsCSV)
	if err != nil {
		return nil, err
	}
	plants := make([]Plant, len(rows))
	for i, r := range rows {
		p := Plant{ID: r.text("plantId"), Name: r.text("name"), City: r.text("city"), Region: r.text("region"), Station: r.text("station")}
		p.Lat, p.Lon, p.CapacityKW = r.number("lat"), r.number("lon"), r.number("capacityKw")
		if *r.err != nil {
			return nil, *r.err
		}
		plants[i] = p
	}
	return plants, nil
}

// Station is a weather station with its records of 2024.
type Station struct {
	Name     string
	Lat, Lon float64
	// Irradiation is what reached a horizontal square metre in each month, in
	// MJ; 0 where the record is missing.
	Irradiation [12]float64
}

// Stations returns all weather stations by name.
func Stations() (map[string]*Station, error) {
	rows, err := table("irradiation.csv", irradiationCSV)
	if err != nil {
		return nil, err
	}
	all := map[string]*Station{}
	for _, r := range rows {
		name := r.text("station")
		if all[name] == nil {
			all[name] = &Station{Name: name, Lat: r.number("lat"), Lon: r.number("lon")}
		}
		month := int(r.number("month"))
		if *r.err == nil && (month < 1 || month > 12) {
			*r.err = fmt.Errorf("irradiation.csv: month %d", month)
		}
		if *r.err != nil {
			return nil, *r.err
		}
		all[name].Irradiation[month-1] = r.number("irradiationMJ")
	}
	return all, nil
}

// row is a line of a table; the first error of any of its fields stays in err.
type row struct {
	file   string
	fields map[string]string
	err    *error
}

func table(file, text string) ([]row, error) {
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	rows := make([]row, 0, len(lines)-1)
	for _, line := range lines[1:] {
		fields := map[string]string{}
		for i, name := range lines[0] {
			fields[name] = line[i]
		}
		rows = append(rows, row{file, fields, new(error)})
	}
	return rows, nil
}

func (r row) text(name string) string { return r.fields[name] }

func (r row) number(name string) float64 {
	n, err := strconv.ParseFloat(r.fields[name], 64)
	if err != nil && *r.err == nil {
		*r.err = fmt.Errorf("%s, %s: %w", r.file, name, err)
	}
	return n
}

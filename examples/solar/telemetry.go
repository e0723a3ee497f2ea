package solar

import "time"

// Telemetry is one reading of a site as it goes to hub solar_telemetry: the
// schema that everything behind the hub knows.
type Telemetry struct {
	PlantID      string   `json:"plantId"`
	City         string   `json:"city"`
	Region       string   `json:"region"`
	Lat          float64  `json:"lat"` // degrees
	Lon          float64  `json:"lon"`
	CapacityKW   float64  `json:"capacityKw"`
	GenerationKW float64  `json:"generationKw"`
	Irradiance   *float64 `json:"irradiance"`  // W/m²; null when the sensor says nothing
	Temperature  float64  `json:"temperature"` // °C, air
	WindSpeed    float64  `json:"windSpeed"`   // m/s
	Timestamp    string   `json:"timestamp"`   // RFC 3339, UTC: when it was measured
}

// Telemetry makes a reading of the plant.
func (p Plant) Telemetry(at time.Time) Telemetry {
	return Telemetry{
		PlantID: p.ID, City: p.City, Region: p.Region, Lat: p.Lat, Lon: p.Lon, CapacityKW: p.CapacityKW,
		Timestamp: at.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
}

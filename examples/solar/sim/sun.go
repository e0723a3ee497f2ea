package sim

import (
	"math"
	"time"
)

// elevation is the sine of the sun's height over the horizon, after Spencer's
// series for declination and equation of time.
func elevation(lat, lon float64, t time.Time) float64 {
	t = t.UTC()
	day := 2 * math.Pi * (float64(t.YearDay()) - 1) / 365
	declination := 0.006918 - 0.399912*math.Cos(day) + 0.070257*math.Sin(day) -
		0.006758*math.Cos(2*day) + 0.000907*math.Sin(2*day)
	equation := 229.18 * (0.000075 + 0.001868*math.Cos(day) - 0.032077*math.Sin(day) -
		0.014615*math.Cos(2*day) - 0.040849*math.Sin(2*day)) // minutes
	minutes := float64(t.Hour()*60+t.Minute()) + float64(t.Second())/60 + equation + 4*lon
	hour := (minutes/4 - 180) * math.Pi / 180
	phi := lat * math.Pi / 180
	return math.Sin(phi)*math.Sin(declination) + math.Cos(phi)*math.Cos(declination)*math.Cos(hour)
}

// clearSky is the irradiance of a horizontal surface in W/m² under a sky
// without clouds (Haurwitz).
func clearSky(lat, lon float64, t time.Time) float64 {
	s := elevation(lat, lon, t)
	if s <= 0.01 {
		return 0
	}
	return 1098 * s * math.Exp(-0.057/s)
}

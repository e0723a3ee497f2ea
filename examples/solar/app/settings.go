package main

import "os"

// settings are the app settings of the ingest function.
type settings struct {
	// weatherURL is the base of the forecast API: WEATHER_API_URL, by default
	// the public service.
	weatherURL string
	// meter is the variable of that API which holds a plant's power, in kW:
	// GENERATION_VARIABLE. The simulator has one. Empty, as for the public
	// service, the power is estimated from sun and temperature.
	meter string
}

func settingsFromEnv() settings {
	s := settings{weatherURL: os.Getenv("WEATHER_API_URL"), meter: os.Getenv("GENERATION_VARIABLE")}
	if s.weatherURL == "" {
		s.weatherURL = "https://api.open-meteo.com"
	}
	return s
}

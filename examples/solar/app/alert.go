package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
)

// maxAlerts bounds a request: the stream job sends at most 256 KiB.
const maxAlerts = 1 << 20

// alert receives rows of solar_alerts as a JSON array. It writes each to the
// log; a real one would page somebody.
func alert(w http.ResponseWriter, r *http.Request) {
	var rows []struct{ ID, PlantID, City, Region, Kind, Severity, Message, WindowEnd string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAlerts)).Decode(&rows); err != nil {
		http.Error(w, "the body must be a JSON array of alerts", http.StatusBadRequest)
		return
	}
	for _, a := range rows {
		level := slog.LevelError
		if a.Severity == "warn" {
			level = slog.LevelWarn
		}
		slog.Log(r.Context(), level, fmt.Sprintf("%s alarm at %s (%s, %s): %s", a.Kind, a.PlantID, a.City, a.Region, a.Message), "window_end", a.WindowEnd) //nolint:sloglint // the alarm's text
	}
	w.WriteHeader(http.StatusNoContent)
}

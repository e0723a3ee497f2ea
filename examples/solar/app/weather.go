package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar"
)

// Limits of one call.
const (
	callTimeout = 1500 * time.Millisecond
	maxAnswer   = 64 << 10
)

// weatherAPI calls GET /v1/forecast in the shape of Open-Meteo.
type weatherAPI struct {
	settings settings
	client   *http.Client
}

// permanent marks an answer that will not change by asking again.
type permanent struct{ error }

// read returns one reading of a plant.
func (w *weatherAPI) read(ctx context.Context, p solar.Plant) (solar.Telemetry, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url(p), nil)
	if err != nil {
		return solar.Telemetry{}, permanent{err}
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return solar.Telemetry{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return solar.Telemetry{}, err
	}
	if resp.StatusCode != http.StatusOK {
		err := fmt.Errorf("the weather API answered %s: %s", resp.Status, reason(body))
		if resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
			err = permanent{err}
		}
		return solar.Telemetry{}, err
	}
	return w.normalise(p, body)
}

func (w *weatherAPI) url(p solar.Plant) string {
	variables := []string{"shortwave_radiation", "temperature_2m", "wind_speed_10m"}
	q := url.Values{
		"latitude":   {strconv.FormatFloat(p.Lat, 'f', 4, 64)},
		"longitude":  {strconv.FormatFloat(p.Lon, 'f', 4, 64)},
		"timeformat": {"unixtime"}, "wind_speed_unit": {"ms"},
	}
	if w.settings.meter != "" {
		variables = append(variables, w.settings.meter)
		q.Set("site", p.ID)
	}
	q.Set("current", strings.Join(variables, ","))
	return strings.TrimSuffix(w.settings.weatherURL, "/") + "/v1/forecast?" + q.Encode()
}

// reason finds the API's own words in an error answer.
func reason(body []byte) string {
	var answer struct{ Reason string }
	if json.Unmarshal(body, &answer) != nil || answer.Reason == "" {
		return "no reason given"
	}
	return answer.Reason
}

// normalise turns an answer into the example's schema. Sun may be missing: its
// sensor is dead. Temperature, and the meter where one is asked for, may not.
func (w *weatherAPI) normalise(p solar.Plant, body []byte) (solar.Telemetry, error) {
	var answer struct{ Current map[string]*float64 }
	if err := json.Unmarshal(body, &answer); err != nil {
		return solar.Telemetry{}, fmt.Errorf("the weather API's answer: %w", err)
	}
	c := answer.Current
	if c["time"] == nil || c["temperature_2m"] == nil {
		return solar.Telemetry{}, errors.New("the weather API's answer has no time or no temperature_2m under current")
	}
	t := p.Telemetry(time.Unix(int64(*c["time"]), 0))
	t.Irradiance, t.Temperature = c["shortwave_radiation"], *c["temperature_2m"]
	if wind := c["wind_speed_10m"]; wind != nil {
		t.WindSpeed = *wind
	}
	switch power := c[w.settings.meter]; {
	case power != nil && w.settings.meter != "":
		t.GenerationKW = *power
	case w.settings.meter != "":
		return t, fmt.Errorf("the weather API's answer has no %s under current", w.settings.meter)
	case t.Irradiance != nil:
		t.GenerationKW = solar.Output(p.CapacityKW, *t.Irradiance, t.Temperature)
	}
	return t, nil
}

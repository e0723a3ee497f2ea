package portal

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metric is a number as Prometheus has it.
// https://prometheus.io/docs/practices/naming/
type Metric struct {
	Name   string   // lazuli_eventhubs_incoming_bytes_total: the unit at the end; _total is a counter, all others are gauges
	Help   string   // the same wherever the name is
	Labels []string // names and values in turn; the same names wherever the name is
	Value  float64
}

// maxScrapes bounds who reads at once.
const maxScrapes = 4

// metrics answers GET /metrics with the numbers of all pages, and those of the process.
func (s *Server) metrics() http.Handler {
	all := prometheus.NewRegistry()
	all.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), scrape(s.cfg.Pages))
	return promhttp.HandlerFor(all, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// scrape reads the numbers of pages when somebody asks.
type scrape []Page

// Describe implements prometheus.Collector: what there is is known when it is read.
func (scrape) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p scrape) Collect(out chan<- prometheus.Metric) {
	for i := range p {
		if p[i].Metrics != nil {
			p[i].Metrics(func(m Metric) { out <- m.made() })
		}
	}
}

func (m Metric) made() prometheus.Metric {
	names, values := make([]string, 0, len(m.Labels)/2), make([]string, 0, len(m.Labels)/2)
	for i := 0; i+1 < len(m.Labels); i += 2 {
		names, values = append(names, m.Labels[i]), append(values, strings.ToValidUTF8(m.Labels[i+1], "\uFFFD"))
	}
	kind := prometheus.GaugeValue
	if strings.HasSuffix(m.Name, "_total") {
		kind = prometheus.CounterValue
	}
	desc := prometheus.NewDesc(m.Name, m.Help, names, nil)
	made, err := prometheus.NewConstMetric(desc, kind, m.Value, values...)
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return made
}

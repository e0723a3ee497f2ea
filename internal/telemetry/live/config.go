package live

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Config says what instances collect, in the words of the protocol. Groups are
// alternatives; the filters of a group hold together.
type Config struct {
	ETag      string           `json:"ETag"`
	Metrics   []Metric         `json:"Metrics"`
	Streams   []DocumentStream `json:"DocumentStreams"`
	QuotaInfo *Quota           `json:"QuotaInfo"`
}

// Metric is a number that is made of telemetry, besides those that are always there.
type Metric struct {
	ID          string  `json:"Id"`
	Telemetry   string  `json:"TelemetryType"`
	Groups      []Group `json:"FilterGroups"`
	Projection  string  `json:"Projection"`  // Count(), Duration, CustomDimensions.k
	Aggregation string  `json:"Aggregation"` // Avg, Sum, Min or Max, of an instance's second
	BackEnd     string  `json:"BackEndAggregation"`
}

// DocumentStream is which telemetry is sent as it is.
type DocumentStream struct {
	ID     string          `json:"Id"`
	Groups []DocumentGroup `json:"DocumentFilterGroups"`
}

// DocumentGroup is filters of one type of telemetry.
type DocumentGroup struct {
	Telemetry string `json:"TelemetryType"`
	Filters   Group  `json:"Filters"`
}

// Group is filters that hold together; none: everything.
type Group struct {
	Filters []Filter `json:"Filters"`
}

// Filter is a condition on a field.
type Filter struct {
	Field     string `json:"FieldName"`
	Predicate string `json:"Predicate"`
	Comparand string `json:"Comparand"`
}

// Quota bounds how many documents an instance sends.
type Quota struct {
	Initial float32 `json:"InitialQuota"`
	Max     float32 `json:"MaxQuota"`
	Accrual float32 `json:"QuotaAccrualRatePerSec"`
}

// DefaultStream is what is sent where nobody chose: what failed, and all that was said.
func DefaultStream() DocumentStream {
	failed := Group{[]Filter{{"Success", "Equal", "false"}}}
	all := Group{[]Filter{}}
	return DocumentStream{ID: "default", Groups: []DocumentGroup{
		{"Request", failed}, {"Dependency", failed}, {"Exception", all}, {"Event", all}, {"Trace", all},
	}}
}

// What a Config may say, and how much of it.
var (
	telemetryTypes = []string{"Request", "Dependency", "Exception", "Event", "Metric", "PerformanceCounter", "Trace"}
	predicates     = []string{"Equal", "NotEqual", "LessThan", "GreaterThan", "LessThanOrEqual", "GreaterThanOrEqual", "Contains", "DoesNotContain"}
	aggregations   = []string{"Avg", "Sum", "Min", "Max"}
	texts          = []string{"Url", "Name", "Target", "Type", "Data", "Message", "Exception.Message", "Exception.StackTrace"}
	// lengths are as clients read them: days.hours:minutes:seconds.
	lengths = regexp.MustCompile(`^(\d+\.)?\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,7})?$`)
)

const (
	maxMetrics = 20
	maxStreams = 20
	maxFilters = 20 // of a metric or a stream
)

// check refuses what clients would: they leave such a metric or stream out.
func (c *Config) check() error {
	if len(c.Metrics) > maxMetrics || len(c.Streams) > maxStreams {
		return fault.New(fault.TooLarge, "live metrics", "at most %d metrics and %d streams are collected at a time", maxMetrics, maxStreams)
	}
	for _, m := range c.Metrics {
		if err := m.check(); err != nil {
			return err
		}
	}
	for _, s := range c.Streams {
		if s.ID == "" {
			return fault.New(fault.Invalid, "stream", "it has no id")
		}
		n := 0
		for _, g := range s.Groups {
			n += 1 + len(g.Filters.Filters)
			if err := g.Filters.check("stream "+s.ID, g.Telemetry); err != nil {
				return err
			}
		}
		if n > maxFilters {
			return fault.New(fault.TooLarge, "stream "+s.ID, "it has more than %d filters", maxFilters)
		}
	}
	return nil
}

func (m Metric) check() error {
	name := "metric " + m.ID
	switch {
	case m.ID == "":
		return fault.New(fault.Invalid, "metric", "it has no id")
	case !slices.Contains(aggregations, m.Aggregation) || !slices.Contains(aggregations, m.BackEnd):
		return fault.New(fault.Invalid, name, "its aggregations are not of %s", strings.Join(aggregations, ", "))
	case m.Projection != "Count()" && m.Projection != "Duration" && !strings.HasPrefix(m.Projection, "CustomDimensions."):
		return fault.New(fault.Invalid, name, "%q is none of Count(), Duration and CustomDimensions.NAME", m.Projection)
	}
	n := 0
	for _, g := range m.Groups {
		n += 1 + len(g.Filters)
		if err := g.check(name, m.Telemetry); err != nil {
			return err
		}
	}
	if n > maxFilters {
		return fault.New(fault.TooLarge, name, "it has more than %d filters", maxFilters)
	}
	return nil
}

func (g Group) check(where, telemetry string) error {
	if !slices.Contains(telemetryTypes, telemetry) {
		return fault.New(fault.Invalid, where, "%q is not one of %s", telemetry, strings.Join(telemetryTypes, ", "))
	}
	for _, f := range g.Filters {
		if why := f.wrong(); why != "" {
			return fault.New(fault.Invalid, where, "%s %s %s: %s", f.Field, f.Predicate, f.Comparand, why)
		}
	}
	return nil
}

// wrong says why clients refuse a filter; "": they do not.
func (f Filter) wrong() string {
	contains := f.Predicate == "Contains" || f.Predicate == "DoesNotContain"
	equal := f.Predicate == "Equal" || f.Predicate == "NotEqual"
	switch {
	case !slices.Contains(predicates, f.Predicate):
		return "the predicate is not one of " + strings.Join(predicates, ", ")
	case f.Field == "" || f.Comparand == "":
		return "a field and something to compare it with belong here"
	case f.Field == "*" && !contains:
		return "* goes with Contains and DoesNotContain"
	case strings.HasPrefix(f.Field, "CustomMetrics."):
		return "custom metrics cannot be filtered by"
	case (slices.Contains(texts, f.Field) || strings.HasPrefix(f.Field, "CustomDimensions.")) && !contains && !equal:
		return "texts are not more or less than others"
	}
	switch f.Field {
	case "ResponseCode", "ResultCode":
		if _, err := strconv.Atoi(f.Comparand); err != nil {
			return "a code is a whole number"
		}
	case "Duration":
		if !lengths.MatchString(f.Comparand) {
			return "a duration is written as 0.0:0:10"
		}
	case "Success":
		if !equal || !strings.EqualFold(f.Comparand, "true") && !strings.EqualFold(f.Comparand, "false") {
			return "success is Equal or NotEqual to true or false"
		}
	}
	return ""
}

// tagged is the configuration with the tag that follows from what it says.
func (c Config) tagged() Config {
	c.ETag = ""
	if c.Metrics == nil {
		c.Metrics = []Metric{}
	}
	if c.Streams == nil {
		c.Streams = []DocumentStream{}
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("live: a configuration is no JSON: %v", err)) // it has texts and numbers alone
	}
	sum := sha256.Sum256(text)
	c.ETag = hex.EncodeToString(sum[:8])
	return c
}

// Length reads a duration as the protocol writes it: days.hours:minutes:seconds.
func Length(text string) (time.Duration, bool) {
	if !lengths.MatchString(text) {
		return 0, false
	}
	parts := strings.SplitN(text, ":", 3)
	days, hours, two := strings.Cut(parts[0], ".")
	if !two {
		days, hours = "0", days
	}
	total := 0.0
	for n, unit := range []float64{86400, 3600, 60, 1} {
		v, err := strconv.ParseFloat([]string{days, hours, parts[1], parts[2]}[n], 64)
		if err != nil {
			return 0, false
		}
		total += v * unit
	}
	return time.Duration(total * float64(time.Second)), total < 1e9
}

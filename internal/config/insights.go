package config

import (
	"maps"
	"regexp"
	"slices"
	"time"
)

// InsightsPort is where telemetry comes in if nothing else is said: OpenTelemetry's own
// port of OTLP over HTTP. Where somebody has it, the next free one is taken.
const InsightsPort = 4318

// Insights is Application Insights' port and its components: the default one, and others
// by name.
type Insights struct {
	Port Port `yaml:"port"` // TLS and plain HTTP; default 4318, or the next that is free

	Component  `yaml:",inline"`
	Components map[string]Component `yaml:"components"`
}

// Component is what applications send their telemetry to.
type Component struct {
	Retention        Duration `yaml:"retention"`        // default 90d
	SizeMiB          MiB      `yaml:"sizeMiB"`          // on disk: the oldest goes first; default 1024
	DisableLocalAuth bool     `yaml:"disableLocalAuth"` // an instrumentation key opens nothing, a token does
}

// Kept is how long telemetry is kept at most.
func (c Component) Kept() time.Duration {
	if c.Retention == 0 {
		return 90 * 24 * time.Hour
	}
	return time.Duration(c.Retention)
}

// Size is how many bytes of telemetry are kept at most.
func (c Component) Size() int64 {
	if c.SizeMiB == 0 {
		return 1 << 30
	}
	return c.SizeMiB.Bytes()
}

// NamedComponent is a component, its name, and where it stands in the file.
type NamedComponent struct {
	Name, Path string
	Component
}

// All are the default component and then the others by name.
func (i *Insights) All() []NamedComponent {
	all := []NamedComponent{{DefaultAccount, "applicationInsights", i.Component}}
	for _, name := range slices.Sorted(maps.Keys(i.Components)) {
		all = append(all, NamedComponent{name, "applicationInsights.components." + name, i.Components[name]})
	}
	return all
}

// componentName is what Azure allows, but for a dot at the end.
var componentName = regexp.MustCompile(`^[A-Za-z0-9_()-][A-Za-z0-9_.()-]{0,252}[A-Za-z0-9_()-]$|^[A-Za-z0-9_()-]$`)

func (v *validation) insights(i *Insights) {
	v.distinct("applicationInsights.components", slices.Sorted(maps.Keys(i.Components)))
	for _, c := range i.All() {
		if c.Path == "applicationInsights" {
			continue
		}
		if !componentName.MatchString(c.Name) {
			v.add(c.Path, "a component's name has up to 255 letters, digits, dashes, dots, underscores and parentheses, and ends with no dot")
		}
		v.reserved(c.Path, c.Name, "applicationInsights")
	}
}

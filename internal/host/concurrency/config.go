package concurrency

import "github.com/lazuli-dev/lazuli/internal/host/hostjson"

// Config is the section concurrency of host.json.
type Config struct {
	Dynamic  bool    // dynamicConcurrencyEnabled; false
	Snapshot bool    // snapshotPersistenceEnabled; true
	Most     int     // maximumFunctionConcurrency; 500, -1: no limit
	CPU      float64 // CPUThreshold: the share of all cores at which the machine is not well; 0.8
}

// ReadConfig reads the section, with the vendor's defaults. Thresholds of memory have no
// effect here, as they have none on Azure without a limit of memory.
func ReadConfig(c *hostjson.Config) (Config, error) {
	s := c.Section("concurrency")
	out := Config{
		Dynamic:  s.Boolean("dynamicConcurrencyEnabled", false),
		Snapshot: s.Boolean("snapshotPersistenceEnabled", true),
		Most:     s.Integer("maximumFunctionConcurrency", 500, -1, 1<<20),
		CPU:      s.Fraction("CPUThreshold", 0.8),
	}
	if out.Most == 0 {
		s.Fail("maximumFunctionConcurrency", "must not be 0; -1 is no limit")
	}
	return out, s.Err()
}

package blobs

import (
	"runtime"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// Config is extensions.blobs of host.json.
type Config struct {
	MaxDegreeOfParallelism int // blobs that a function works on at a time; 8 for each core
	PoisonBlobThreshold    int // tries before a blob is set aside; 5
}

// ReadConfig reads the section, with the vendor's defaults and limits.
func ReadConfig(c *hostjson.Config) (Config, error) {
	s := c.Extension("blobs")
	b := Config{
		MaxDegreeOfParallelism: s.Integer("maxDegreeOfParallelism", 8*runtime.NumCPU(), 1, 1<<20),
		PoisonBlobThreshold:    s.Integer("poisonBlobThreshold", 5, 1, 1<<30),
	}
	return b, s.Err()
}

// batches are how many are taken together, and how many may still run when the next
// are: together what runs at a time, as Azure's host divides it.
func (c *Config) batches() (batch, threshold int) {
	batch = min(32, c.MaxDegreeOfParallelism/2+1)
	return batch, c.MaxDegreeOfParallelism - batch
}

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// maxFileBytes bounds the project file.
const maxFileBytes = 1 << 20

// Load reads the project in dir and validates it. A folder without a project
// file is an empty project; a folder that does not exist is an error. The
// error shows the offending line.
func Load(dir string) (Config, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Config{}, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return Config{}, fmt.Errorf("project folder: %w", err)
	}
	path := filepath.Join(abs, FileName)
	if !info.IsDir() {
		path, abs = abs, filepath.Dir(abs)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		cfg := Default(abs)
		return cfg, cfg.Validate()
	}
	if err != nil {
		return Config{}, fmt.Errorf("project file: %w", err)
	}
	cfg, err := Parse(text, abs)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return cfg, nil
}

// Parse reads the text of a project file that stands in dir and validates it.
func Parse(text []byte, dir string) (Config, error) {
	cfg := Default(dir)
	cfg.HasFile = true
	if len(text) > maxFileBytes {
		return cfg, fmt.Errorf("longer than %d bytes", maxFileBytes)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := dec.Decode(&cfg); err != nil && !errors.Is(err, io.EOF) {
		return cfg, errors.New(yaml.FormatError(err, false, true))
	}
	cfg.fillHubs()
	return cfg, cfg.Validate()
}

// fillHubs gives hubs their defaults; a map's values cannot be preset.
func (c *Config) fillHubs() {
	for name, h := range c.EventHubs.Hubs {
		if h.Partitions == 0 {
			h.Partitions = DefaultPartitions
		}
		if h.Retention == 0 {
			h.Retention = DefaultRetention
		}
		c.EventHubs.Hubs[name] = h
	}
}

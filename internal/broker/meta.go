package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	metaFile    = "hubs.json"
	metaVersion = 2
	metaLimit   = 64 << 20
)

// meta is the durable list of what exists, replaced as a whole with each change.
type meta struct {
	Version int              `json:"version"`
	NextID  uint32           `json:"nextId"` // ids are never used twice
	Hubs    []hubMeta        `json:"hubs"`
	Offsets map[string]int64 `json:"offsets,omitempty"` // of deleted hubs, by namespace and name: where a new one's offsets begin
	Trash   []uint32         `json:"trash,omitempty"`   // ids of deleted hubs whose folders may still be there
}

// hubMeta is what is stored about one hub.
type hubMeta struct {
	ID             uint32    `json:"id"`
	Namespace      uint64    `json:"namespace"`
	Name           string    `json:"name"`
	CreatedAt      time.Time `json:"createdAt"`
	Partitions     int       `json:"partitions"`
	FirstOffset    int64     `json:"firstOffset,omitempty"`
	Retention      duration  `json:"retention,omitempty"`
	RetentionBytes int64     `json:"retentionBytes,omitempty"`
	Groups         []string  `json:"consumerGroups,omitempty"` // without DefaultGroup, by name
}

// duration is a time.Duration that JSON shows as "24h0m0s".
type duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	return err
}

// loadMeta reads the list, or begins one when the folder is new.
func loadMeta(fs vfs.FS, dir string) (meta, error) {
	path := fs.PathJoin(dir, metaFile)
	content, err := vfs.ReadFile(fs, path, metaLimit)
	if errors.Is(err, os.ErrNotExist) {
		return newMeta(fs, dir)
	}
	if err != nil {
		return meta{}, fault.Wrap(fault.Unavailable, path, err, "read the list of hubs")
	}
	var m meta
	if err := json.Unmarshal(content, &m); err != nil {
		return meta{}, fault.Wrap(fault.Internal, path, err,
			"the list of hubs is damaged; restore it from a copy, or move the folder %s away to begin without hubs", dir)
	}
	if m.Version != metaVersion {
		return meta{}, fault.New(fault.Internal, path,
			"the list of hubs has version %d, this program reads version %d; use the program that wrote it, or move the data folder away to begin anew", m.Version, metaVersion)
	}
	if m.Offsets == nil {
		m.Offsets = map[string]int64{}
	}
	return m, nil
}

// newMeta begins the list of a new broker and stores it, so that hubs never
// exist without a list. Hubs without one mean that it is lost: to begin anew
// would hide what they hold.
func newMeta(fs vfs.FS, dir string) (meta, error) {
	names, err := fs.List(dir)
	if err != nil {
		return meta{}, fault.Wrap(fault.Unavailable, dir, err, "list the folder")
	}
	for _, name := range names {
		if strings.HasPrefix(name, "hub-") {
			return meta{}, fault.New(fault.Internal, fs.PathJoin(dir, metaFile),
				"the list of hubs is gone but %s is there; restore the list from a copy, or move the folder %s away to begin without hubs",
				name, dir)
		}
	}
	m := meta{Version: metaVersion, NextID: 1, Offsets: map[string]int64{}}
	return m, m.save(fs, dir)
}

// with returns the list with another entry of a hub.
func (m meta) with(h hubMeta) meta {
	m.Hubs = slices.Clone(m.Hubs)
	m.Hubs[slices.IndexFunc(m.Hubs, func(x hubMeta) bool { return x.ID == h.ID })] = h
	return m
}

// save stores the list durably.
func (m meta) save(fs vfs.FS, dir string) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the list of hubs: %w", err)
	}
	return fault.Wrap(fault.Unavailable, "hubs", vfs.WriteFile(fs, fs.PathJoin(dir, metaFile), append(content, '\n')),
		"the list of hubs was not stored")
}

// text is the key in the list's JSON.
func (k hubKey) text() string { return fmt.Sprintf("%d/%s", k.namespace, k.name) }

func hubDir(id uint32) string { return fmt.Sprintf("hub-%08d", id) }

func partitionDir(fs vfs.FS, dir string, hub uint32, partition int) string {
	return fs.PathJoin(dir, hubDir(hub), fmt.Sprintf("%04d", partition))
}

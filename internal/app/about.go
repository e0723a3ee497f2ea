package app

import (
	"cmp"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// about says where this process is and what it takes, for the portal.
func about(e *env) portal.About {
	cfg := e.Config
	out := portal.About{
		Name: cfg.Name, Version: e.Version, Dir: cfg.Dir, DataDir: cfg.DataDir(), Sync: cfg.Data.Sync,
		Addresses: []portal.Address{}, Data: dataUse(cfg.DataDir()), Modules: []string{},
	}
	addresses, _ := e.Doors.everything()
	for _, service := range slices.Sorted(maps.Keys(addresses)) {
		out.Addresses = append(out.Addresses, portal.Address{Service: service, Address: connect.Host(addresses[service], ""), Key: portKey(service)})
	}
	out.Free, _ = vfs.Free(cfg.DataDir()) // 0 where the system does not say
	if built, ok := debug.ReadBuildInfo(); ok {
		out.Go = built.GoVersion
		for _, m := range built.Deps {
			out.Modules = append(out.Modules, m.Path+" "+m.Version)
		}
	}
	return out
}

// portKey is where the project file sets the port of a service.
func portKey(service string) string {
	if app, ok := strings.CutPrefix(service, instance.FunctionsPrefix); ok {
		return "functions.apps." + app + ".port"
	}
	return map[string]string{
		instance.AMQP: "eventHubs.amqpPort", instance.AMQPS: "eventHubs.amqpsPort",
		instance.Blob: "storage.blobPort", instance.Queue: "storage.queuePort", instance.Table: "storage.tablePort",
		instance.Cosmos: "cosmos.port", instance.Portal: "portal.port", instance.Identity: "identity.port",
	}[service]
}

// dataUse adds up the files of the data folder by the folders in it, the
// largest first. What is deleted meanwhile does not count.
func dataUse(dir string) []portal.Use {
	parts := map[string]int64{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		info, err := d.Info()
		rel, inside := strings.CutPrefix(path, dir+string(filepath.Separator))
		if err != nil || !inside {
			return nil
		}
		part, _, folder := strings.Cut(filepath.ToSlash(rel), "/")
		if !folder {
			part = ""
		}
		parts[part] += info.Size()
		return nil
	})
	out := []portal.Use{}
	for part, bytes := range parts {
		out = append(out, portal.Use{Part: part, Bytes: bytes})
	}
	slices.SortFunc(out, func(a, b portal.Use) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Part, b.Part))
	})
	return out
}

package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Adopt makes a folder without a project file what a person who starts it there
// means: a folder that is a function app is the project's one app. Notes name
// what lies in the folder and is not served, with what to do about it.
func Adopt(cfg config.Config) (adopted config.Config, notes []string, err error) {
	if cfg.HasFile {
		return cfg, nil, nil
	}
	if note := emulatorFile(cfg.Dir); note != "" {
		notes = append(notes, note)
	}
	if project.Mark(cfg.Dir) == "" {
		return cfg, notes, nil
	}
	if err := detect(cfg.Dir); err != nil {
		if !fault.Is(err, fault.Invalid) {
			return cfg, notes, err
		}
		return cfg, append(notes, err.Error()), nil
	}
	cfg.Functions.Apps = map[string]config.App{appName(cfg.Name): {Path: "."}}
	return cfg, notes, nil
}

// detect says why the app in dir cannot run here, or nil.
func detect(dir string) error {
	local, err := settings.ReadLocal(filepath.Join(dir, settings.LocalFile))
	if err != nil {
		return err
	}
	values := settings.New(local.Values, settings.Environ(os.Environ()))
	host, err := hostjson.Load(filepath.Join(dir, hostjson.File), values.Section(hostjson.OverridePrefix))
	if fault.Is(err, fault.NotFound) {
		host, err = hostjson.Default(nil)
	}
	if err != nil {
		return err
	}
	_, err = project.Detect(dir, host, values.Get("FUNCTIONS_WORKER_RUNTIME"), false)
	return err
}

// appName is a folder's name as that of an app.
func appName(folder string) string {
	name := strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, folder)
	if name = strings.Trim(name, "-"); name == "" {
		return "app"
	}
	return name
}

// emulatorFile reports the file in which the vendor's Event Hubs emulator is
// told its hubs, and how the project file says the same.
func emulatorFile(dir string) string {
	found, _ := filepath.Glob(filepath.Join(dir, "[Cc]onfig.json"))
	if len(found) == 0 {
		return ""
	}
	text, err := os.ReadFile(found[0])
	var file struct {
		UserConfig *struct {
			NamespaceConfig []struct {
				Entities []struct {
					Name           string
					PartitionCount any
					ConsumerGroups []struct{ Name string }
				}
			}
		}
	}
	if err != nil || json.Unmarshal(text, &file) != nil || file.UserConfig == nil {
		return ""
	}
	hubs := map[string]string{}
	for _, n := range file.UserConfig.NamespaceConfig {
		for _, e := range n.Entities {
			hub := fmt.Sprintf("partitions: %v", e.PartitionCount)
			var groups []string
			for _, g := range e.ConsumerGroups {
				if !strings.EqualFold(g.Name, "$Default") {
					groups = append(groups, g.Name)
				}
			}
			if len(groups) > 0 {
				hub += ", consumerGroups: [" + strings.Join(groups, ", ") + "]"
			}
			hubs[e.Name] = "{" + hub + "}"
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(hubs)) {
		lines = append(lines, name+": "+hubs[name])
	}
	return fmt.Sprintf("%s is of Azure's Event Hubs emulator and is not read here; lazuli.yaml says the same with\neventHubs: {hubs: {%s}}",
		filepath.Base(found[0]), strings.Join(lines, ", "))
}

// ProjectOf returns the project file's folder above dir whose project names dir
// as a function app, with the app's name.
func ProjectOf(dir string) (folder, app string, found bool) {
	abs, err := filepath.Abs(dir)
	if err != nil || exists(filepath.Join(abs, config.FileName)) {
		return "", "", false
	}
	for at := filepath.Dir(abs); ; at = filepath.Dir(at) {
		if exists(filepath.Join(at, config.FileName)) {
			cfg, err := config.Load(at)
			if err != nil {
				return "", "", false
			}
			for _, name := range slices.Sorted(maps.Keys(cfg.Functions.Apps)) {
				if cfg.AppDir(cfg.Functions.Apps[name]) == abs {
					return at, name, true
				}
			}
			return "", "", false
		}
		if at == filepath.Dir(at) {
			return "", "", false
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

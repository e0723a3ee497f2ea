package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// switchesFile, in Options.BuildDir, holds the functions that people turned on
// or off, by name in lower case. It goes before what the app declares.
const switchesFile = "switches.json"

// readSwitches reads the file, if there is one.
func readSwitches(dir string) (map[string]bool, error) {
	on := map[string]bool{}
	if dir == "" {
		return on, nil
	}
	path := filepath.Join(dir, switchesFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return on, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &on)
	}
	if err != nil {
		return nil, fmt.Errorf("functions that are turned off: %s: %w; delete the file to have them as the app declares them", path, err)
	}
	return on, nil
}

// switchedOff is whether a function is disabled, given what it declares.
// Host.mu is held, or nothing runs yet.
func (h *Host) switchedOff(name string, declared bool) bool {
	if on, ok := h.switches[strings.ToLower(name)]; ok {
		return !on
	}
	return declared
}

// Switch turns a function on or off, now and after a restart: its trigger
// listens or does not. Off, it can still be run by hand, as in Azure. The
// error's kind is NotFound for an unknown function.
func (h *Host) Switch(name string, on bool) error {
	f := h.find(name)
	if f == nil {
		return fault.New(fault.NotFound, "function "+name, "no such function")
	}
	h.mu.Lock()
	was, had := h.switches[strings.ToLower(name)]
	h.switches[strings.ToLower(name)] = on
	err := h.saveSwitches()
	if err != nil {
		delete(h.switches, strings.ToLower(name))
		if had {
			h.switches[strings.ToLower(name)] = was
		}
		h.mu.Unlock()
		return err
	}
	f.decl.Disabled = !on
	state := f.restingState()
	f.listener, f.listenerErr = state, nil
	h.mu.Unlock()
	h.crews.regroup()
	h.changed()
	h.emit(ListenerChanged{Function: f.decl.Name, State: state})
	h.demand(func(*lifecycle) {})
	return nil
}

// saveSwitches writes the file, whole or not at all. mu is held.
func (h *Host) saveSwitches() error {
	if h.o.BuildDir == "" {
		return nil
	}
	text, err := json.MarshalIndent(h.switches, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(h.o.BuildDir, 0o700); err != nil {
		return fmt.Errorf("turn a function on or off: %w", err)
	}
	path := filepath.Join(h.o.BuildDir, switchesFile)
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("turn a function on or off: %w", err)
	}
	return os.Rename(path+".new", path)
}

// Generation counts changes of the functions and of which are on. Whoever keeps
// something made of Functions makes it anew when it has changed.
func (h *Host) Generation() uint64 { return h.generation.Load() }

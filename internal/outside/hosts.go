package outside

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// The lines around our block in a hosts file.
const (
	hostsBegin = "# BEGIN lazuli: Azure's names of what runs on this machine"
	hostsEnd   = "# END lazuli"
)

// Block is the part of a hosts file that makes names mean addresses, between
// our markers; "" without names.
func Block(names []string, addresses ...string) string {
	return marked(lines(names, addresses...))
}

// marked are lines between our markers.
func marked(lines string) string {
	if lines == "" {
		return ""
	}
	return hostsBegin + "\n" + lines + hostsEnd + "\n"
}

func lines(names []string, addresses ...string) string {
	var b strings.Builder
	for _, address := range addresses {
		for _, name := range names {
			fmt.Fprintf(&b, "%s %s\n", address, name)
		}
	}
	return b.String()
}

// withBlock is a hosts file with block in the place of any earlier one of ours;
// without one it goes to the end. Every other byte stays. The second result
// reports a block that begins and does not end.
func withBlock(hosts []byte, block string) ([]byte, error) {
	before, rest, found := cutLine(hosts, hostsBegin)
	if !found {
		if n := len(hosts); n > 0 && hosts[n-1] != '\n' && block != "" {
			hosts = append(slices.Clone(hosts), '\n')
		}
		return append(slices.Clone(hosts), block...), nil
	}
	_, after, closed := cutLine(rest, hostsEnd)
	if !closed {
		return nil, fmt.Errorf("the line %q has no %q after it; mend the file by hand", hostsBegin, hostsEnd)
	}
	return slices.Concat(before, []byte(block), after), nil
}

// cutLine cuts a text around the first line that is the given one.
func cutLine(text []byte, line string) (before, after []byte, found bool) {
	at := 0
	for l := range bytes.Lines(text) {
		if string(bytes.TrimRight(l, "\r\n")) == line {
			return text[:at], text[at+len(l):], true
		}
		at += len(l)
	}
	return text, nil, false
}

// missingNames are those that a hosts file does not lead to this machine.
func missingNames(hosts []byte, names []string) []string {
	known := map[string]bool{}
	for line := range strings.Lines(string(hosts)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if a, err := netip.ParseAddr(words[0]); err != nil || !a.IsLoopback() {
			continue
		}
		for _, name := range words[1:] {
			known[strings.ToLower(name)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return known[strings.ToLower(n)] })
}

// HostsFile is where this system keeps its names.
func HostsFile() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("SystemRoot"), "System32", "drivers", "etc", "hosts")
	}
	return "/etc/hosts"
}

// WriteHosts puts a block into a hosts file, or takes ours out ("" as block),
// and reports whether that changed anything. The file keeps its mode, its owner
// where that can be had, and every other byte; a reader sees the old file or
// the new one. Where the file cannot be replaced (a container mounts it) it is
// written in place.
func WriteHosts(path, block string) (changed bool, err error) {
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		path = followed
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	text, err := withBlock(old, block)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	if bytes.Equal(text, old) {
		return false, nil
	}
	return true, replaceHosts(path, text)
}

func replaceHosts(path string, text []byte) error {
	mode := fs.FileMode(0o644)
	info, err := os.Stat(path)
	if err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".hosts-lazuli-*")
	if err != nil {
		if info == nil {
			return err
		}
		return os.WriteFile(path, text, mode) // the folder is closed to us; the file may not be
	}
	defer os.Remove(f.Name()) // gone already when it was renamed
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil && info != nil {
		err = keepOwner(f.Name(), info)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err == nil || info == nil {
		return err
	}
	return os.WriteFile(path, text, mode) // a mount point cannot be replaced
}

// HostsAddresses are the addresses that names stand for when a program reaches
// the instance's own listeners: that of the listeners, and this machine's for
// those that listen everywhere.
func HostsAddresses(listen string) []string {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		host = listen
	}
	a, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return []string{"127.0.0.1"}
	case a.IsUnspecified() && a.Is6():
		return []string{"127.0.0.1", "::1"}
	case a.IsUnspecified():
		return []string{"127.0.0.1"}
	}
	return []string{a.String()}
}

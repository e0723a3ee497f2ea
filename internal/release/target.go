package main

import (
	"fmt"
	"runtime"
	"strings"
)

// target is a system that there are packages for, in the words of everybody who
// names it.
type target struct {
	os, arch string    // Go's
	node     [2]string // process.platform and process.arch of Node
	wheel    string    // platform tags of Python's wheels
}

// targets are all of them. A binary of Linux is static, so it runs with any C
// library; macOS 12 is the oldest that Go's runtime supports.
var targets = []target{
	{"linux", "amd64", [2]string{"linux", "x64"}, "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64"},
	{"linux", "arm64", [2]string{"linux", "arm64"}, "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64"},
	{"darwin", "amd64", [2]string{"darwin", "x64"}, "macosx_12_0_x86_64"},
	{"darwin", "arm64", [2]string{"darwin", "arm64"}, "macosx_12_0_arm64"},
	{"windows", "amd64", [2]string{"win32", "x64"}, "win_amd64"},
	{"windows", "arm64", [2]string{"win32", "arm64"}, "win_arm64"},
}

func (t target) String() string { return t.os + "/" + t.arch }

// program is the name of the binary's file.
func (t target) program() string {
	if t.os == "windows" {
		return "lazuli.exe"
	}
	return "lazuli"
}

// choose returns the targets of a list such as "linux/arm64,host"; all of them
// for "".
func choose(list string) ([]target, error) {
	if list == "" {
		return targets, nil
	}
	var chosen []target
	for _, name := range strings.Split(list, ",") {
		if name == "host" {
			name = runtime.GOOS + "/" + runtime.GOARCH
		}
		t, err := find(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, t)
	}
	return chosen, nil
}

func find(name string) (target, error) {
	var names []string
	for _, t := range targets {
		if t.String() == name {
			return t, nil
		}
		names = append(names, t.String())
	}
	return target{}, fmt.Errorf("no target %q; there are host and %s", name, strings.Join(names, ", "))
}

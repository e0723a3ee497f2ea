package main

import (
	"fmt"
	"regexp"
	"strings"
)

// version is the version as each kind of package spells it. All sort alike.
type version struct {
	plain  string // of archives and of the program itself: 1.2.3, dev
	python string // PEP 440
	npm    string // semantic versioning
}

var release = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.?(\d+))?$`)

// parseVersion reads a release (v1.2.3, v1.2.3-rc.1). Any other text, as git
// describe gives between releases, is a development version before the first.
func parseVersion(text string) version {
	m := release.FindStringSubmatch(text)
	if m == nil {
		local := strings.Trim(regexp.MustCompile(`[^0-9A-Za-z]+`).ReplaceAllString(text, "."), ".")
		return version{plain: text, python: "0.0.0.dev0+" + strings.ToLower(local), npm: "0.0.0-dev." + local}
	}
	if m[2] == "" {
		return version{m[1], m[1], m[1]}
	}
	short := map[string]string{"alpha": "a", "beta": "b", "rc": "rc"}[m[2]]
	return version{
		plain:  fmt.Sprintf("%s-%s.%s", m[1], m[2], m[3]),
		python: m[1] + short + m[3],
		npm:    fmt.Sprintf("%s-%s.%s", m[1], m[2], m[3]),
	}
}

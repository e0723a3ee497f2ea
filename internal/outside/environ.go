package outside

import (
	"maps"
	"slices"
	"strings"
)

// Variable is an environment variable that programs are given.
type Variable struct {
	Name, Value string
	Note        string // what for
}

// environment is a list of NAME=VALUE in which the last one counts.
type environment map[string]string

func parseEnviron(list []string) environment {
	e := environment{}
	for _, kv := range list {
		// Windows has names that begin with the sign.
		if at := strings.Index(kv[min(1, len(kv)):], "="); at >= 0 {
			e[kv[:at+1]] = kv[at+2:]
		}
	}
	return e
}

func (e environment) list() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		out = append(out, name+"="+e[name])
	}
	return out
}

// proxies are the variables that send a program's requests elsewhere.
var proxies = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}

// exempt keeps requests for the names of ours from a proxy, which would look
// them up where they mean Azure. Without a proxy there is nothing to say.
func (e environment) exempt(names []string) []Variable {
	if !slices.ContainsFunc(proxies, func(p string) bool { return e[p] != "" }) {
		return nil
	}
	was := e["NO_PROXY"]
	if was == "" {
		was = e["no_proxy"]
	}
	if was == "*" {
		return nil
	}
	list := strings.Join(append([]string{"localhost", "127.0.0.1", "::1"}, names...), ",")
	if was != "" {
		list = was + "," + list
	}
	const note = "what is on this machine needs no proxy"
	return []Variable{{"NO_PROXY", list, note}, {"no_proxy", list, note}}
}

// joined are those of the words that are not empty, in one.
func joined(separator string, words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), separator)
}

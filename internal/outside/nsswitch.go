package outside

import "strings"

// filesFirst is an nsswitch.conf whose host names are looked up in the hosts
// file before anything else; false when that is so already. A resolver that
// runs as a service of the machine reads the machine's own hosts file, not the
// one that a program sees.
func filesFirst(conf string) (string, bool) {
	var out strings.Builder
	changed := false
	for line := range strings.Lines(conf) {
		rules, isHosts := strings.CutPrefix(strings.TrimSpace(line), "hosts:")
		if words := strings.Fields(rules); isHosts && (len(words) == 0 || words[0] != "files") {
			line = "hosts: files " + strings.Join(words, " ") + "\n"
			changed = true
		}
		out.WriteString(line)
	}
	return out.String(), changed
}

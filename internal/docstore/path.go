package docstore

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// parsePath splits "/a/b" into names. A name may be quoted, /"a/b"/c, with
// backslash escapes for quote and backslash.
func parsePath(path string) ([]string, error) {
	bad := func(msg string) ([]string, error) {
		return nil, fault.New(fault.Invalid, "path "+path, "%s", msg)
	}
	if !strings.HasPrefix(path, "/") || path == "/" {
		return bad("a path is a slash and a property name, repeated")
	}
	var names []string
	for rest := path; rest != ""; {
		rest = rest[1:] // the slash
		var name string
		if strings.HasPrefix(rest, `"`) {
			n := quotedLen(rest)
			if n < 0 || n < len(rest) && rest[n] != '/' {
				return bad("a quoted name without end")
			}
			name = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(rest[1 : n-1])
			rest = rest[n:]
		} else {
			end := strings.IndexByte(rest, '/')
			if end < 0 {
				end = len(rest)
			}
			name, rest = rest[:end], rest[end:]
		}
		if name == "" {
			return bad("an empty name")
		}
		names = append(names, name)
	}
	return names, nil
}

// quotedLen returns the length of the quoted name at the start of s, or -1.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// formatPath is the inverse of parsePath, for messages and the registry.
func formatPath(names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteByte('/')
		if strings.ContainsAny(name, `/"\`) || name == "*" || name == "?" || name == "[]" {
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`)
		} else {
			b.WriteString(name)
		}
	}
	return b.String()
}

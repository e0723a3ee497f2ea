package pyworker

import (
	"regexp"
	"strings"
)

// lineKind is what a line of requirements says.
type lineKind int

const (
	unknown  lineKind = iota // it may take in anything
	harmless                 // an option whose words say all
	packages                 // a package by name, or an archive of that name in the app's folder
	include                  // -r or -c; value is the path
	local                    // value is the path of a project, an archive, or a folder of archives
	editable                 // value is the path of a project
)

// line is one line of requirements.
type line struct {
	kind  lineKind
	value string
}

// The forms of pip's requirements file format that are known.
var (
	comment             = regexp.MustCompile(`(^|\s)#.*$`)
	environmentVariable = regexp.MustCompile(`\$\{[A-Z0-9_]+\}`)
	// byName is PEP 508's name, extras, versions and marker, with pip's options after.
	byName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*($|[(;=<>~!]|--|@\s*[a-z+]+://)`)
	remote = regexp.MustCompile(`^(git|hg|svn|bzr)?\+?(https?|ssh)://`)
)

// logicalLines are the lines without comments and blanks, those that a backslash
// continues as one, in pip's order: joined first.
func logicalLines(text string) []string {
	var all []string
	var open strings.Builder
	for part := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		part = strings.TrimRight(part, "\r\n")
		isComment := comment.MatchString(part)
		if isComment && open.Len() > 0 {
			part = " " + part
		}
		if rest, goesOn := strings.CutSuffix(part, `\`); goesOn && !isComment {
			open.WriteString(rest)
			continue
		}
		open.WriteString(part)
		all = appendLine(all, open.String())
		open.Reset()
	}
	return appendLine(all, open.String())
}

func appendLine(all []string, text string) []string {
	if text = strings.TrimSpace(comment.ReplaceAllString(text, "")); text != "" {
		all = append(all, text)
	}
	return all
}

// expand replaces ${NAME} by the variable where there is one, as pip does.
func (r *requirements) expand(text string) string {
	return environmentVariable.ReplaceAllStringFunc(text, func(name string) string {
		if value := r.variable(name[2 : len(name)-1]); value != "" {
			return value
		}
		return name
	})
}

// parseLine tells what a line says. What pip knows beyond this is unknown.
func parseLine(text string) line {
	if !strings.HasPrefix(text, "-") {
		return parseRequirement(text)
	}
	all, ok := words(text)
	if !ok {
		return line{}
	}
	kind := harmless
	value := ""
	for len(all) > 0 {
		word := all[0]
		all = all[1:]
		name, given, joined := splitOption(word)
		found, takes := option(name)
		if takes && !joined {
			if len(all) == 0 {
				return line{}
			}
			given, all = all[0], all[1:]
		}
		if found == unknown || found != harmless && kind != harmless || takes && given == "" {
			return line{}
		}
		if (found == editable || found == local) && remote.MatchString(given) {
			found = harmless // like a version that is not pinned: it is what it was when it was installed
		}
		if found == editable && strings.Contains(given, "://") {
			return line{}
		}
		if found != harmless {
			kind, value = found, withoutExtras(given, found)
		}
	}
	return line{kind, value}
}

// option is what an option says, and whether a word belongs to it.
func option(name string) (kind lineKind, takes bool) {
	switch name {
	case "-r", "--requirement", "-c", "--constraint":
		return include, true
	case "-e", "--editable":
		return editable, true
	case "-f", "--find-links":
		return local, true
	case "-i", "--index-url", "--extra-index-url", "--trusted-host", "--no-binary", "--only-binary", "--use-feature":
		return harmless, true
	case "--pre", "--no-index", "--prefer-binary", "--require-hashes":
		return harmless, false
	}
	return unknown, false
}

// splitOption parts an option from the value in the same word.
func splitOption(word string) (name, value string, joined bool) {
	if strings.HasPrefix(word, "--") {
		name, value, joined = strings.Cut(word, "=")
		return name, value, joined
	}
	if len(word) > 2 {
		return word[:2], word[2:], true
	}
	return word, "", false
}

// parseRequirement is parseLine of a line that is no option.
func parseRequirement(text string) line {
	first := text
	if at := strings.IndexAny(text, " \t;["); at >= 0 {
		first = text[:at]
	}
	switch {
	case remote.MatchString(text):
		return line{kind: harmless}
	case strings.HasPrefix(first, ".") || strings.HasPrefix(first, "/"):
		if strings.ContainsAny(text, " \t") {
			return line{} // a path with blanks, or a marker behind it
		}
		return line{local, withoutExtras(text, local)}
	case !byName.MatchString(text):
		return line{} // lib/, C:\lib, file:…
	}
	if at := strings.Index(text, "@"); at >= 0 && !strings.ContainsAny(text[:at], ";=<>") && !remote.MatchString(strings.TrimSpace(text[at+1:])) {
		return line{} // name @ file:///…
	}
	return line{packages, first}
}

// withoutExtras is the path of "./lib[extra]".
func withoutExtras(path string, kind lineKind) string {
	if at := strings.LastIndexByte(path, '['); at > 0 && strings.HasSuffix(path, "]") && kind != include {
		return path[:at]
	}
	return path
}

// words parts a line as a shell does; false: a quote stays open.
func words(text string) ([]string, bool) {
	var all []string
	var word strings.Builder
	in, quote := false, rune(0)
	escaped := false
	for _, c := range text {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, in = true, true
		case c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\t':
			if in {
				all = append(all, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteRune(c)
			in = true
		}
	}
	if in {
		all = append(all, word.String())
	}
	return all, quote == 0 && !escaped
}

package azcli

import (
	"os"
	"slices"
	"strings"
)

// flag is an option of a command.
type flag struct {
	name     string // --name
	short    string // -n
	required bool
	many     bool // takes all words up to the next option
	toggle   bool // may stand without a value, which is "true" then
}

// flagsOf reads "name/n! settings+ overwrite?": names, short names, and a mark for
// what is required, takes many values, or may stand alone.
func flagsOf(spec string) []flag {
	var all []flag
	for _, word := range strings.Fields(spec) {
		f := flag{required: strings.Contains(word, "!"), many: strings.Contains(word, "+"), toggle: strings.Contains(word, "?")}
		f.name, f.short, _ = strings.Cut(strings.TrimRight(word, "!+?"), "/")
		all = append(all, f)
	}
	return all
}

// globals are options of every command. subscription is taken by all as well.
const globals = "output/o query only-show-errors? debug? verbose? subscription/s help/h?"

// parse reads options. Both "--name value" and "--name=value" are right, and the
// last one counts.
func parse(c command, words []string) (map[string][]string, error) {
	flags := slices.Concat(flagsOf(c.flags), flagsOf(globals))
	given := map[string][]string{}
	for len(words) > 0 {
		word, value, glued := strings.Cut(words[0], "=")
		at := slices.IndexFunc(flags, func(f flag) bool { return f.named(word) })
		if at < 0 {
			return nil, &failure{message: "unrecognized arguments: " + words[0], status: exitUsage, hint: "'az " + c.words + "' takes " + listed(flagsOf(c.flags)) + " here."}
		}
		f := flags[at]
		words = words[1:]
		if glued {
			given[f.name] = []string{value}
			continue
		}
		n := 0
		for n < len(words) && (f.many || n == 0) && !isOption(words[n]) {
			n++
		}
		switch {
		case n > 0:
			given[f.name] = words[:n]
		case f.toggle:
			given[f.name] = []string{"true"}
		default:
			return nil, usage("argument --%s%s: expected %s", f.name, alias(f), map[bool]string{false: "one argument", true: "at least one argument"}[f.many])
		}
		words = words[n:]
	}
	var missing []string
	for _, f := range flags {
		if f.required && given[f.name] == nil {
			missing = append(missing, "--"+f.name+alias(f))
		}
	}
	if len(missing) > 0 {
		return nil, usage("the following arguments are required: %s", strings.Join(missing, ", "))
	}
	return given, fromFiles(given)
}

func (f flag) named(word string) bool {
	return word == "--"+f.name || f.short != "" && (word == "-"+f.short || len(f.short) > 1 && word == "--"+f.short)
}

func alias(f flag) string {
	switch len(f.short) {
	case 0:
		return ""
	case 1:
		return "/-" + f.short
	}
	return "/--" + f.short
}

// isOption tells options from values. A number below zero is a value.
func isOption(word string) bool {
	return len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')
}

func listed(flags []flag) string {
	if len(flags) == 0 {
		return "no options of its own"
	}
	var names []string
	for _, f := range flags {
		names = append(names, "--"+f.name+alias(f))
	}
	return strings.Join(names, ", ")
}

// fromFiles puts a file's text where a value is @FILE, as az does for every option.
func fromFiles(given map[string][]string) error {
	for name, values := range given {
		for n, v := range values {
			path, is := strings.CutPrefix(v, "@")
			if !is || path == "" {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return usage("argument --%s: %s cannot be read: %s", name, path, err)
			}
			values[n] = strings.TrimPrefix(string(text), "\ufeff")
		}
	}
	return nil
}

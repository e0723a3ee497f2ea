package settings

import (
	"maps"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// scrambledPrefix is what everything begins with that .NET's Data Protection has
// encrypted and that is written in base64.
const scrambledPrefix = "CfDJ8"

// Decrypt makes the file of an app's folder one that says that it is not encrypted.
// changed is false when it says so already. Values that are encrypted can only be
// read by the tool and on the machine that wrote them: they are named, and the file
// is left alone.
func Decrypt(dir string) (path string, changed bool, err error) {
	f, err := openFile(dir)
	if err != nil {
		return "", false, err
	}
	top, err := f.top()
	if err != nil {
		return f.path, false, err
	}
	flag, found, err := top.find(f.path, "IsEncrypted")
	if err != nil {
		return f.path, false, err
	}
	if found && string(top.clean[flag.value:flag.end]) == "false" {
		return f.path, false, nil
	}
	if err := f.readable(); err != nil {
		return f.path, false, err
	}
	if found {
		f.splice(flag.value, flag.end, "false")
	} else if err := f.first(`"IsEncrypted": false`); err != nil {
		return f.path, false, err
	}
	return f.path, true, f.Save()
}

// readable refuses a file that has encrypted values.
func (f *File) readable() error {
	var names []string
	for _, s := range []Section{Values, ConnectionStrings} {
		all, err := f.List(s)
		if err != nil {
			return err
		}
		for _, v := range all {
			if strings.HasPrefix(v.Value, scrambledPrefix) {
				names = append(names, v.Name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return encrypted(f.path, names)
}

// scrambledNames are the settings whose values are encrypted, in their order.
func scrambledNames(sections ...map[string]any) []string {
	var names []string
	for _, s := range sections {
		for _, name := range slices.Sorted(maps.Keys(s)) {
			if v, ok := s[name].(string); ok && strings.HasPrefix(v, scrambledPrefix) {
				names = append(names, name)
			}
		}
	}
	return names
}

// encrypted refuses a file by the settings that cannot be read.
func encrypted(file string, names []string) error {
	return fault.New(fault.Invalid, file, "%s %s encrypted by Azure Functions Core Tools with a key of that machine's user, which nothing else can read; "+
		"run `func settings decrypt` there, or write the values anew with `lazuli func settings add` after removing them by hand", strings.Join(names, ", "), isOrAre(len(names)))
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// first writes a member before all others.
func (f *File) first(text string) error {
	top, err := f.top()
	if err != nil {
		return err
	}
	if len(top.members) == 0 {
		f.insert(top, text)
		return nil
	}
	at := top.members[0].key
	between := " "
	if line := f.text[top.open:at]; strings.Contains(string(line), "\n") {
		between = "\n" + f.indent(at)
	}
	f.splice(at, at, text+","+between)
	return nil
}

// Encrypt refuses: it says why nothing is encrypted here, and what guards the values
// instead.
func Encrypt(dir string) error {
	f, err := openFile(dir)
	if err != nil {
		return err
	}
	return fault.New(fault.Invalid, f.path, "it is left as it is: lazuli does not encrypt settings. Core Tools does, with a key of one user on one machine, which hides nothing "+
		"from programs that run as that user, and which no other tool can read. What guards the values here: the file's mode, which is %04o (chmod 600 makes it yours alone), "+
		"and that it is neither committed (.gitignore) nor packed (lazuli func pack leaves it out)", f.mode)
}

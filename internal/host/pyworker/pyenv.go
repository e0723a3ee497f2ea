package pyworker

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// pyenvChoice is all that a shim of pyenv chooses its interpreter by, as text: to ask it
// takes a dozen shell scripts, longer than a worker takes to start. ok is false when the
// path is no such shim. See "Understanding Python version selection" in
// https://github.com/pyenv/pyenv.
func pyenvChoice(path string, env []string) (choice string, ok bool) {
	root := filepath.Dir(filepath.Dir(path))
	text, err := os.ReadFile(path)
	if err != nil || filepath.Base(filepath.Dir(path)) != "shims" || !bytes.Contains(text, []byte("PYENV_ROOT")) {
		return "", false
	}
	have, err := os.ReadDir(filepath.Join(root, "versions"))
	if err != nil {
		return "", false
	}
	all := []string{string(text)}
	for _, v := range have {
		all = append(all, v.Name())
	}
	// Which interpreter "system" is depends on the PATH; hooks may choose as they like.
	for _, name := range []string{"PYENV_VERSION", "PYENV_DIR", "PYENV_HOOK_PATH", "PATH"} {
		all = append(all, settingOf(env, name))
	}
	all = append(all, content(filepath.Join(root, "version")))
	from, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for _, dir := range []string{settingOf(env, "PYENV_DIR"), from} {
		all = append(all, localVersion(dir))
	}
	if plugins, err := os.ReadDir(filepath.Join(root, "plugins")); err == nil {
		for _, p := range plugins {
			all = append(all, p.Name())
		}
	}
	return strings.Join(all, "\n"), true
}

// localVersion is what the .python-version of a folder says, or of the nearest above.
func localVersion(dir string) string {
	if dir == "" {
		return ""
	}
	for {
		path := filepath.Join(dir, ".python-version")
		if text := content(path); text != "" {
			return path + "\n" + text
		}
		above := filepath.Dir(dir)
		if above == dir {
			return ""
		}
		dir = above
	}
}

func content(path string) string {
	text, _ := os.ReadFile(path) // none says nothing
	return string(text)
}

package nodeworker

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// compilerFile marks an app that is written in TypeScript.
const compilerFile = "tsconfig.json"

// compiler is the package that compiles it.
const compiler = "typescript"

// compile runs the app's build when it is written in TypeScript and what main
// names is missing or older than the sources.
func (n *npm) compile(ctx context.Context) error {
	if !exists(filepath.Join(n.app.Dir, compilerFile)) {
		return nil
	}
	sources, err := readSources(n.app.Dir)
	if err != nil {
		return err
	}
	made := newest(n.app.Dir, n.pkg.Main)
	mark := filepath.Join(n.app.Keep, "node", "compiled.json")
	if !made.IsZero() && sources.made(made, mark) {
		return nil
	}
	if n.pkg.Scripts["build"] == "" {
		if !made.IsZero() && !sources.newest().After(made) {
			return nil // somebody else made it
		}
		what := "is missing"
		if !made.IsZero() {
			what = "is older than the TypeScript"
		}
		return fault.New(fault.Invalid, filepath.Join(n.app.Dir, packageFile),
			"what \"main\" names (%s) %s, and there is no script \"build\" that makes it: run `npx tsc` in %s, or add {\"scripts\": {\"build\": \"tsc\"}}", n.pkg.Main, what, n.app.Dir)
	}
	if n.pkg.Development[compiler] != "" && findModule(n.app.Dir, compiler) == "" {
		// who left out what is for development has nothing to compile with
		if err := n.fetch(ctx, []string{compiler}, "--include=dev"); err != nil {
			return err
		}
	}
	n.app.Say("compiling with npm run build")
	said, err := n.run(ctx, []string{"run", "build", "--no-update-notifier"}, func(string) {})
	if err != nil {
		return n.told(ctx, err, said, "`npm run build` fails")
	}
	if newest(n.app.Dir, n.pkg.Main).IsZero() {
		return fault.New(fault.Invalid, filepath.Join(n.app.Dir, packageFile),
			"\"main\" is %q, and no file is so called after `npm run build` either; let it name what the build makes, such as dist/src/functions/*.js", n.pkg.Main)
	}
	return sources.save(mark)
}

// sources are the TypeScript files of an app: when each was changed, by its path.
type sources map[string]time.Time

func readSources(dir string) (sources, error) {
	all := sources{}
	dir = resolved(dir)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it went while we looked, or is closed to us
		}
		if d.IsDir() {
			if path != dir && (d.Name() == modules || strings.HasPrefix(d.Name(), ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".ts", ".mts", ".cts", ".tsx"}, filepath.Ext(path)) && d.Name() != compilerFile || strings.HasSuffix(path, ".d.ts") {
			return nil
		}
		if info, err := d.Info(); err == nil {
			all[path] = info.ModTime().UTC()
		}
		return nil
	})
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, dir, err, "look for its TypeScript")
	}
	return all, nil
}

// resolved is the folder that a link leads to: a walk does not enter a root that is
// one.
func resolved(dir string) string {
	if at, err := filepath.EvalSymlinks(dir); err == nil {
		return at
	}
	return dir
}

func (s sources) newest() time.Time {
	var last time.Time
	for _, t := range s {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// made reports whether the sources are those that were compiled last: by us, as the
// mark says, or, where there is none, by somebody else at that time. The time alone
// would not tell of a file that was changed while the compiler ran.
func (s sources) made(when time.Time, mark string) bool {
	if exists(mark) {
		return s.same(mark)
	}
	return !s.newest().After(when)
}

// same reports whether the sources are those that were compiled last: a compiler
// does not write again what would be as before.
func (s sources) same(mark string) bool {
	var before sources
	text, err := os.ReadFile(mark)
	if err != nil || json.Unmarshal(text, &before) != nil || len(before) != len(s) {
		return false
	}
	for path, t := range s {
		if !before[path].Equal(t) {
			return false
		}
	}
	return true
}

func (s sources) save(mark string) error {
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(mark, text, 0o600)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, mark, err, "note what was compiled")
	}
	return nil
}

// newest is when the last of the files that main names was made: of a pattern,
// those in the folder before anything that varies. Zero: there is none.
func newest(dir, main string) time.Time {
	if main == "" {
		main = "index.js"
	}
	at := filepath.Join(dir, filepath.FromSlash(main))
	for _, path := range []string{at, at + ".js", filepath.Join(at, "index.js")} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return info.ModTime()
		}
	}
	cut := strings.IndexAny(main, "*?{[")
	if cut < 0 {
		return time.Time{}
	}
	var last time.Time
	root := filepath.Join(dir, filepath.FromSlash(main[:strings.LastIndexByte(main[:cut], '/')+1]))
	_ = filepath.WalkDir(resolved(root), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".js", ".mjs", ".cjs"}, filepath.Ext(path)) {
			return nil //nolint:nilerr // what is not there is not made
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
		return nil
	})
	return last
}

package nodeworker

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/language"
)

// npm makes an app's packages and programs ready.
type npm struct {
	app  language.App
	node string
	pkg  pkg
}

// otherTools are the lock files of other package managers, whose users run them
// themselves.
var otherTools = map[string]string{"yarn.lock": "yarn install", "pnpm-lock.yaml": "pnpm install", "bun.lockb": "bun install", "bun.lock": "bun install"}

// install runs npm when packages are missing, or others than are asked for.
func (n *npm) install(ctx context.Context) error {
	missing := n.pkg.missing(n.app.Dir)
	if len(missing) == 0 && !n.outdated() {
		return nil
	}
	if err := n.fetch(ctx, missing); err != nil {
		return err
	}
	if missing := n.pkg.missing(n.app.Dir); len(missing) > 0 {
		return fault.New(fault.NotFound, n.app.Dir, "node_modules lacks %s, also after npm installed the packages", strings.Join(missing, ", "))
	}
	return nil
}

// fetch runs npm, with more arguments, because packages are missing, or outdated when
// none is named.
func (n *npm) fetch(ctx context.Context, missing []string, more ...string) error {
	for file, command := range otherTools {
		if exists(filepath.Join(n.app.Dir, file)) {
			if len(missing) == 0 {
				return nil
			}
			return fault.New(fault.NotFound, n.app.Dir, "node_modules lacks %s: run `%s` there (%s says that it is the app's package manager)", strings.Join(missing, ", "), command, file)
		}
	}
	args := []string{"install"}
	if l, ok := readLock(filepath.Join(n.app.Dir, lockFile)); ok && l.agrees(n.pkg) && !exists(filepath.Join(n.app.Dir, modules)) {
		args[0] = "ci"
	}
	n.app.Say("installing packages with npm " + args[0])
	said, err := n.run(ctx, append(append(args, more...), "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=http"), func(line string) {
		if fetched := fetchedPackage(line); fetched != "" {
			n.app.Say("installing packages with npm " + args[0] + ": " + fetched)
		}
	})
	if err != nil {
		return n.told(ctx, err, said, "`npm "+args[0]+"` fails")
	}
	return nil
}

// outdated reports whether packages have to be changed: npm notes in node_modules
// what it put there.
func (n *npm) outdated() bool {
	noted := filepath.Join(n.app.Dir, modules, ".package-lock.json")
	installed, ok := readLock(noted)
	if !ok {
		return false // somebody else keeps them
	}
	if l, ok := readLock(filepath.Join(n.app.Dir, lockFile)); ok && l.agrees(n.pkg) {
		return l.differs(installed)
	}
	return n.pkg.unfit(n.app.Dir)
}

// run runs npm.
func (n *npm) run(ctx context.Context, args []string, line func(string)) (string, error) {
	path, err := exec.LookPath("npm")
	if err != nil {
		return "", fault.New(fault.NotFound, n.app.Dir,
			"npm is not on the PATH, and packages of the app are missing or not compiled; install npm (it comes with Node: https://nodejs.org), or run `npm %s` there where it is installed", args[0])
	}
	return n.app.Run(ctx, path, args, line)
}

// fetchedURL matches npm's line about a package that it fetched.
var fetchedURL = regexp.MustCompile(`^npm http fetch GET 200 https?://[^/]+/(\S+)`)

// fetchedPackage is the package of which npm's line tells, or "".
func fetchedPackage(line string) string {
	m := fetchedURL.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	name, _, _ := strings.Cut(m[1], "/-/")
	return strings.ReplaceAll(strings.ReplaceAll(name, "%2f", "/"), "%2F", "/")
}

// maxShown bounds how many lines of a program are shown in an error.
const maxShown = 12

// told is an error with npm's own reason.
func (n *npm) told(ctx context.Context, err error, said, what string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if said == "" {
		if fault.Is(err, fault.NotFound) {
			return err
		}
		return fault.Wrap(fault.Unavailable, n.app.Dir, err, "%s", what)
	}
	var reasons []string
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\r\n ")
		if strings.HasPrefix(line, "npm error A complete log") || strings.HasPrefix(line, "npm http") || strings.HasPrefix(line, "> ") || line == "" {
			continue
		}
		reasons = append(reasons, strings.TrimPrefix(line, "npm error "))
	}
	if strings.Contains(said, "ENOTFOUND") || strings.Contains(said, "EAI_AGAIN") || strings.Contains(said, "ECONNREFUSED") {
		what += ": it cannot reach its registry, which it needs once, until node_modules has what package.json asks for (is there a network?)"
	}
	return fault.New(fault.Invalid, n.app.Dir, "%s\n%s", what, strings.Join(reasons[max(0, len(reasons)-maxShown):], "\n"))
}

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Defaults of a hub.
const (
	DefaultPartitions = 4
	DefaultRetention  = Duration(24 * time.Hour)
)

var (
	hubName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,254}[A-Za-z0-9])?$`)
	groupName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,48}[A-Za-z0-9])?$`)
)

// Validate returns every fault of the configuration, each with the path of its
// key, or nil.
func (c *Config) Validate() error {
	var errs []error
	for _, f := range c.faults() {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

func (c *Config) faults() []pathFault {
	var v validation
	v.listen(c)
	v.hostNames(c)
	v.privateListen(c)
	v.ranges("trustedProxies", c.TrustedProxies)
	v.portal(&c.Portal)
	v.data(c)
	v.eventHubs(&c.EventHubs)
	v.cosmos(&c.Cosmos)
	v.storage(&c.Storage)
	v.functions(c)
	v.stream(c)
	v.gateway(c)
	v.insights(&c.Insights)
	v.identity(c)
	return v.faults
}

// pathFault is what is wrong with the value of a key.
type pathFault struct{ path, text string }

func (f pathFault) Error() string { return f.path + ": " + f.text }

type validation struct{ faults []pathFault }

func (v *validation) add(path, format string, args ...any) {
	v.faults = append(v.faults, pathFault{path, fmt.Sprintf(format, args...)})
}

// absent is a fault of a value that names a file or a folder, what, which cannot be
// looked at.
func (v *validation) absent(path, what string, err error) {
	if gone := (*fs.PathError)(nil); errors.As(err, &gone) && errors.Is(err, fs.ErrNotExist) {
		v.add(path, "there is no %s %s", what, gone.Path)
		return
	}
	v.add(path, "%v", err)
}

// minPassword is what can be guessed slowly, at a few tries a minute, for years.
const minPassword = 12

func (v *validation) portal(p *Portal) {
	if p.Password != "" && len(p.Password) < minPassword {
		v.add("portal.password", "has %d characters; at least %d keep guessers out", len(p.Password), minPassword)
	}
}

// hostPattern is a host name, or *. and one.
var hostPattern = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

func (v *validation) hostNames(c *Config) {
	for i, name := range c.HostNames {
		if !hostPattern.MatchString(name) {
			v.add(fmt.Sprintf("hostNames[%d]", i), "%q is not a host name such as lazuli.example.org or *.example.org", name)
		}
		if below, wild := strings.CutPrefix(strings.ToLower(name), "*."); wild && isPublic(below) {
			v.add(fmt.Sprintf("hostNames[%d]", i), "%q are names of everybody: anybody can register one under %s and lead browsers here with it; write a domain of yours, as in *.example.org", name, below)
		}
	}
}

// isPublic reports whether anybody can get a name right below a domain (the public
// suffix list). Domains that no registry knows, such as lan, are somebody's own.
func isPublic(domain string) bool {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return suffix == domain && (icann || strings.Contains(suffix, "."))
}

func (v *validation) listen(c *Config) {
	addr, err := netip.ParseAddr(c.Listen)
	if err != nil {
		v.add("listen", "%q is not an IP address; write 127.0.0.1 for this machine only", c.Listen)
		return
	}
	if addr.IsLoopback() && c.OnLoopback() {
		return
	}
	at := c.Listen
	if addr.IsLoopback() {
		at = c.PrivateListen
	}
	for _, a := range c.Cosmos.All() {
		if a.Key == EmulatorCosmosKey {
			v.add(a.Path+".key", "the emulator's well-known key is refused on %s; set a key of your own (base64 of 64 random bytes)", at)
		}
	}
	for _, a := range c.Storage.All() {
		if a.Key == EmulatorStorageKey {
			v.add(a.Path+".key", "the emulator's well-known key is refused on %s; set a key of your own (base64 of 64 random bytes)", at)
		}
	}
	for _, n := range c.EventHubs.All() {
		for i, r := range n.Rules {
			if r.Key == EmulatorSASKey {
				v.add(fmt.Sprintf("%s.rules[%d].key", n.Path, i), "the emulator's well-known key is refused on %s; set eventHubs.rules with a key of your own", at)
			}
		}
	}
}

func (v *validation) data(c *Config) {
	switch c.Data.Sync {
	case "always", "interval", "none":
	default:
		v.add("data.sync", "%q is not one of always, interval, none", c.Data.Sync)
	}
	if c.Data.Sync == "interval" && (c.Data.SyncInterval < Duration(time.Millisecond) || c.Data.SyncInterval > Duration(time.Minute)) {
		v.add("data.syncInterval", "must be from 1ms to 1m")
	}
	if c.Data.Folder == "" {
		v.add("data.folder", "is empty")
	}
}

func (v *validation) eventHubs(e *EventHubs) {
	if e.AMQPPort != 0 && e.AMQPPort == e.AMQPSPort {
		v.add("eventHubs.amqpsPort", "is %d, the port of plain AMQP", e.AMQPSPort)
	}
	if e.TailMiB < 1 || e.TailMiB > 1<<20 {
		v.add("eventHubs.tailMiB", "must be from 1 to %d", 1<<20)
	}
	v.namespace("eventHubs", e.Namespace)
	v.namespaces(e)
}

func (v *validation) rule(path string, r SASRule) {
	if r.Name == "" {
		v.add(path, "needs a name")
	}
	if len(r.Rights) == 0 {
		v.add(path+".rights", "name at least one of Listen, Send, Manage")
	}
	for _, right := range r.Rights {
		if right != "Listen" && right != "Send" && right != "Manage" {
			v.add(path+".rights", "%q is not one of Listen, Send, Manage", right)
		}
	}
}

func (v *validation) hub(path string, h Hub) {
	for i, g := range h.ConsumerGroups {
		if strings.EqualFold(g, "$Default") {
			v.add(fmt.Sprintf("%s.consumerGroups[%d]", path, i), "$Default is always there; leave it out")
		} else if !groupName.MatchString(g) {
			v.add(fmt.Sprintf("%s.consumerGroups[%d]", path, i), "%q: a consumer group's name has 1 to 50 letters, digits, dots, dashes and underscores", g)
		}
	}
}

func (v *validation) cosmos(c *Cosmos) {
	v.account("cosmos", c.CosmosAccount)
	v.accounts(c)
	if u, err := url.Parse(c.Endpoint); c.Endpoint != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		v.add("cosmos.endpoint", "%q is not a URL such as https://db.example.org:8081/", c.Endpoint)
	}
	if c.CacheMiB < 1 || c.CacheMiB > 1<<20 {
		v.add("cosmos.cacheMiB", "must be from 1 to %d", 1<<20)
	}
}

func (v *validation) container(path string, c Container) {
	switch n := len(c.PartitionKey); {
	case n == 0:
		v.add(path+".partitionKey", "is missing; write for instance /deviceId")
	case n > 3:
		v.add(path+".partitionKey", "has %d paths; a hierarchical key has at most 3", n)
	}
	for _, p := range c.PartitionKey {
		if !strings.HasPrefix(p, "/") || p == "/" {
			v.add(path+".partitionKey", "%q is not a path; it begins with a slash, as in /deviceId", p)
		}
	}
}

func (v *validation) functions(c *Config) {
	for _, name := range slices.Sorted(maps.Keys(c.Functions.Apps)) {
		app := c.Functions.Apps[name]
		path := "functions.apps." + name
		v.access(path+".access", app.Access)
		v.authentication(c, path+".authentication", app.Authentication)
		if app.Path == "" {
			v.add(path+".path", "is missing; write the folder of the function app, as in ./app")
			continue
		}
		if info, err := os.Stat(c.AppDir(app)); err != nil {
			v.absent(path+".path", "folder", err)
		} else if !info.IsDir() {
			v.add(path+".path", "%s is not a folder", app.Path)
		}
		if bin := c.AppBinary(app); bin != "" {
			if info, err := os.Stat(bin); err != nil {
				v.absent(path+".binary", "file", err)
			} else if info.IsDir() || info.Mode()&0o111 == 0 {
				v.add(path+".binary", "%s is not an executable file", app.Binary)
			}
		}
	}
}

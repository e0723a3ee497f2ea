package app

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/arm/access"
	"github.com/lazuli-dev/lazuli/internal/azure/entra"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/page/roles"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// issuerFolder, in the data folder, holds the keys that sign tokens.
const issuerFolder = "identity"

// identities are who there is and who may do what, and the issuer of tokens
// behind its port. All doors ask both.
func identities(e *env) (parts, error) {
	cfg := e.Config.Identity
	log := e.Log.With("component", "identity")
	applications, err := credentials(&e.Config)
	if err != nil {
		return parts{}, err
	}
	e.Who, err = identity.Open(identity.Options{
		Store:    textStore{e.Storage.kv, e.Storage.kv.Space(kv.Identity), "identities"},
		Declared: declaredIdentities(&e.Config), Refused: e.refused, Exists: e.scopeExists,
		GroupOf: e.Exists.Group, GroupExists: func(name string) bool { return e.Manager != nil && e.Manager.GroupExists(name) },
	})
	if err != nil {
		return parts{}, err
	}
	e.Issuer, err = entra.New(entra.Config{
		Identity: e.Who, Applications: applications, Ours: e.oursByName, Log: log,
		Dir: filepath.Join(e.Config.DataDir(), issuerFolder), NoMetadata: !e.Config.OnLoopback(),
	})
	if err != nil {
		return parts{}, err
	}
	e.Exists.OnLeaving(e.withoutRoles)
	e.Access = newAccessChanges(e)
	e.Doors.tokens[instance.Identity] = e.Issuer.Header(identity.DeveloperName)
	p := parts{
		Routes:    []door.Route{{Type: typeIssuer, HTTP: func(resource.Account) http.Handler { return e.identityDoor() }}},
		Pages:     roles.Pages(e.Who),
		Resources: []arm.Provider{access.New(e.Who)},
		Summary: func(s *Summary) {
			s.Enforced, s.Permissive = e.Who.Mode() == identity.Enforce, cfg.Mode == string(identity.Permissive)
		},
		Engines: []part{{name: "changes of access", run: e.Access.run}},
	}
	return p, e.Doors.open(instance.Identity, cfg.Port, door.Port{
		Title: "token issuer", Key: "identity.port", TLS: door.Either, WriteTimeout: answerLimit, Log: log,
		Account: resource.Account{Type: typeIssuer, Name: e.Config.Name},
	})
}

// declaredIdentities is what the project file says of identities.
func declaredIdentities(cfg *config.Config) identity.Declared {
	d := identity.Declared{Mode: identity.Mode(cfg.Identity.Mode), Apps: slices.Sorted(maps.Keys(cfg.Functions.Apps))}
	for _, name := range slices.Sorted(maps.Keys(cfg.Identity.UserAssigned)) {
		u := cfg.Identity.UserAssigned[name]
		d.UserAssigned = append(d.UserAssigned, identity.Assignable{Named: identity.Named{Name: name, ClientID: u.ClientID}, Apps: u.Apps})
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Identity.Applications)) {
		d.Applications = append(d.Applications, identity.Named{Name: name, ClientID: cfg.Identity.Applications[name].ClientID})
	}
	for n, a := range cfg.Identity.Assignments {
		d.Assignments = append(d.Assignments, identity.Grant{
			Principal: a.Principal, Role: a.Role, Scope: a.Scope, Path: fmt.Sprintf("identity.assignments[%d]", n),
		})
	}
	return d
}

// credentials are how applications prove that they are themselves.
func credentials(cfg *config.Config) (map[string]entra.Credentials, error) {
	all := map[string]entra.Credentials{}
	for name, a := range cfg.Identity.Applications {
		c := entra.Credentials{Secret: a.Secret}
		if a.Certificate != "" {
			var err error
			if c.Certificate, err = readCertificate(cfg.File(a.Certificate)); err != nil {
				return nil, fmt.Errorf("identity.applications.%s.certificate: %w", name, err)
			}
		}
		for _, f := range a.Federated {
			audience, file := f.Audience, cfg.File(f.Keys)
			if audience == "" {
				audience = config.DefaultAudience
			}
			c.Federated = append(c.Federated, entra.Federated{
				Issuer: f.Issuer, Subject: f.Subject, Audience: audience, Keys: func() ([]byte, error) { return readSmall(file) },
			})
		}
		all[name] = c
	}
	return all, nil
}

// maxKeySet bounds a file of keys.
const maxKeySet = 1 << 20

func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKeySet))
}

func readCertificate(file string) (*x509.Certificate, error) {
	text, err := readSmall(file)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, fmt.Errorf("%s holds no certificate in PEM", file)
}

// oursByName reports whether a host name means this instance.
func (e *env) oursByName(host string) bool {
	if _, m := e.find(host, typeIssuer); m == door.Known {
		return true
	}
	return slices.ContainsFunc(hostNames(e.Config), func(name string) bool {
		below, wild := strings.CutPrefix(strings.ToLower(name), "*")
		return name == host || wild && strings.HasSuffix(host, below) && len(host) > len(below)
	})
}

// scopeExists refuses a scope of what is not there and does not come to be by use.
func (e *env) scopeExists(typ, name string, below []identity.Step) error {
	if err := e.accountExists(typ, name); err != nil || len(below) == 0 || typ == resource.Sites {
		return err
	}
	a, err := e.Exists.Account(typ, name)
	if err != nil {
		return err
	}
	return e.Exists.MayBe(resourceBelow(a, below))
}

// accountExists refuses an account that is not there.
func (e *env) accountExists(typ, name string) error {
	if _, err := e.Exists.Account(typ, name); err == nil {
		return nil
	}
	var names []string
	for _, a := range e.Exists.Accounts(typ) {
		names = append(names, a.Name)
	}
	have := "there is none"
	if len(names) > 0 {
		have = "there are: " + strings.Join(names, ", ")
	}
	return fault.New(fault.NotFound, typ+" "+name, "there is no such account; %s", have)
}

// withRoles removes a resource, and the roles that are held at it and in it:
// another one of its name begins with none, as on Azure.
func (e *env) withRoles(remove func(context.Context, resource.Account, string) error) func(context.Context, resource.Account, string) error {
	if remove == nil {
		return nil // a mistake of the kind, which the catalogue tells of
	}
	return func(ctx context.Context, a resource.Account, name string) error {
		if err := remove(ctx, a, name); err != nil || e.Who == nil {
			return err
		}
		return e.forgetAt(e.Who.Scope(a.Type, a.Name, strings.Split(name, "/")...))
	}
}

// withoutRoles takes the roles away that are held at an account that goes, and in
// it.
func (e *env) withoutRoles(a resource.Account) error {
	if e.Who == nil {
		return nil
	}
	return e.forgetAt(e.Who.Scope(a.Type, a.Name))
}

// forgetAt forgets what is known of a scope whose things are gone.
func (e *env) forgetAt(scope string) error {
	if err := e.Who.RemoveWithin(scope); err != nil || e.Manager == nil {
		return err
	}
	return e.Manager.Forget(scope)
}

// refused tells of a right that somebody did not have.
func (e *env) refused(r identity.Refusal) {
	log := e.Log.With("component", "identity", "principal", r.Principal, "action", r.Action, "scope", r.Scope, "grant", r.Command)
	if r.LetPass {
		log.Info("a right is missing; it was let pass, because nothing enforces roles")
		return
	}
	log.Warn("a right is missing; it was refused")
	e.Notices.Raise(portal.Trouble{
		Kind: "access-refused", Subject: r.Principal + " may not " + r.Action, State: "warn", To: "/logs",
		Detail: r.Scope, Command: r.Command,
	})
}

// identitySettings are an app's settings with where it gets tokens as itself.
// What the project sets wins.
func (e *env) identitySettings(app string, own map[string]string) map[string]string {
	if e.Issuer == nil {
		return own
	}
	all := map[string]string{
		"IDENTITY_ENDPOINT": managedEndpoint(e.Doors.addresses[instance.Identity]),
		"IDENTITY_HEADER":   e.Issuer.Header(identity.FunctionApp.Named(app)),
	}
	maps.Copy(all, own)
	return all
}

// managedEndpoint is where programs on this machine ask for tokens: by an
// address, which needs no name, and without TLS, which needs no trust.
func managedEndpoint(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/msi/token"
}

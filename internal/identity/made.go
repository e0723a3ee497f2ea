package identity

import (
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// userAssignedType is the type of user-assigned identities as resources.
const userAssignedType = "Microsoft.ManagedIdentity/userAssignedIdentities"

// Ensure returns the principal of a kind that the project calls name, made durably
// when there is none: for what comes at run time rather than by the project file.
// group is the resource group of a user-assigned identity; one of that name in
// another group is fault.Conflict.
func (i *Identity) Ensure(kind Kind, name, group string) (Principal, error) {
	i.change.Lock()
	defer i.change.Unlock()
	next := i.state.Load().book.copy()
	was, had := next.named(kind, name)
	if had && kind == UserAssigned && was.Made && !strings.EqualFold(was.Group, group) {
		return Principal{}, fault.New(fault.Conflict, kind.Named(name), "there is one of this name in the resource group %s; Lazuli knows identities by their names", was.Group)
	}
	p := next.ensure(kind, name, "")
	n := slices.IndexFunc(next.Principals, func(x person) bool { return x.ObjectID == p.ObjectID })
	if !next.Principals[n].Made {
		next.Principals[n].Made, next.Principals[n].Group = true, group
		if err := i.replace(next); err != nil {
			return Principal{}, err
		}
	}
	return i.state.Load().holders[p.ObjectID].Principal, nil
}

// Forget takes a principal away that Ensure made, with what it was assigned. One that
// the project file has too stays. That there is none is fine.
func (i *Identity) Forget(kind Kind, name string) error {
	i.change.Lock()
	defer i.change.Unlock()
	next := i.state.Load().book.copy()
	p, had := next.named(kind, name)
	if !had || !p.Made {
		return nil
	}
	n := slices.IndexFunc(next.Principals, func(x person) bool { return x.ObjectID == p.ObjectID })
	if _, declared := i.live[p.ObjectID]; declared {
		next.Principals[n].Made, next.Principals[n].Group, next.Principals[n].Apps = false, "", nil
		return i.replace(next)
	}
	next.Principals = slices.Delete(next.Principals, n, n+1)
	next.Assignments = slices.DeleteFunc(next.Assignments, func(a Assignment) bool { return a.Principal == p.ObjectID })
	return i.replace(next)
}

// Attach says which of the user-assigned identities that Ensure made, by object id, a
// function app may be: those, and no others.
func (i *Identity) Attach(app string, objects []string) error {
	i.change.Lock()
	defer i.change.Unlock()
	next := i.state.Load().book.copy()
	changed := false
	for n, p := range next.Principals {
		at := slices.Index(p.Apps, app)
		may := slices.ContainsFunc(objects, func(o string) bool { return strings.EqualFold(o, p.ObjectID) })
		switch {
		case may && at < 0:
			next.Principals[n].Apps, changed = append(slices.Clone(p.Apps), app), true
		case !may && at >= 0:
			next.Principals[n].Apps, changed = slices.Delete(slices.Clone(p.Apps), at, at+1), true
		}
	}
	if !changed {
		return nil
	}
	return i.replace(next)
}

// named finds a person.
func (b *book) named(kind Kind, name string) (person, bool) {
	full := kind.Named(name)
	n := slices.IndexFunc(b.Principals, func(p person) bool { return p.Kind == kind.String() && strings.EqualFold(p.Name, full) })
	if n < 0 {
		return person{}, false
	}
	return b.Principals[n], true
}

// identityGroup is the resource group of a user-assigned identity.
func (i *Identity) identityGroup(name string) string {
	if p, had := i.state.Load().book.named(UserAssigned, name); had && p.Group != "" {
		return p.Group
	}
	return Group
}

func bothApps(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

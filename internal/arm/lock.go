package arm

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// LockType is the type of management locks, which are about any scope.
const LockType = "Microsoft.Authorization/locks"

// own are the types that belong to no service.
func (m *Manager) own() Provider {
	return Provider{Types: []Type{{
		Name: LockType, Plain: true, Created: http.StatusCreated,
		Put: func(_ context.Context, c *Call) error {
			switch level := c.Body.Text("properties", "level"); level {
			case "CanNotDelete", "ReadOnly":
				return nil
			default:
				return Fail(http.StatusBadRequest, "InvalidLockLevel", "The lock level '%s' is not one of CanNotDelete, ReadOnly.", level)
			}
		},
	}}}
}

// locked refuses to change, or to delete, what a lock at it or above it holds.
func (m *Manager) locked(id ID, remove bool) error {
	if strings.EqualFold(id.Type(), LockType) {
		return nil // locks are taken away by who may
	}
	for _, scope := range scopesOf(id) {
		if err := m.lockAt(scope, id, remove); err != nil {
			return err
		}
	}
	return nil
}

// scopesOf are the id and everything above it.
func scopesOf(id ID) (all []string) {
	for at := id.String(); at != ""; {
		all = append(all, at)
		up, err := ParseID(at)
		if err != nil {
			return all
		}
		if parent, inside := up.Parent(); inside {
			at = parent.String()
			continue
		}
		if up.Provider != "" {
			at = up.Scope
			continue
		}
		if up.Group() == "" {
			return all
		}
		at = "/subscriptions/" + up.Subscription()
	}
	return all
}

func (m *Manager) lockAt(scope string, id ID, remove bool) error {
	return m.store.below(scope+"/providers/"+LockType, func(lock ID, r record) error {
		level := r.Body.Text("properties", "level")
		if r.Doing != "" || level != "ReadOnly" && !remove {
			return nil
		}
		verb := "write"
		if remove {
			verb = "delete"
		}
		return Fail(http.StatusConflict, "ScopeLocked",
			"The scope '%s' cannot perform %s operation because following scope(s) are locked: '%s' (lock '%s', %s). Please remove the lock and try again.", id, verb, lock.Scope, lock.Name(), level)
	})
}

// lockedBelow refuses to delete a group in which something is locked.
func (m *Manager) lockedBelow(group ID) error {
	return m.store.below(group.String(), func(lock ID, _ record) error {
		if !strings.EqualFold(lock.Type(), LockType) {
			return nil
		}
		return Fail(http.StatusConflict, "ScopeLocked",
			"The scope '%s' cannot perform delete operation because following scope(s) are locked: '%s'. Please remove the lock and try again.", group, lock.Scope)
	})
}

// now is the time as Azure writes it.
func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

// Now is the time as Azure writes it, for what a service makes once.
func Now() any { return now() }

// GUID is a random one, for what a service makes once.
func GUID() any { return uuid.New() }

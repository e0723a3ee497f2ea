package arm

import "sync"

// lockTable has one lock for each name that somebody holds or waits for.
type lockTable struct {
	mu  *sync.Mutex // guards all
	all map[string]*heldLock
}

type heldLock struct {
	sync.RWMutex
	users int // who hold it or wait; guarded by lockTable.mu
}

func newLockTable() lockTable { return lockTable{&sync.Mutex{}, map[string]*heldLock{}} }

func (t lockTable) get(name string) *heldLock {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.all[name]
	if l == nil {
		l = &heldLock{}
		t.all[name] = l
	}
	l.users++
	return l
}

func (t lockTable) put(name string, l *heldLock) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(t.all, name)
	}
}

// hold locks a name, alone, until the function that it returns is called.
func (t lockTable) hold(name string) func() {
	l := t.get(name)
	l.Lock()
	return func() { l.Unlock(); t.put(name, l) }
}

// share locks a name with others that share it.
func (t lockTable) share(name string) func() {
	l := t.get(name)
	l.RLock()
	return func() { l.RUnlock(); t.put(name, l) }
}

// change is the lock for changing a resource: its root's own, and a share in its
// group, which cannot go meanwhile.
func (m *Manager) change(id ID) func() {
	group := m.locks.share("group " + GroupID(id.Subscription(), id.Group()).Key())
	root := m.locks.hold("root " + id.Root().Key())
	return func() { root(); group() }
}

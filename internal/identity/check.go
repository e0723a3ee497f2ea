package identity

import (
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Check returns nil when the caller may do the action at the scope, and
// otherwise fault.Forbidden with a text that names all three and what would
// grant the right. In permissive mode it lets pass, and reports.
func (i *Identity) Check(c Caller, action, scope string) error {
	s := i.state.Load()
	if s.allowed(c.ObjectID, action, scope, false) {
		return nil
	}
	r := Refusal{
		Time: time.Now(), Principal: c.Name, ObjectID: c.ObjectID, Action: action, Scope: scope, LetPass: !s.enforces(i.mode),
	}
	i.refused.add(&r, i.Command)
	if r.LetPass {
		return nil
	}
	err := fault.New(fault.Forbidden, "", "the principal %s with object id %s does not have authorization to perform action %s over scope %s", c.Name, c.ObjectID, action, scope)
	if r.Command != "" {
		err.Msg += "; to grant it: " + r.Command
	}
	return err
}

// May is Check without a record, for looks.
func (i *Identity) May(c Caller, action, scope string) bool {
	s := i.state.Load()
	return s.allowed(c.ObjectID, action, scope, false) || !s.enforces(i.mode)
}

// MaySomewhere is May for the scope or anything in it: for what everybody reads
// who may do something there, such as the description of an account.
func (i *Identity) MaySomewhere(c Caller, action, scope string) bool {
	s := i.state.Load()
	return s.allowed(c.ObjectID, action, scope, true) || !s.enforces(i.mode)
}

// Refusal is a right that somebody did not have.
type Refusal struct {
	Time      time.Time `json:"time"` // of the last one
	Principal string    `json:"principal"`
	ObjectID  string    `json:"objectId"`
	Action    string    `json:"action"`
	Scope     string    `json:"scope"`
	Command   string    `json:"command"` // grants it; "" when no role does
	LetPass   bool      `json:"letPass"` // permissive mode: it was let pass
	Count     int64     `json:"count"`
}

func (r Refusal) same(o Refusal) bool {
	return r.ObjectID == o.ObjectID && r.Action == o.Action && r.Scope == o.Scope && r.LetPass == o.LetPass
}

const (
	maxRefusals = 100         // that are remembered
	quiet       = time.Minute // between two reports of the same
)

// refusals remembers the last different refusals and reports them.
type refusals struct {
	tell func(Refusal)

	mu   sync.Mutex // guards last
	last []known    // the newest is at the end
}

// known is a refusal and when it was told last.
type known struct {
	Refusal
	told time.Time
}

// add notes a refusal and fills in what is known of it. command is asked for one
// that is new alone: permissive mode may pass here at each request.
func (r *refusals) add(n *Refusal, command func(principal, action, scope string) string) {
	if r.note(n, command) && r.tell != nil {
		r.tell(*n)
	}
}

// note counts a refusal; true when it is to be reported.
func (r *refusals) note(n *Refusal, command func(principal, action, scope string) string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.IndexFunc(r.last, func(k known) bool { return k.same(*n) })
	k := known{Refusal: *n}
	if at >= 0 {
		k.Command, k.Count, k.told = r.last[at].Command, r.last[at].Count, r.last[at].told
		r.last = slices.Delete(r.last, at, at+1)
	} else if k.Command = command(n.Principal, n.Action, n.Scope); len(r.last) >= maxRefusals {
		r.last = slices.Delete(r.last, 0, 1)
	}
	k.Count++
	n.Command, n.Count = k.Command, k.Count
	tell := k.told.IsZero() || n.Time.Sub(k.told) >= quiet
	if tell {
		k.told = n.Time
	}
	r.last = append(r.last, k)
	return tell
}

// Refusals are the last ones, the newest first; the same ones are counted, not
// repeated.
func (i *Identity) Refusals() []Refusal {
	i.refused.mu.Lock()
	defer i.refused.mu.Unlock()
	all := make([]Refusal, 0, len(i.refused.last))
	for _, k := range slices.Backward(i.refused.last) {
		all = append(all, k.Refusal)
	}
	return all
}

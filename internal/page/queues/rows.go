package queues

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// States of a queue.
const (
	stateOK   = "ok"
	stateWarn = "warn" // there are poison messages in it
	stateOff  = "off"  // it is empty
)

// Row is a queue in the list.
type Row struct {
	ID       string `json:"id"` // account/name
	Account  string `json:"account"`
	Name     string `json:"name"`
	State    string `json:"state"`    // ok, warn: poison messages, off: empty
	Messages int    `json:"messages"` // visible and not
	Hidden   int    `json:"hidden"`   // of these, that somebody has or that were put for later
	Oldest   int64  `json:"oldest"`   // when the first of them was put, unix milliseconds; 0: there is none
	Poison   bool   `json:"poison"`   // it is where poison messages end up
	Source   string `json:"source"`   // of poison messages; "" where there is no such queue
	Poisoned string `json:"poisoned"` // the queue where its poison messages are; "" where there is none
	Dead     int    `json:"dead"`     // messages there

	Asked portal.Asked `json:"asked"`
}

func (p *page) count() (n int) {
	for _, a := range p.Accounts() {
		n += len(p.Store.Account(a.ID).Names())
	}
	return n
}

func (p *page) rows(r *portal.Rates) []portal.Row {
	rows := []portal.Row{}
	p.each(func(t target) {
		if row, _, err := p.row(t); err == nil { // else it was deleted meanwhile
			row.Asked = r.Asked("queue "+row.ID, p.Config.Asked(t.account, row.Name))
			rows = append(rows, portal.Row{ID: row.ID, Value: row})
		}
	})
	return rows
}

func (p *page) each(use func(target)) {
	for _, a := range p.Accounts() {
		all, _ := p.Store.Account(a.ID).List("", "", int(^uint(0)>>1))
		for _, q := range all {
			use(target{a, q})
		}
	}
}

func (p *page) row(t target) (Row, queue.Info, error) {
	info, err := t.queue.Info()
	if err != nil {
		return Row{}, info, err
	}
	row := Row{
		ID: t.account.Name + "/" + info.Name, Account: t.account.Name, Name: info.Name, State: stateOff,
		Messages: info.Messages, Hidden: info.Hidden, Poison: strings.HasSuffix(info.Name, poisonSuffix),
	}
	if info.Messages > 0 {
		row.State = stateOK
		at, ok, err := t.queue.Oldest(context.Background())
		if err != nil {
			return row, info, err
		}
		if ok {
			row.Oldest = at.UnixMilli()
		}
	}
	in := p.Store.Account(t.account.ID)
	if row.Poison {
		if row.Messages > 0 {
			row.State = stateWarn
		}
		if _, err := in.Queue(sourceOf(info.Name)); err == nil {
			row.Source = sourceOf(info.Name)
		}
	}
	if q, err := in.Queue(info.Name + poisonSuffix); err == nil {
		if there, err := q.Info(); err == nil {
			row.Poisoned, row.Dead = there.Name, there.Messages
		}
	}
	return row, info, nil
}

// Detail is a queue: the topic "queue:ACCOUNT/NAME".
type Detail struct {
	Row
	Metadata []Pair `json:"metadata"`
	Declared bool   `json:"declared"` // the project file names it
	Created  int64  `json:"created"`  // unix milliseconds
	Next     int64  `json:"next"`     // when the next message is visible, unix milliseconds; 0: there is none
}

// Pair is a name and a value of metadata.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (p *page) detail(id string, _ *portal.Rates) (any, error) {
	account, name, ok := strings.Cut(id, "/")
	if !ok {
		return nil, fault.New(fault.NotFound, "queue "+id, "a queue's id is ACCOUNT/QUEUE")
	}
	t, err := p.find(account, name)
	if err != nil {
		return nil, err
	}
	row, info, err := p.row(t)
	if err != nil {
		return nil, err
	}
	d := Detail{Row: row, Metadata: []Pair{}, Declared: p.Changes.Declared(t.id()), Created: milliseconds(info.Created)}
	for _, m := range info.Metadata {
		d.Metadata = append(d.Metadata, Pair{m.Name, m.Value})
	}
	if at, ok := t.queue.Next(); ok {
		d.Next = milliseconds(at)
	}
	return d, nil
}

// milliseconds of a time since 1970; 0 for none.
func milliseconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// troubles reports the queues that poison messages wait in.
func (p *page) troubles(report func(portal.Trouble)) {
	for _, a := range p.Accounts() {
		for _, name := range p.Store.Account(a.ID).Names() {
			if strings.HasSuffix(name, poisonSuffix) {
				p.trouble(a, name, report)
			}
		}
	}
}

func (p *page) trouble(a resource.Account, name string, report func(portal.Trouble)) {
	q, err := p.Store.Account(a.ID).Queue(name)
	if err != nil {
		return // it was deleted meanwhile
	}
	info, err := q.Info()
	if err != nil || info.Messages == 0 {
		return
	}
	report(portal.Trouble{
		Kind: "poison", Subject: name, Detail: fmt.Sprintf("%d poison messages from %s", info.Messages, sourceOf(name)),
		To: "/storage/" + a.Name + "/queues/" + name, State: stateWarn, Count: int64(info.Messages),
	})
}

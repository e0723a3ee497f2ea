package outside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// inside is the program's process before it has become the program.
type inside struct {
	stage   *stage
	way     way
	address string // that the names mean; "" when they are the machine's
	keeper  *keeper
}

// isolation is what a program does not share with the machine.
type isolation int

const (
	shared  isolation = iota // everything is shared
	mounted                  // mounts are its own; needs root
	mapped                   // users and mounts are its own, every user as outside
)

// path is how the standard ports lead to lazuli.
type path int

const (
	plain      path = iota // they are lazuli's or ours already
	redirected             // connects are asked about
	private                // a network of its own
)

// way is one way to make a room.
type way struct {
	isolation isolation
	path      path
}

func (w way) String() string {
	from := [...]string{"no namespace", "a mount namespace", "a user and mount namespace"}[w.isolation]
	return from + [...]string{"", ", its connections redirected", ", a network namespace"}[w.path]
}

// open tries the ways from what is most like Azure to what is least.
func (r *Room) open(ctx context.Context, network Network) error {
	if r.nested && network != Private && len(unknown(r.world.all())) == 0 {
		return r.stay()
	}
	held := r.world.bindAll(local, aside())
	if network == Private {
		held.close()
		held = nil
	}
	var failed []error
	for _, w := range ways(network, held != nil, os.Geteuid() == 0) {
		err := r.enter(ctx, w, held)
		if err == nil {
			r.Why = reasons(failed)
			return nil
		}
		failed = append(failed, fmt.Errorf("%v: %w", w, explained(err)))
	}
	held.close()
	return fmt.Errorf("no room could be made for the program: %s", reasons(failed))
}

// stay leaves everything as it is: the room around this one has it.
func (r *Room) stay() error {
	w := way{shared, plain}
	s, err := begin(w, plan{})
	r.inside, r.Network = inside{stage: s, way: w}, Host
	return err
}

// explained puts what the kernel says of a limit into words: its own are about
// disks.
func explained(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EUSERS):
		return errors.New("this machine allows no more of them")
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES):
		return fmt.Errorf("not allowed to this user: %w", err)
	}
	return err
}

// ways are those that fit, in the order in which they are tried. held says that
// all standard ports can be had in the machine's network.
func ways(network Network, held, root bool) []way {
	paths := []path{redirected, private}
	switch {
	case network == Private:
		paths = []path{private}
	case held:
		paths = []path{plain}
	case network == Host:
		paths = []path{redirected, plain}
	}
	isolations := []isolation{mapped}
	if root {
		isolations = []isolation{mounted, mapped}
	}
	var all []way
	for _, i := range isolations {
		for _, p := range paths {
			all = append(all, way{i, p})
		}
	}
	if network == Private {
		return all
	}
	return append(all, way{shared, plain})
}

// enter makes the room in one way. held are the standard ports in the machine's
// network; nil: they cannot all be had.
func (r *Room) enter(ctx context.Context, w way, held *bound) error {
	p := plan{Path: w.path}
	address := local
	switch {
	case w.path == redirected:
		address = aside()
	case w.path == private:
		for _, port := range r.all() {
			p.Listen = append(p.Listen, port.Number)
		}
	case w.isolation == shared:
		held.close() // the machine's hosts file knows 127.0.0.1 alone
		held = r.world.bind(local)
	case held == nil:
		held = r.world.bind(local)
	default:
		address = held.address
	}
	if w.isolation != shared {
		var err error
		if p.Mounts, err = r.mounts(address); err != nil {
			return err
		}
	}
	s, err := begin(w, p)
	if err != nil {
		return err
	}
	r.inside, r.Network = inside{stage: s, way: w, address: address}, Host
	switch {
	case w.isolation == shared:
		r.inside.address = ""
		r.Names = unknown(r.world.Names)
	case r.world.Later != nil:
		r.relays.Go(func() { r.world.follow(ctx, r.folder.path("hosts"), address) })
	}
	switch w.path {
	case plain:
		r.Ports = held.missing
		r.serve(ctx, held.listeners, held.ports)
	case redirected:
		if err := r.redirect(ctx, s, address); err != nil {
			s.end()
			return err
		}
	case private:
		r.Network = Private
		r.serve(ctx, s.listeners, r.all())
	}
	return nil
}

// all are the ports of a private network: the standard ones, and lazuli's own
// unless they are among them.
func (r *Room) all() []Port {
	ports := append([]Port(nil), r.world.Standard...)
	seen := map[uint16]bool{}
	for _, p := range ports {
		seen[p.Number] = true
	}
	for _, p := range r.world.Own {
		if !seen[p.Number] {
			seen[p.Number] = true
			ports = append(ports, p)
		}
	}
	return ports
}

// nscd is where glibc asks for names before it looks itself.
const nscd = "/var/run/nscd/socket"

// mounts are the files that are put over the machine's.
func (r *Room) mounts(address string) ([]mount, error) {
	var all []mount
	over := func(name, target string, text []byte) error {
		source, err := r.folder.write(name, text)
		all = append(all, mount{source, target})
		return err
	}
	hosts, err := os.ReadFile(HostsFile())
	if err != nil {
		return nil, err
	}
	if hosts, err = withBlock(hosts, r.world.block(address)); err != nil {
		return nil, err
	}
	errs := []error{over("hosts", HostsFile(), hosts)}
	const nsswitch = "/etc/nsswitch.conf"
	if conf, err := os.ReadFile(nsswitch); err == nil {
		if text, changed := filesFirst(string(conf)); changed {
			errs = append(errs, over("nsswitch.conf", nsswitch, []byte(text)))
		}
	}
	if _, err := os.Stat(nscd); err == nil { // its cache knows the machine's names
		errs = append(errs, over("nscd", nscd, nil))
	}
	var seen []string
	for i, bundle := range bundleFiles {
		followed, err := filepath.EvalSymlinks(bundle)
		if err != nil || slices.Contains(seen, followed) {
			continue
		}
		seen = append(seen, followed)
		if text, err := os.ReadFile(followed); err == nil {
			errs = append(errs, over(fmt.Sprintf("system-%d.pem", i), followed, r.folder.withOurs(text)))
		}
	}
	return all, errors.Join(errs...)
}

// redirect answers the program's connects: those to the standard ports of the
// address lead to lazuli.
func (r *Room) redirect(ctx context.Context, s *stage, address string) error {
	to := map[uint16]func() string{}
	for _, p := range r.world.Standard {
		if !p.ByName && isIPv4(p.To("")) { // else its sockets may not go there
			to[p.Number] = func() string { return p.To("") }
			continue
		}
		l, err := listen(local, 0)
		if err != nil {
			return err
		}
		at := l.Addr().String()
		to[p.Number] = func() string { return at }
		r.serve(ctx, []net.Listener{l}, []Port{p})
	}
	c := connects{at: address, to: to, asked: s.asked}
	k, err := r.folder.keep(c)
	if err != nil {
		return fmt.Errorf("a process that outlives this one: %w", err)
	}
	c.heir = k.until
	r.inside.keeper, s.asked = k, nil // which is the keeper's now
	r.relays.Go(func() { c.serve(ctx) })
	return nil
}

func isIPv4(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().Unmap().Is4()
}

// leave ends a process that has not become a program.
func (r *Room) leave() {
	if r.inside.stage != nil {
		r.inside.stage.end()
	}
}

// left reports whether programs are left, for which a keeper goes on.
func (r *Room) left() bool { return r.inside.keeper.leave() }

// String says how the program was put in its place.
func (r *Room) String() string {
	if r.nested && r.inside.address == "" && r.Network == Host {
		return "the program stays where it is: it runs in a lazuli exec already"
	}
	text := "the program has " + r.inside.way.String()
	if r.inside.address != "" {
		text += "; Azure's names mean " + r.inside.address
	}
	if r.Why != "" {
		text += " (" + r.Why + ")"
	}
	return text
}

package outside

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// probeVerb makes this test a program in a room.
const probeVerb = "_probe"

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == StageVerb:
		os.Exit(Stage(os.Args[2:]))
	case len(os.Args) > 1 && os.Args[1] == probeVerb:
		os.Exit(probe(os.Args[2], os.Args[3:]))
	case len(os.Args) > 3 && os.Args[1] == connectVerb:
		os.Exit(connectOnce(os.Args[2], os.Args[3]))
	case len(os.Args) > 1 && os.Args[1] == redirectedVerb:
		os.Exit(redirectedRoom(os.Args[2:]))
	case len(os.Args) > 1 && os.Args[1] == roomVerb:
		os.Exit(roomOf(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// sight is what a program sees of its world.
type sight struct {
	User, Group  int
	Folder       string
	Capabilities uint64 // that it has
	Answers      map[string]string
	Ignores      bool // interrupts
}

// probe writes what it sees to a file: the answers of addresses, each an URL or
// host:port.
func probe(file string, addresses []string) int {
	s := sight{User: os.Getuid(), Group: os.Getgid(), Answers: map[string]string{}, Ignores: signal.Ignored(syscall.SIGINT)}
	s.Folder, _ = os.Getwd()
	header, data := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{}
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 3
	}
	s.Capabilities = uint64(data[1].Effective)<<32 | uint64(data[0].Effective)
	for _, a := range addresses {
		s.Answers[a] = ask(a)
	}
	text, _ := json.Marshal(s)
	if os.WriteFile(file, text, 0o600) != nil {
		return 4
	}
	return 42
}

// later parts name and port of an address that is asked when the hosts file has it.
const later = " later:"

// awaitName waits for a name in the hosts file, which Go reads again after five
// seconds only.
func awaitName(name string) string {
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if hosts, _ := os.ReadFile(HostsFile()); strings.Contains(string(hosts), " "+name+"\n") {
			return name + ":"
		}
	}
	return "no name:"
}

func ask(address string) string {
	if strings.HasPrefix(address, "https://") {
		client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{Proxy: nil}}
		res, err := client.Get(address)
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return string(text)
	}
	if name, _, comes := strings.Cut(address, later); comes {
		address = awaitName(name) + address[len(name+later):]
	}
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	text, _ := io.ReadAll(c)
	return string(text)
}

// machine is a lazuli of its own kind: HTTPS and a plain port, and a listener
// that is not lazuli's.
type machine struct {
	world   World
	plain   string
	foreign string
}

func says(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, text)
			c.Close()
		}
	}()
	return l.Addr().String()
}

func newMachine(t *testing.T) machine {
	t.Helper()
	ca, cert := authority(t, twoNames...)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "documents of "+r.Host) })}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	m := machine{plain: says(t, "amqps"), foreign: says(t, "foreign")}
	m.world = World{
		Names: twoNames, Local: []string{"contoso.localhost"}, Authority: ca, Set: []Variable{{"MARK", "here", "a mark"}},
		Listeners: []string{m.plain, l.Addr().String()},
		Standard: []Port{
			{Number: 5671, To: func(string) string { return m.plain }},
			{Number: 443, ByName: true, To: func(string) string { return l.Addr().String() }},
		},
		Own: []Port{{Number: port(t, m.plain), To: func(string) string { return m.plain }}},
	}
	return m
}

func port(t *testing.T, address string) uint16 {
	t.Helper()
	_, text, _ := net.SplitHostPort(address)
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(n)
}

// below is the plain port by a name below localhost.
func (m machine) below() string {
	_, port, _ := net.SplitHostPort(m.plain)
	return net.JoinHostPort(m.world.Local[0], port)
}

// look runs the probe in a room.
func (m machine) look(t *testing.T, r *Room) sight {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sight")
	ended, err := r.Run(Program{"/proc/self/exe", []string{
		os.Args[0], probeVerb, file, "https://" + twoNames[1] + "/", twoNames[0] + ":5671", m.plain, m.foreign, m.below(),
	}})
	if err != nil || ended.Code != 42 {
		t.Fatalf("the program ended with %+v, %v", ended, err)
	}
	var s sight
	if err := json.Unmarshal([]byte(read(t, file)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// check demands that everything of Azure is there, with the program's own
// identity.
func (m machine) check(t *testing.T, s sight, w way) {
	t.Helper()
	here, _ := os.Getwd()
	if s.User != os.Getuid() || s.Group != os.Getgid() || s.Folder != here || s.Ignores {
		t.Errorf("%+v", s)
	}
	if w.isolation == mapped && os.Getuid() != 0 && s.Capabilities != 0 {
		t.Errorf("the program has capabilities: %x", s.Capabilities)
	}
	want := map[string]string{
		"https://" + twoNames[1] + "/": "documents of " + twoNames[1], twoNames[0] + ":5671": "amqps", m.plain: "amqps", m.foreign: "foreign", m.below(): "amqps",
	}
	for address, answer := range want {
		got := s.Answers[address]
		if address == m.foreign && w.path == private {
			if !strings.Contains(got, "refused") {
				t.Errorf("a private network reaches %s: %q", address, got)
			}
			continue
		}
		if got != answer {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// TestWays makes a room in every way that there is. Those that this machine
// does not allow say so, and TestFallback has what comes then.
func TestWays(t *testing.T) {
	m := newMachine(t)
	isolations := []isolation{mapped}
	if os.Geteuid() == 0 {
		isolations = append(isolations, mounted)
	}
	for _, i := range isolations {
		for _, p := range []path{plain, redirected, private} {
			w := way{i, p}
			t.Run(w.String(), func(t *testing.T) {
				var held *bound
				if p == plain {
					if held = m.world.bindAll(aside()); held == nil {
						notRun(t, "ports 443 and 5671", errors.New("this user may not have them"))
						return
					}
				}
				r, err := Variables(m.world, os.Environ())
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				ctx, cancel := context.WithCancel(t.Context())
				r.cancel = cancel
				if err := r.enter(ctx, w, held); err != nil {
					held.close()
					notRun(t, w.String(), err)
					return
				}
				m.check(t, m.look(t, r), w)
			})
		}
	}
}

// TestNamesThatCome: a program finds names that came while it ran, once each.
func TestNamesThatCome(t *testing.T) {
	m := newMachine(t)
	m.world.Later = func() (names, below []string) {
		return []string{twoNames[0], "fabrikam.servicebus.windows.net"}, []string{"Fabrikam.localhost"}
	}
	r, err := Open(t.Context(), m.world, Auto, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Names) > 0 {
		notRun(t, "a hosts file of its own", errors.New(r.Why))
		return
	}
	file := filepath.Join(t.TempDir(), "sight")
	_, port, _ := net.SplitHostPort(m.plain)
	azure, below := "fabrikam.servicebus.windows.net"+later+"5671", "Fabrikam.localhost"+later+port
	if ended, err := r.Run(Program{"/proc/self/exe", []string{os.Args[0], probeVerb, file, azure, below}}); err != nil || ended.Code != 42 {
		t.Fatalf("the program ended with %+v, %v", ended, err)
	}
	var s sight
	if err := json.Unmarshal([]byte(read(t, file)), &s); err != nil {
		t.Fatal(err)
	}
	if s.Answers[azure] != "amqps" || s.Answers[below] != "amqps" {
		t.Errorf("%v", s.Answers)
	}
	if hosts := read(t, r.folder.path("hosts")); strings.Count(hosts, "abrikam") != 2 || strings.Count(hosts, twoNames[0]) != 1 {
		t.Errorf("names are there more than once:\n%s", hosts)
	}
}

// TestFallback: without namespaces the program runs with its variables, and the
// room says what it will not find.
func TestFallback(t *testing.T) {
	m := newMachine(t)
	r, err := Variables(m.world, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	if err := r.enter(ctx, way{shared, plain}, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Names, twoNames) || r.Network != Host {
		t.Errorf("%v, %v", r.Names, r.Network)
	}
	s := m.look(t, r)
	if s.User != os.Getuid() || s.Answers[m.plain] != "amqps" || s.Answers[m.foreign] != "foreign" {
		t.Errorf("%+v", s)
	}
}

// TestStageThatFails: what a stage cannot prepare is an error of this way, so that
// the next one is tried, and nothing is left of it.
func TestStageThatFails(t *testing.T) {
	w := way{isolation: mapped}
	s, err := begin(w, plan{Mounts: []mount{{"/no/such/file", "/etc/hosts"}}})
	if err == nil {
		s.end()
		t.Fatal("a mount that cannot be is no error")
	}
	if !strings.Contains(err.Error(), "/etc/hosts") {
		notRun(t, w.String(), err) // the namespace itself is not allowed
	}
	taken := says(t, "taken")
	if s, err = begin(way{}, plan{Path: private, Listen: []uint16{port(t, taken)}}); err == nil {
		s.end()
		t.Error("a port that is taken is no error")
	}
}

// TestUnprivileged: a user without any rights gets all of it, where the machine
// allows user namespaces, and keeps its own name.
func TestUnprivileged(t *testing.T) {
	uid := os.Geteuid()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", roomVerb, "sh", "-c", "id -u; grep CapEff /proc/self/status; grep -c lazuli /etc/hosts")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	if uid == 0 {
		uid = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	said := string(out)
	if err != nil || !strings.Contains(said, fmt.Sprintf("\n%d\n", uid)) || !strings.Contains(said, "CapEff:\t0000000000000000\n") {
		t.Fatalf("%v\n%s", err, said)
	}
	if !strings.Contains(said, "missing: [] []") {
		notRun(t, "a user's own namespaces", errors.New(strings.TrimSpace(said)))
	} else if !strings.HasSuffix(said, "\n2\n") {
		t.Errorf("the names are not there:\n%s", said)
	}
}

// TestNotAllowed: in a place where no namespace can be made, a program runs all
// the same, and it is said in words why not all is there. The place is a user
// namespace that may have none in it; where that cannot be had, this is one.
func TestNotAllowed(t *testing.T) {
	script := "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$0\" " + roomVerb + " sh -c 'echo ran'"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script, self)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE},
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	want := "this machine allows no more of them"
	if err != nil && len(out) == 0 { // the machine itself is such a place
		out, err = exec.CommandContext(t.Context(), self, roomVerb, "sh", "-c", "echo ran").CombinedOutput()
		want = "missing: [" + strings.Join(twoNames, " ")
	}
	if err != nil || !strings.Contains(string(out), "ran\n") || !strings.Contains(string(out), want) || !strings.Contains(string(out), twoNames[0]) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestOpen: whatever the machine allows, a program runs, and what is promised
// is there.
func TestOpen(t *testing.T) {
	m := newMachine(t)
	for _, n := range []Network{Auto, Host, Private} {
		r, err := Open(t.Context(), m.world, n, os.Environ())
		if err != nil {
			if n != Private {
				t.Fatal(err)
			}
			notRun(t, "a private network", err)
			continue
		}
		if n == Private && r.Network != Private || n == Host && r.Network != Host {
			t.Errorf("%s became %s", n, r.Network)
		}
		s := m.look(t, r)
		if len(r.Names)+len(r.Ports) == 0 {
			m.check(t, s, r.inside.way)
		} else if r.Why == "" {
			t.Error("it does not say why something is missing")
		}
		r.Close()
	}
}

// TestOrder: what is most like Azure comes first, and a network that was asked
// for is had or refused.
func TestOrder(t *testing.T) {
	for _, tc := range []struct {
		network    Network
		held, root bool
		want       string
	}{
		{Auto, true, true, "10 20 00"},
		{Auto, false, false, "21 22 00"},
		{Auto, false, true, "11 12 21 22 00"},
		{Host, false, false, "21 20 00"},
		{Host, true, false, "20 00"},
		{Private, true, false, "22"},
	} {
		var got []string
		for _, w := range ways(tc.network, tc.held, tc.root) {
			got = append(got, fmt.Sprintf("%d%d", w.isolation, w.path))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
}

// inRoom runs a shell's command in whatever room there is.
func inRoom(t *testing.T, command string) Ended {
	t.Helper()
	r, err := Open(t.Context(), newMachine(t).world, Auto, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ended, err := r.Run(Program{"/bin/sh", []string{"sh", "-c", command}})
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

func TestEnds(t *testing.T) {
	for command, want := range map[string]Ended{
		"true": {}, "exit 3": {Code: 3}, "kill -TERM $$": {Code: 143, Signal: syscall.SIGTERM}, "kill -SEGV $$": {Code: 139, Signal: syscall.SIGSEGV},
		`test "$MARK" = here && test "$0" = sh`: {},
	} {
		if got := inRoom(t, command); got != want {
			t.Errorf("%s: %+v", command, got)
		}
	}
}

// TestProgramsThatDoNotBegin have the statuses of shells.
func TestProgramsThatDoNotBegin(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	world := newMachine(t).world
	for path, want := range map[string]int{
		filepath.Join(dir, "absent"): NotFound, "no-such-program-anywhere": NotFound, dir: NotExecutable, file("plain", "text", 0o644): NotExecutable,
		file("nowhere", "#!/no/such/interpreter\n", 0o755): NotFound,
		file("bare", "exit 5\n", 0o755):                    5,
	} {
		code, err := func() (int, error) {
			found, err := Find(path)
			if err != nil {
				return 0, err
			}
			r, err := Open(t.Context(), world, Auto, os.Environ())
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			ended, err := r.Run(Program{found, []string{path}})
			return ended.Code, err
		}()
		var start *StartError
		if errors.As(err, &start) {
			code = start.Code
		}
		if code != want {
			t.Errorf("%s: %d, %v", path, code, err)
		}
	}
}

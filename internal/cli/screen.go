package cli

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/app"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// screen writes the one screen that `lazuli up` shows when everything runs.
type screen struct {
	w      io.Writer
	colour bool
	width  int // of the terminal; 0: lines are as long as they are
}

func (s *session) printScreen(sum app.Summary) {
	var whole bytes.Buffer // written at once, so that no line of the log falls into it
	defer func() { _, _ = s.out.Write(whole.Bytes()) }()
	p := screen{w: &whole, colour: s.outIsTerminal(), width: s.outWidth()}
	p.title(sum)
	p.eventHubs(sum)
	p.cosmos(sum)
	p.storage(sum)
	for _, a := range sum.Apps {
		p.app(a)
	}
	p.notes(sum.Notes)
	p.jobs(sum.Jobs)
	p.gateways(sum)
	p.identity(sum)
	p.insights(sum)
	p.portal(sum)
	if at := sum.Info.Private; at != "" {
		p.row("Private", p.bold(at)+"  "+p.dim("plays the private endpoints, on the same ports; lazuli exec --private NAME leads there"))
	}
	p.row("Data", fmt.Sprintf("%s (%s)", shortPath(sum.Info.DataDir), syncWords(sum.Sync)))
	p.access(sum)
	p.next(sum)
}

// gateways says where APIs are called through the gateway.
func (p screen) gateways(sum app.Summary) {
	var lines accountLines
	for _, g := range sum.Gateways {
		lines.add(g.Name, strings.Join(g.APIs, ", "))
	}
	if len(sum.Gateways) == 0 {
		return
	}
	p.row("Gateway", p.bold("http://"+callable(sum.Info.Addresses[instance.Gateway]))+"  "+p.dim("keys: lazuli keys"))
	p.accounts(lines, "; ")
}

// identity says where tokens come from, and what they decide.
func (p screen) identity(sum app.Summary) {
	address := sum.Info.Addresses[instance.Identity]
	if address == "" {
		return
	}
	roles := "a token opens everything until a role is assigned"
	switch {
	case sum.Enforced:
		roles = "roles are enforced; see lazuli role list"
	case sum.Permissive:
		roles = "roles are not enforced (identity.mode); what none allows is logged"
	}
	p.row("Identity", "https://"+connect.Host(address, "")+"  "+p.dim(roles))
}

// insights says where telemetry goes.
func (p screen) insights(sum app.Summary) {
	if address := sum.Info.Addresses[instance.Insights]; address != "" {
		p.row("App Insights", "http://"+callable(address)+"  "+p.dim("SDKs and OpenTelemetry send here; lazuli logs asks"))
	}
}

func (p screen) portal(sum app.Summary) {
	p.row("Portal", p.bold("http://"+callable(sum.Info.Addresses["portal"])))
	a := sum.Access
	if !a.SignIn {
		return
	}
	p.row("", "sign in once with   "+a.Link)
	if a.Password != "" {
		p.row("", "or with password    "+a.Password)
	} else {
		p.row("", "or with the password in lazuli.yaml (portal.password)")
	}
}

// access says what is open to whom, when others than this machine can call.
func (p screen) access(sum app.Summary) {
	a := sum.Access
	if !a.Network {
		return
	}
	p.row("Open to", p.bold("other machines, on "+a.Address))
	p.row("", "Event Hubs   with a key of eventHubs.rules; port "+portOf(sum.Info.Addresses["amqp"])+" is not encrypted, "+portOf(sum.Info.Addresses["amqps"])+" is")
	p.row("", "Cosmos DB    with cosmos.key")
	p.row("", "Storage      with a key, a SAS or a token")
	if a.Keys != "" {
		p.row("", "Functions    as their authLevel says, anonymous ones without a key; /admin with the master key")
		p.row("", "             keys are in the storage container "+a.Keys)
	}
	p.row("", "Identity     with an application's secret or certificate, over TLS alone")
	p.row("", "App Insights with a component's key; queries with a token")
	p.row("", "Portal       after signing in")
	p.row("", p.dim("https works on every HTTP port; clients trust "+shortPath(sum.Info.CAFile)))
}

func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return port
}

// callable is an address as a program of this machine calls it: one that stands
// for all of the machine's, such as [::]:8080, cannot be called everywhere.
func callable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return address
}

const label = "  %-13s"

// under continues a text of several lines, such as a compiler's, in its column.
func under(text string) string {
	return strings.ReplaceAll(text, "\n", "\n"+fmt.Sprintf(label+" ", ""))
}

func (p screen) bold(s string) string { return p.paint("1", s) }
func (p screen) dim(s string) string  { return p.paint("2", s) }
func (p screen) blue(s string) string { return p.paint("34", s) }
func (p screen) red(s string) string  { return p.paint("31", s) }

func (p screen) paint(code, s string) string {
	if !p.colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p screen) title(sum app.Summary) {
	state := p.dim("ready in " + sum.Took.Round(time.Millisecond).String())
	if missing := notRunning(sum); len(missing) > 0 {
		state += p.red(", without " + strings.Join(missing, ", "))
	}
	line := fmt.Sprintf("%s %s · %s · %s", p.blue("◆"), p.bold("Lazuli"), sum.Info.Name, state)
	fmt.Fprintf(p.w, "\n  %s\n\n", strings.Join(wrapped(line, p.width-4), "\n    "))
}

// notRunning names what "ready" does not include.
func notRunning(sum app.Summary) (names []string) {
	for _, a := range sum.Apps {
		if a.Err != nil {
			names = append(names, "function app "+a.Name)
		}
	}
	for _, j := range sum.Jobs {
		if j.Failed != "" {
			names = append(names, "stream job "+j.Name)
		}
	}
	if len(sum.Notes) > 0 {
		names = append(names, "what is not served")
	}
	return names
}

// notes are what lies in the folder and is not served.
func (p screen) notes(notes []string) {
	for _, note := range notes {
		p.row("Not served", p.red(under(note)))
	}
}

func (p screen) eventHubs(sum app.Summary) {
	p.row("Event Hubs", p.bold("amqp://"+callable(sum.Info.Addresses["amqp"]))+"  "+p.dim("TLS "+callable(sum.Info.Addresses["amqps"])))
	var lines accountLines
	for _, h := range sum.Hubs {
		lines.add(h.Namespace, fmt.Sprintf("%s (%s)", h.Name, count(h.Partitions, "partition")))
	}
	switch {
	case len(sum.Hubs) > 0:
		p.accounts(lines, ", ")
	case sum.AutoCreate:
		p.row("", "hubs are created on first use")
	default:
		p.row("", "no hubs; lazuli.yaml declares them under eventHubs.hubs")
	}
	p.connection(sum.Connection.EventHubs, len(sum.Hubs) == 0 || sum.Hubs[0].Namespace == "")
}

// connection is how what localhost means is reached, where there is any of it.
func (p screen) connection(text string, any bool) {
	switch {
	case !any: // all is in what has names
	case text == "":
		p.row("", p.dim("keys open nothing here (disableLocalAuth); tokens do"))
	default:
		p.row("", p.dim(text))
	}
}

func (p screen) cosmos(sum app.Summary) {
	p.row("Cosmos DB", p.bold(sum.Connection.CosmosEndpoint))
	var lines accountLines
	for _, d := range sum.Databases {
		lines.add(d.Account, d.Name+": "+strings.Join(d.Containers, ", "))
	}
	p.accounts(lines, "; ")
	p.connection(sum.Connection.Cosmos, len(sum.Databases) == 0 || sum.Databases[0].Account == "")
}

// accountLines is what is in each account, those that localhost means first.
type accountLines struct {
	names []string
	texts map[string][]string
}

func (l *accountLines) add(account, text string) {
	if l.texts == nil {
		l.texts = map[string][]string{}
	}
	if _, seen := l.texts[account]; !seen {
		l.names = append(l.names, account)
	}
	l.texts[account] = append(l.texts[account], text)
}

// screenAccounts is how many accounts the screen shows.
const screenAccounts = 8

// accounts prints a line for what localhost means, then one for each account.
func (p screen) accounts(l accountLines, between string) {
	for i, name := range l.names {
		switch {
		case i == screenAccounts:
			p.row("", fmt.Sprintf("and %d more; lazuli status lists them", len(l.names)-i))
			return
		case name == "" && between == "; ":
			for _, text := range l.texts[name] {
				p.row("", text)
			}
		case name == "":
			p.row("", strings.Join(l.texts[name], between))
		default:
			p.row("", p.bold(name)+"  "+strings.Join(l.texts[name], between))
		}
	}
}

func (p screen) app(a app.AppSummary) {
	p.row("Functions", p.bold(a.URL)+"  "+a.Name)
	if a.Err != nil {
		p.row("", p.red(under("not running: "+a.Err.Error())))
	}
	width := 0
	for _, f := range a.Functions {
		width = max(width, len(f.Name))
	}
	for _, f := range a.Functions {
		line := fmt.Sprintf("%-*s  %-9s  %s", width, f.Name, f.Trigger, f.On)
		if f.Err != nil {
			line = fmt.Sprintf("%-*s  %s", width, f.Name, p.red("not served: "+f.Err.Error()))
		}
		p.row("", line)
	}
}

func (p screen) jobs(jobs []app.JobSummary) {
	name := "Stream jobs"
	width := 0
	for _, j := range jobs {
		width = max(width, len(j.Name))
	}
	for _, j := range jobs {
		line := fmt.Sprintf("%-*s  %-9s  %s to %s", width, j.Name, j.State, strings.Join(j.From, ", "), strings.Join(j.To, ", "))
		if j.Failed != "" {
			line = fmt.Sprintf("%-*s  %s", width, j.Name, p.red("does not run: "+j.Failed))
		}
		p.row(name, line)
		name = ""
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func syncWords(sync string) string {
	switch sync {
	case "always":
		return "synced before every acknowledgement"
	case "interval":
		return "synced at intervals: a power loss may take the last moments"
	}
	return "never synced: a power loss may take recent data"
}

// shortPath is the path relative to the current folder where that is shorter.
func shortPath(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

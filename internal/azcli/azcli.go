package azcli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Azure is the running lazuli as az reaches it.
type Azure struct {
	// Client leads Azure's host names to the running lazuli, and no others anywhere.
	Client *http.Client
	// Token gives one for a resource as "https://management.azure.com".
	Token func(ctx context.Context, resource string) (token string, expires time.Time, err error)
	// Subscription, Tenant and Name are those of Resource Manager.
	Subscription, Tenant, Name string
}

// Stdio is what a call reads and writes.
type Stdio struct {
	Out, Err io.Writer
}

// Run answers one call, whose words come after az, and returns the status to exit
// with. open finds the running lazuli; calls that need none do not ask it.
func Run(ctx context.Context, args []string, std Stdio, open func() (*Azure, error)) int {
	if err := run(ctx, args, std, open); err != nil {
		return tell(std.Err, err)
	}
	return exitOK
}

func run(ctx context.Context, args []string, std Stdio, open func() (*Azure, error)) error {
	words, rest := splitWords(args)
	if len(words) == 0 && slices.Contains(args, "--version") {
		words, rest = []string{"version"}, nil
	}
	c, found := find(words)
	if !found {
		return unanswered(words)
	}
	given, err := parse(c, rest)
	if err != nil {
		return err
	}
	if given["help"] != nil {
		_, err := fmt.Fprintf(std.Out, "az %s: lazuli's stand-in for az takes %s here, and --output, --query.\n", c.words, listed(flagsOf(c.flags)))
		return err
	}
	format := "json"
	if o := given["output"]; o != nil {
		format = strings.ToLower(o[0])
	}
	if !slices.Contains(formats, format) {
		return usage("argument --output/-o: invalid choice: '%s' (choose from %s)", format, strings.Join(formats, ", "))
	}
	k := &call{ctx: ctx, given: given, open: open}
	if err := k.ours(given["subscription"]); err != nil {
		return err
	}
	out, err := c.run(k)
	if err != nil || out == nil {
		return err
	}
	return show(std.Out, c, format, first(given["query"]), out)
}

// show prints a result, or what a query picks from it. An empty pick is no output.
func show(w io.Writer, c command, format, expression string, out any) error {
	v, err := generic(out)
	if err != nil {
		return err
	}
	v, order, err := query(expression, v)
	switch {
	case err != nil:
		return err
	case v == nil:
		return nil
	case expression == "" && format == "table" && c.table != "":
		if v, order, err = query(c.table, v); err != nil {
			return err
		}
	}
	return printResult(w, format, v, order)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// splitWords are the words before the first option, and what follows them.
func splitWords(args []string) (words, rest []string) {
	n := 0
	for n < len(args) && !isOption(args[n]) {
		n++
	}
	return args[:n], args[n:]
}

// command is a row of the table.
type command struct {
	words string // "functionapp config appsettings list"
	flags string // as flagsOf reads them
	run   func(k *call) (any, error)
	table string // what a table shows without --query, in JMESPath; "": every scalar
}

func find(words []string) (command, bool) {
	asked := strings.Join(words, " ")
	for _, c := range commands() {
		if c.words == asked {
			return c, true
		}
	}
	return command{}, false
}

// commands is everything that is answered.
func commands() []command {
	return slices.Concat(accountCommands(), groupCommands(), tagCommands(), storageCommands(), appCommands(), deployCommands(), cosmosCommands(), hubCommands(), streamCommands(), restCommands())
}

// call is one call under way.
type call struct {
	ctx   context.Context
	given map[string][]string
	open  func() (*Azure, error)
	azure *Azure
}

// text is an option's value, "" where it is not given.
func (k *call) text(name string) string { return first(k.given[name]) }

// is reports whether a toggle is on.
func (k *call) is(name string) bool { return strings.EqualFold(k.text(name), "true") }

// to is the running lazuli. It may be asked often.
func (k *call) to() (*Azure, error) {
	if k.azure != nil {
		return k.azure, nil
	}
	a, err := k.open()
	k.azure = a
	return a, err
}

// ours refuses another subscription than the project's.
func (k *call) ours(asked []string) error {
	if asked == nil {
		return nil
	}
	a, err := k.to()
	if err != nil {
		return err
	}
	if s := asked[0]; !strings.EqualFold(s, a.Subscription) && !strings.EqualFold(s, a.Name) {
		return failed("The subscription of '%s' doesn't exist in cloud 'AzureCloud'. This project's is %s (%s).", s, a.Subscription, a.Name)
	}
	return nil
}

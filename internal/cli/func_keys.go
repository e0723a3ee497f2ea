package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// masterKey is what the admin API calls the key that opens everything.
const masterKey = "_master"

// keyFlags say whose keys are meant.
type keyFlags struct{ app, function, kind string }

func newFuncKeysCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "List, make, set and delete the access keys of functions",
		Long: `List and change the keys that open the functions of the running project. A function's
own key opens it alone; a host key opens all functions of the app; the master key also
opens /admin; system keys are those of extensions. Clients send a key in the header
x-functions-key, or as ?code=.

Keys are asked for where other machines reach lazuli, and with --enable-auth of lazuli
up or enableAuth: true of the app. They are kept in the storage container
azure-webjobs-secrets, as Azure's host keeps them.`,
		Example: `  lazuli func keys list
  lazuli func keys create partner --function orders
  lazuli func keys set default 's3cret-value' --kind host
  lazuli func keys delete partner --function orders`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFuncKeysListCmd(s), newFuncKeysCreateCmd(s), newFuncKeysSetCmd(s), newFuncKeysDeleteCmd(s))
	return cmd
}

// add declares the flags.
func (f *keyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.app, "app", "", "the function app, where there are several")
	cmd.Flags().StringVarP(&f.function, "function", "F", "", "keys of this function")
	cmd.Flags().StringVar(&f.kind, "kind", "", "host, system, function or master")
}

// keyPlace is whose keys: a client of the app and the path of the admin API.
type keyPlace struct {
	client adminClient
	path   string
	kind   string // host, system, function or master
	of     string // the function, or ""
}

// key is an access key as the admin API tells it.
type functionKey struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// place finds the one place that the flags mean.
func (f keyFlags) place(ctx context.Context, info instance.Info) (keyPlace, error) {
	kind := strings.ToLower(f.kind)
	if kind == "" && f.function != "" {
		kind = "function"
	}
	switch kind {
	case "function":
		if f.function == "" {
			return keyPlace{}, errors.New("whose? name the function with --function")
		}
		app, name, err := whoHas(ctx, info, f.function, f.app)
		if err != nil {
			return keyPlace{}, err
		}
		c, err := oneApp(info, app)
		return keyPlace{c, "/admin/functions/" + url.PathEscape(name) + "/keys", kind, name}, err
	case "", "host", "system", "master":
	default:
		return keyPlace{}, fmt.Errorf("--kind %q: there are host, system, function and master", f.kind)
	}
	if f.function != "" {
		return keyPlace{}, fmt.Errorf("--function goes with --kind function, not with --kind %s", kind)
	}
	c, err := oneApp(info, f.app)
	if kind == "system" || kind == "master" {
		return keyPlace{c, "/admin/host/systemkeys", kind, ""}, err
	}
	return keyPlace{c, "/admin/host/functionkeys", "host", ""}, err
}

// oneApp is the app of that name, or the only one.
func oneApp(info instance.Info, name string) (adminClient, error) {
	all := adminClients(info)
	var names []string
	for _, c := range all {
		if c.app == name || name == "" && len(all) == 1 {
			return c, nil
		}
		names = append(names, c.app)
	}
	switch {
	case len(all) == 0:
		return adminClient{}, fmt.Errorf("no function app runs in %s", info.Dir)
	case name == "":
		return adminClient{}, fmt.Errorf("which app? choose one with --app: %s", strings.Join(names, ", "))
	}
	return adminClient{}, fmt.Errorf("no function app is named %q; there are %s", name, strings.Join(names, ", "))
}

// keys lists the keys of a place; of master the one.
func (p keyPlace) keys(ctx context.Context) ([]functionKey, error) {
	if p.kind == "master" {
		var k functionKey
		err := p.client.keys(ctx, http.MethodGet, p.path+"/"+masterKey, nil, &k)
		return []functionKey{k}, err
	}
	var got struct{ Keys []functionKey }
	err := p.client.keys(ctx, http.MethodGet, p.path, nil, &got)
	return got.Keys, err
}

// keys calls the keys part of the admin API. That keys are off is said in the words of
// this command line.
func (c adminClient) keys(ctx context.Context, method, path string, body []byte, answer any) error {
	err := c.do(ctx, method, path, body, answer)
	var status *statusError
	if !errors.As(err, &status) {
		return err
	}
	var said struct{ Error string }
	if json.Unmarshal([]byte(status.body), &said) == nil && said.Error != "" {
		return fmt.Errorf("function app %s: %s", c.app, said.Error)
	}
	return err
}

func newFuncKeysListCmd(s *session) *cobra.Command {
	var f keyFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List keys and their values: all of them, or those of --function or --kind",
		Example: "  lazuli func keys list\n  lazuli func keys list --function orders\n  lazuli func keys list --kind master",
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, err := s.instance()
			if err != nil {
				return err
			}
			places, err := f.places(cmd.Context(), info)
			if err != nil {
				return err
			}
			return s.printFunctionKeys(cmd.Context(), places, asJSON)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "as lines of JSON")
	return cmd
}

// places are all that the flags leave open.
func (f keyFlags) places(ctx context.Context, info instance.Info) (all []keyPlace, err error) {
	if f.function != "" || f.kind != "" {
		p, err := f.place(ctx, info)
		return []keyPlace{p}, err
	}
	if f.app != "" {
		if _, err := oneApp(info, f.app); err != nil {
			return nil, err
		}
	}
	for _, c := range adminClients(info) {
		if f.app != "" && c.app != f.app {
			continue
		}
		for _, kind := range []string{"master", "host", "system"} {
			p, err := keyFlags{app: c.app, kind: kind}.place(ctx, info)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		functions, err := c.functions(ctx)
		if err != nil {
			return nil, err
		}
		for _, fn := range functions {
			if kind, _ := fn.trigger(); strings.EqualFold(kind, "httpTrigger") { // no other is called with a key
				all = append(all, keyPlace{c, "/admin/functions/" + url.PathEscape(fn.Name) + "/keys", "function", fn.Name})
			}
		}
	}
	return all, nil
}

func (s *session) printFunctionKeys(ctx context.Context, places []keyPlace, asJSON bool) error {
	enc := json.NewEncoder(s.data)
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(table, "APP\tOPENS\tKEY\tVALUE")
	}
	opens := map[string]string{"master": "everything", "host": "all functions", "system": "extensions"}
	for _, p := range places {
		keys, err := p.keys(ctx)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if asJSON {
				if err := enc.Encode(struct {
					App      string `json:"app"`
					Kind     string `json:"kind"`
					Function string `json:"function,omitempty"`
					functionKey
				}{p.client.app, p.kind, p.of, k}); err != nil {
					return err
				}
				continue
			}
			what := opens[p.kind]
			if p.of != "" {
				what = "function " + p.of
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", terminal.Clean(p.client.app), terminal.Clean(what), terminal.Clean(k.Name), terminal.Clean(k.Value))
		}
	}
	return table.Flush()
}

func newFuncKeysCreateCmd(s *session) *cobra.Command {
	var f keyFlags
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a key with a random value, or a new value for one that is there",
		Example: `  lazuli func keys create partner --function orders
  lazuli func keys create default --kind host
  lazuli func keys create _master --kind master`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.putFunctionKey(cmd.Context(), f, args[0], "")
		},
	}
	f.add(cmd)
	return cmd
}

func newFuncKeysSetCmd(s *session) *cobra.Command {
	var f keyFlags
	cmd := &cobra.Command{
		Use:     "set NAME VALUE",
		Short:   "Give a key a value of your own",
		Example: "  lazuli func keys set partner 's3cret-value' --function orders\n  lazuli func keys set _master 's3cret-value' --kind master",
		Args:    exactArgs("NAME", "VALUE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[1] == "" {
				return &usageError{cmd, errors.New("VALUE is empty; `lazuli func keys create` makes one")}
			}
			return s.putFunctionKey(cmd.Context(), f, args[0], args[1])
		},
	}
	f.add(cmd)
	return cmd
}

// putFunctionKey makes or sets a key and prints its value: in a pipe that alone.
func (s *session) putFunctionKey(ctx context.Context, f keyFlags, name, value string) error {
	info, err := s.instance()
	if err != nil {
		return err
	}
	p, err := f.place(ctx, info)
	if err != nil {
		return err
	}
	if (p.kind == "master") != strings.EqualFold(name, masterKey) {
		return fmt.Errorf("the master key is %s of --kind master, and the only one there", masterKey)
	}
	method, body := http.MethodPost, []byte(nil)
	if value != "" {
		method = http.MethodPut
		if body, err = json.Marshal(functionKey{name, value}); err != nil {
			return err
		}
	}
	var made functionKey
	if err := p.client.keys(ctx, method, p.path+"/"+url.PathEscape(name), body, &made); err != nil {
		return err
	}
	if person(s.data) {
		fmt.Fprintf(s.out, "%s = %s\n", terminal.Clean(made.Name), terminal.Clean(made.Value))
		return nil
	}
	_, err = fmt.Fprintln(s.data, made.Value)
	return err
}

func newFuncKeysDeleteCmd(s *session) *cobra.Command {
	var f keyFlags
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"remove"},
		Short:   "Delete a key: it opens nothing any more",
		Example: "  lazuli func keys delete partner --function orders",
		Args:    exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := s.instance()
			if err != nil {
				return err
			}
			p, err := f.place(cmd.Context(), info)
			if err != nil {
				return err
			}
			if err := p.client.keys(cmd.Context(), http.MethodDelete, p.path+"/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "Deleted the key %s.\n", terminal.Clean(args[0]))
			return nil
		},
	}
	f.add(cmd)
	return cmd
}

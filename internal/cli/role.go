package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newRoleCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "role",
		Short: "Who may do what: list, give and take roles",
		Long: `Who may do what in the running project. A principal is who a token is: developer
(whoever runs the project; owns everything), app:NAME (a function app),
identity:NAME (a user-assigned identity), application:NAME. A scope is
  /                                   everything
  eventHubs/NAMESPACE[/HUB]           default is the namespace of localhost
  cosmos/ACCOUNT[/DATABASE[/CONTAINER]]
  functions/APP
or an Azure resource id.`,
		Example: `  lazuli role list
  lazuli role assign app:telemetry "Azure Event Hubs Data Receiver" eventHubs/default
  lazuli role remove app:telemetry "Azure Event Hubs Data Receiver" eventHubs/default`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRoleListCmd(s), newRoleAssignCmd(s), newRoleRemoveCmd(s), newRoleDefinitionsCmd(s), newRolePrincipalsCmd(s))
	return cmd
}

// heldRole is a role assignment as the running instance tells it.
type heldRole struct {
	ID        string `json:"id"`
	Principal string `json:"principal"`
	ObjectID  string `json:"objectId"`
	Role      string `json:"role"`
	Scope     string `json:"scope"`
	Short     string `json:"short"`
	From      string `json:"from"`
}

// whoAndWhat is GET /api/identity.
type whoAndWhat struct {
	Mode         string `json:"mode"`
	Tenant       string `json:"tenant"`
	Subscription string `json:"subscription"`
	Principals   []struct {
		Name     string   `json:"name"`
		Kind     string   `json:"kind"`
		ObjectID string   `json:"objectId"`
		ClientID string   `json:"clientId"`
		Apps     []string `json:"apps"`
	} `json:"principals"`
	Assignments []heldRole `json:"assignments"`
}

// identities asks the running instance; raw is its own words, for --json.
func (s *session) identities(cmd *cobra.Command, principal string) (w whoAndWhat, raw map[string]json.RawMessage, err error) {
	portal, err := s.portal()
	if err != nil {
		return w, nil, err
	}
	var text json.RawMessage
	path := "/api/identity?" + url.Values{"principal": {principal}}.Encode()
	if err := portal.do(cmd.Context(), http.MethodGet, path, nil, &text); err != nil {
		return w, nil, err
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return w, nil, err
	}
	return w, raw, json.Unmarshal(text, &raw)
}

// fromWords say where an assignment comes from.
func fromWords(from string) string {
	switch from {
	case "project":
		return "lazuli.yaml"
	case "command":
		return "lazuli role assign"
	case "default":
		return "by default"
	}
	return "lazuli role assign; not in the project now"
}

func newRoleListCmd(s *session) *cobra.Command {
	var asJSON bool
	var principal string
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the role assignments of the running project",
		Example: `  lazuli role list
  lazuli role list --principal app:telemetry --json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, raw, err := s.identities(cmd, principal)
			if err != nil {
				return err
			}
			if asJSON {
				return s.printJSON(raw["assignments"])
			}
			table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "PRINCIPAL\tROLE\tSCOPE\tFROM")
			for _, h := range w.Assignments {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", terminal.Clean(cmp.Or(h.Principal, h.ObjectID)), terminal.Clean(h.Role), terminal.Clean(h.Short), fromWords(h.From))
			}
			if err := table.Flush(); err != nil {
				return err
			}
			if w.Mode == "permissive" {
				fmt.Fprintln(s.err, "nothing is refused now: what would be stands in the log (identity.mode, or the first assignment, enforces roles)")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().StringVar(&principal, "principal", "", "those of one principal, by its name, object id or client id")
	return cmd
}

// printJSON prints a value as machines and people read it.
func (s *session) printJSON(v any) error {
	enc := json.NewEncoder(s.data)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func newRolePrincipalsCmd(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "principals",
		Short: "List who can hold roles, with their client ids",
		Long: `List who can hold roles. A program chooses to be a user-assigned identity with
its client id (AZURE_CLIENT_ID).`,
		Example: `  lazuli role principals`,
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, raw, err := s.identities(cmd, "")
			if err != nil {
				return err
			}
			if asJSON {
				return s.printJSON(raw["principals"])
			}
			table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "PRINCIPAL\tCLIENT ID\tOBJECT ID\tFOR APPS")
			for _, p := range w.Principals {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", terminal.Clean(p.Name), p.ClientID, p.ObjectID, terminal.Clean(cmp.Or(strings.Join(p.Apps, ", "), "-")))
			}
			fmt.Fprintf(s.err, "tenant %s, subscription %s\n", w.Tenant, w.Subscription)
			return table.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func newRoleDefinitionsCmd(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "definitions",
		Short: "List the built-in roles, and what each allows",
		Long: `List the built-in roles: those of Azure with their own names and ids, and the two
of Cosmos DB's data plane. Management actions do not open data: Owner and
Contributor read no event and no document.`,
		Example: `  lazuli role definitions
  lazuli role definitions --json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			portal, err := s.portal()
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if err := portal.do(cmd.Context(), http.MethodGet, "/api/identity/roles", nil, &raw); err != nil {
				return err
			}
			if asJSON {
				return s.printJSON(raw)
			}
			var all []struct {
				Name, ID             string
				Actions, DataActions []string
				Here                 bool
			}
			if err := json.Unmarshal(raw, &all); err != nil {
				return err
			}
			table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "ROLE\tID\tDATA ACTIONS")
			elsewhere := 0
			for _, r := range all {
				if !r.Here {
					elsewhere++
					continue
				}
				fmt.Fprintf(table, "%s\t%s\t%s\n", r.Name, r.ID, cmp.Or(strings.Join(r.DataActions, " "), "-"))
			}
			if elsewhere > 0 {
				fmt.Fprintf(s.err, "%d more are of services that Lazuli does not have, and cannot be assigned; --json tells of them\n", elsewhere)
			}
			return table.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, with management actions")
	return cmd
}

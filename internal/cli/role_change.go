package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// roleOrder gives or takes a role.
type roleOrder struct {
	Principal string `json:"principal,omitempty"`
	Role      string `json:"role,omitempty"`
	Scope     string `json:"scope,omitempty"`
	ID        string `json:"id,omitempty"`
}

// changeRole sends an order and says what became of it.
func (s *session) changeRole(cmd *cobra.Command, path string, o roleOrder, asJSON bool, said string) error {
	portal, err := s.portal()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := portal.do(cmd.Context(), http.MethodPost, path, o, &raw); err != nil {
		return err
	}
	if asJSON {
		return s.printJSON(raw)
	}
	var h heldRole
	if err := json.Unmarshal(raw, &h); err != nil {
		return err
	}
	fmt.Fprintf(s.err, said+"\n", terminal.Clean(h.Principal), terminal.Clean(h.Role), terminal.Clean(h.Short))
	return nil
}

func newRoleAssignCmd(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "assign PRINCIPAL ROLE SCOPE",
		Short: "Give a role",
		Long: `Give a role to a principal at a scope and all that is in it. It is in force at
once, stays until 'lazuli role remove' takes it, and outlives restarts. With the
first assignment of a project roles are enforced (unless identity.mode says
otherwise). 'lazuli role --help' says how principals and scopes are written.`,
		Example: `  lazuli role assign app:telemetry "Azure Event Hubs Data Receiver" eventHubs/default/telemetry_events
  lazuli role assign identity:pipeline "Cosmos DB Built-in Data Contributor" cosmos/default/serverless_db`,
		Args: exactArgs("PRINCIPAL", "ROLE", "SCOPE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := roleOrder{Principal: args[0], Role: args[1], Scope: args[2]}
			return s.changeRole(cmd, "/api/identity/assignments", o, asJSON, "%s is now %s at %s")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "the assignment as JSON")
	return cmd
}

func newRoleRemoveCmd(s *session) *cobra.Command {
	var asJSON bool
	var id string
	cmd := &cobra.Command{
		Use:   "remove {PRINCIPAL ROLE SCOPE | --id ID}",
		Short: "Take a role that 'lazuli role assign' gave",
		Long: `Take a role from a principal. What was opened with it is closed within seconds. A
role that lazuli.yaml gives is taken out there.`,
		Example: `  lazuli role remove app:telemetry "Azure Event Hubs Data Receiver" eventHubs/default/telemetry_events
  lazuli role remove --id 3f0c2d3e-6a53-4f0a-9a53-1f2b7a3c9d10`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := roleOrder{ID: id}
			switch {
			case id != "" && len(args) > 0:
				return &usageError{cmd, errors.New("--id stands for PRINCIPAL ROLE SCOPE; leave those out")}
			case id == "":
				if err := exactArgs("PRINCIPAL", "ROLE", "SCOPE")(cmd, args); err != nil {
					return err
				}
				o = roleOrder{Principal: args[0], Role: args[1], Scope: args[2]}
			}
			return s.changeRole(cmd, "/api/identity/assignments:remove", o, asJSON, "%s is no longer %s at %s")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "what was removed, as JSON")
	cmd.Flags().StringVar(&id, "id", "", "the assignment's id, as `lazuli role list --json` tells it")
	return cmd
}

package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// accountKey is a key as the running instance tells it.
type accountKey struct {
	Type    string `json:"type"`
	Service string `json:"service"`
	Account string `json:"account"`
	Policy  string `json:"policy,omitempty"`
	Hub     string `json:"hub,omitempty"`
	Rights  string `json:"rights"`
	Name    string `json:"name"`
	Value   string `json:"value"`
	Given   string `json:"given,omitempty"`
	Closed  bool   `json:"closed,omitempty"`
}

func newKeysCmd(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "List the keys of namespaces and accounts, and make new ones",
		Long: `List the keys of all Event Hubs namespaces, Cosmos DB accounts and Storage accounts
of the running lazuli. lazuli env prints the connection strings that hold them.`,
		Example: `  lazuli keys
  lazuli keys regenerate --namespace contoso-evhns
  lazuli keys regenerate --account contoso-cosmos --key secondary`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			portal, err := s.portal()
			if err != nil {
				return err
			}
			var got struct{ Keys []accountKey }
			if err := portal.do(cmd.Context(), http.MethodPost, "/api/keys", struct{}{}, &got); err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(s.data)
				enc.SetIndent("", "  ")
				return enc.Encode(got.Keys)
			}
			return s.printKeys(got.Keys)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.AddCommand(newKeysRegenerateCmd(s))
	return cmd
}

func (s *session) printKeys(all []accountKey) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tACCOUNT\tPOLICY\tKEY\tALLOWS\tVALUE")
	for _, k := range all {
		policy := cmp.Or(k.Policy, "-")
		if k.Hub != "" {
			policy += " of " + k.Hub
		}
		allows := k.Rights
		if k.Closed {
			allows = "nothing (local authentication is off)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", terminal.Clean(k.Service), terminal.Clean(k.Account), terminal.Clean(policy), terminal.Clean(k.Name), terminal.Clean(allows), terminal.Clean(k.Value))
	}
	return table.Flush()
}

func newKeysRegenerateCmd(s *session) *cobra.Command {
	var namespace, account, storage string
	which := struct {
		Type    string `json:"type"`
		Account string `json:"account"`
		Policy  string `json:"policy,omitempty"`
		Hub     string `json:"hub,omitempty"`
		Name    string `json:"name"`
	}{}
	cmd := &cobra.Command{
		Use:   "regenerate {--namespace NAME | --account NAME | --storage NAME}",
		Short: "Make a new key in place of one",
		Long: `Make a new key of a namespace's policy or of an account, and print it: in a pipe the
key alone. What was
opened with the old one is closed within seconds. A key that lazuli.yaml sets is
changed there.`,
		Example: `  lazuli keys regenerate --namespace contoso-evhns --policy producer --key secondary
  lazuli keys regenerate --account contoso-cosmos --key primaryReadonly
  lazuli keys regenerate --storage contososa --key key2`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case namespace != "":
				which.Type, which.Account = instance.Namespaces, namespace
				which.Policy = cmp.Or(which.Policy, "RootManageSharedAccessKey")
			case account != "":
				which.Type, which.Account = instance.CosmosAccounts, account
				if which.Policy+which.Hub != "" {
					return errors.New("--policy and --hub belong to --namespace")
				}
			case storage != "":
				which.Type, which.Account = instance.StorageAccounts, storage
				which.Name = storageKeyName(which.Name)
				if which.Policy+which.Hub != "" {
					return errors.New("--policy and --hub belong to --namespace")
				}
			default:
				return errors.New("whose key? name a --namespace, an --account or a --storage account; `lazuli keys` lists them")
			}
			portal, err := s.portal()
			if err != nil {
				return err
			}
			var made accountKey
			if err := portal.do(cmd.Context(), http.MethodPost, "/api/keys/regenerate", which, &made); err != nil {
				return err
			}
			fmt.Fprintln(s.err, "The old key opens nothing any more; what was opened with it is closed within seconds.")
			if person(s.data) { // a script takes the key alone
				return s.printKeys([]accountKey{made})
			}
			_, err = fmt.Fprintln(s.data, made.Value)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&namespace, "namespace", "", "Event Hubs namespace")
	f.StringVar(&account, "account", "", "Cosmos DB account")
	f.StringVar(&storage, "storage", "", "Storage account")
	f.StringVar(&which.Policy, "policy", "", "shared access policy of the namespace; default RootManageSharedAccessKey")
	f.StringVar(&which.Hub, "hub", "", "hub that the policy belongs to")
	f.StringVar(&which.Name, "key", "primary", "primary or secondary; of an account also primaryReadonly or secondaryReadonly; key1 or key2 of a storage account")
	cmd.MarkFlagsMutuallyExclusive("namespace", "account", "storage")
	return cmd
}

// storageKeyName is what Azure calls the first and the second key of a storage
// account.
func storageKeyName(name string) string {
	switch name {
	case "primary":
		return "key1"
	case "secondary":
		return "key2"
	}
	return name
}

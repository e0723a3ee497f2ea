package app

import (
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// declareDocuments makes the document accounts of the project file and brings them
// up to date, as declareNamespaces does.
func (s *dataFolder) declareDocuments(cfg config.Config) error {
	named := cfg.Cosmos.All()
	names, by := make([]string, len(named)), map[string]config.CosmosAccount{}
	for i, a := range named {
		names[i], by[strings.ToLower(a.Name)] = a.Name, a.CosmosAccount
	}
	own, err := s.declareAccounts(resource.CosmosAccounts, names, func(a resource.Account, old json.RawMessage) (json.RawMessage, error) {
		return declareAccount(by[strings.ToLower(a.Name)], old)
	})
	if err != nil {
		return err
	}
	s.documents, s.account = own[0], s.docs.Account(own[0].ID)
	return nil
}

func declareAccount(a config.CosmosAccount, old json.RawMessage) (json.RawMessage, error) {
	p, err := cosmos.ReadAccount(old)
	if err != nil {
		return nil, err
	}
	if a.Key != "" {
		p.Primary = a.Key
	}
	if a.SecondaryKey != "" {
		p.Secondary = a.SecondaryKey
	}
	p.Complete()
	p.DisableLocalAuth, p.Consistency, p.Network = a.DisableLocalAuth, a.Consistency, a.Restrictions()
	return p.JSON(), nil
}

// documentKind is the document accounts as accounts: four keys each.
func documentKind(cfg config.Cosmos) accountKind {
	return accountKind{
		typ: resource.CosmosAccounts, service: "Cosmos DB",
		keys: func(a resource.Account, properties json.RawMessage) ([]keys.Key, error) {
			p, err := cosmos.ReadAccount(properties)
			if err != nil {
				return nil, err
			}
			all := []keys.Key{
				{Name: cosmos.PrimaryKey, Value: p.Primary, Rights: "read and write"},
				{Name: cosmos.SecondaryKey, Value: p.Secondary, Rights: "read and write"},
				{Name: cosmos.PrimaryReadOnlyKey, Value: p.PrimaryReadOnly, Rights: "read"},
				{Name: cosmos.SecondaryReadOnlyKey, Value: p.SecondaryReadOnly, Rights: "read"},
			}
			for _, n := range cfg.All() {
				if strings.EqualFold(n.Name, a.Name) {
					all[0].Given, all[1].Given = givenAt(n.Path+".key", n.Key), givenAt(n.Path+".secondaryKey", n.SecondaryKey)
				}
			}
			for i := range all {
				all[i].Closed = p.DisableLocalAuth
			}
			return all, nil
		},
		regenerate: func(w keys.Which, old json.RawMessage) (json.RawMessage, error) {
			if err := noPolicy(w); err != nil {
				return nil, err
			}
			p, err := cosmos.ReadAccount(old)
			if err == nil {
				err = p.Regenerate(w.Name)
			}
			return p.JSON(), err
		},
		owner: func(properties json.RawMessage) (rule, key string) {
			if p, err := cosmos.ReadAccount(properties); err == nil && !p.DisableLocalAuth {
				return "", p.Primary
			}
			return "", ""
		},
	}
}

// noPolicy refuses a policy where keys are the account's own.
func noPolicy(w keys.Which) error {
	if w.Policy+w.Hub != "" {
		return fault.New(fault.Invalid, "policy", "keys of an account belong to no policy and no hub")
	}
	return nil
}

package app

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// The names of an account's two keys.
const (
	primaryKey   = "primary"
	secondaryKey = "secondary"
)

// declareNamespaces makes the namespaces of the project file and brings them up to
// date: keys that the file does not give stay, or are made. The first is the one
// that localhost means.
func (s *dataFolder) declareNamespaces(cfg config.Config) error {
	named := cfg.EventHubs.All()
	names, by := make([]string, len(named)), map[string]config.Namespace{}
	for i, n := range named {
		names[i], by[strings.ToLower(n.Name)] = n.Name, n.Namespace
	}
	own, err := s.declareAccounts(resource.Namespaces, names, func(a resource.Account, old json.RawMessage) (json.RawMessage, error) {
		return declareNamespace(by[strings.ToLower(a.Name)], old)
	})
	if err != nil {
		return err
	}
	s.namespace, s.hubs = own[0], s.broker.Namespace(own[0].ID)
	return nil
}

func declareNamespace(n config.Namespace, old json.RawMessage) (json.RawMessage, error) {
	p, err := eventhubs.ReadNamespace(old)
	if err != nil {
		return nil, err
	}
	policies := make([]eventhubs.Policy, len(n.Rules))
	for i, r := range n.Rules {
		policies[i] = eventhubs.Policy{Name: r.Name, Hub: r.Hub, Rights: r.Rights, Primary: r.Key, Secondary: r.SecondaryKey}
	}
	p.Declare(policies)
	p.DisableLocalAuth, p.Network = n.DisableLocalAuth, n.Restrictions()
	return p.JSON(), nil
}

// namespaceKind is the namespaces as accounts: two keys for each policy.
func namespaceKind(cfg config.EventHubs) accountKind {
	return accountKind{
		typ: resource.Namespaces, service: "Event Hubs", word: "namespace",
		keys: func(a resource.Account, properties json.RawMessage) (all []keys.Key, err error) {
			p, err := eventhubs.ReadNamespace(properties)
			for _, x := range p.Policies {
				k := keys.Key{Policy: x.Name, Hub: x.Hub, Rights: strings.Join(x.Rights, ", "), Closed: p.DisableLocalAuth}
				first, second := givenKeys(cfg, a.Name, x)
				k.Name, k.Value, k.Given = primaryKey, x.Primary, first
				all = append(all, k)
				k.Name, k.Value, k.Given = secondaryKey, x.Secondary, second
				all = append(all, k)
			}
			return all, err
		},
		regenerate: func(w keys.Which, old json.RawMessage) (json.RawMessage, error) {
			p, err := eventhubs.ReadNamespace(old)
			switch {
			case err != nil:
			case w.Name == primaryKey || w.Name == secondaryKey:
				err = p.Regenerate(w.Policy, w.Hub, w.Name == secondaryKey)
			default:
				err = fault.New(fault.Invalid, "key "+w.Name, "a policy has a primary and a secondary one")
			}
			return p.JSON(), err
		},
		owner: func(properties json.RawMessage) (rule, key string) {
			if p, err := eventhubs.ReadNamespace(properties); err == nil && !p.DisableLocalAuth {
				owner, _ := p.Owner()
				return owner.Name, owner.Primary
			}
			return "", ""
		},
	}
}

// givenKeys are the keys of the project file that set those of a policy, or "".
func givenKeys(cfg config.EventHubs, namespace string, p eventhubs.Policy) (primary, secondary string) {
	for _, n := range cfg.All() {
		for i, r := range n.Rules {
			if !strings.EqualFold(n.Name, namespace) || r.Name != p.Name || !strings.EqualFold(r.Hub, p.Hub) {
				continue
			}
			at := fmt.Sprintf("%s.rules[%d]", n.Path, i)
			return givenAt(at+".key", r.Key), givenAt(at+".secondaryKey", r.SecondaryKey)
		}
	}
	return "", ""
}

// givenAt is a path of the project file where it says something.
func givenAt(path, value string) string {
	if value == "" {
		return ""
	}
	return path
}

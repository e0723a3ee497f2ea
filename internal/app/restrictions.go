package app

import (
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// restrict is who may reach the accounts of a type at all, as their properties
// say now. read takes nothing for everybody: properties that cannot be read let
// in nobody by the public address.
func (e *env) restrict(read func(properties json.RawMessage) (func(path string) restriction.Rules, error)) func(resource.Account, string) restriction.Rules {
	accounts := newPerAccount(func(a resource.Account) (*standing[func(string) restriction.Rules], error) {
		return &standing[func(string) restriction.Rules]{exists: e.Exists, account: a, read: func(properties json.RawMessage) func(string) restriction.Rules {
			rules, err := read(properties)
			if err != nil {
				e.noService(a, err)
				return func(string) restriction.Rules { return restriction.Rules{Private: true} }
			}
			return rules
		}}, nil
	})
	return func(a resource.Account, path string) restriction.Rules {
		s, _ := accounts.of(a) // making one cannot fail
		return s.now()(path)
	}
}

func always(r restriction.Rules) func(string) restriction.Rules {
	return func(string) restriction.Rules { return r }
}

func namespaceRules(properties json.RawMessage) (func(string) restriction.Rules, error) {
	p, err := eventhubs.ReadNamespace(properties)
	return always(p.Network), err
}

func accountRules(properties json.RawMessage) (func(string) restriction.Rules, error) {
	p, err := cosmos.ReadAccount(properties)
	return always(p.Network), err
}

func siteRules(properties json.RawMessage) (func(string) restriction.Rules, error) {
	p, err := azfunctions.ReadSite(properties)
	return p.For, err
}

func scmRules(properties json.RawMessage) (func(string) restriction.Rules, error) {
	p, err := azfunctions.ReadSite(properties)
	return always(p.SCM), err
}

// What the services say to whom they do not let in.

func namespaceDenied(_ resource.Account, v restriction.Visit) error {
	return fault.New(fault.Unauthorized, "", "Ip has been prevented to connect to the endpoint: %s", v.From)
}

func accountDenied(_ resource.Account, v restriction.Visit) error {
	return fault.New(fault.Forbidden, "",
		"Request originated from IP %s through public internet. This is blocked by your Cosmos DB account firewall settings (ipRules, publicNetworkAccess).", v.From)
}

func siteDenied(_ resource.Account, v restriction.Visit) error {
	return fault.Wrap(fault.Forbidden, "", &azfunctions.IPForbidden{From: v.From}, "access restriction")
}

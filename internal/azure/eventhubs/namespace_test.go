package eventhubs

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestDeclaredPolicies(t *testing.T) {
	var p NamespaceProperties
	p.Declare([]Policy{{Name: "root", Rights: []string{"Manage"}}, {Name: "send", Rights: []string{"Send"}, Hub: "a", Primary: "given"}})
	root, _ := p.Policy("root", "")
	send, _ := p.Policy("send", "A")
	if root.Primary == "" || root.Secondary == "" || root.Primary == root.Secondary || send.Primary != "given" || send.Secondary == "" {
		t.Fatalf("made: %+v %+v", root, send)
	}
	p.Policies = append(p.Policies, Policy{Name: "made", Rights: []string{"Listen"}, Primary: "x", Secondary: "y"})

	again, err := ReadNamespace(p.JSON())
	if err != nil {
		t.Fatal(err)
	}
	again.Declare([]Policy{{Name: "root", Rights: []string{"Listen"}, Secondary: "mine"}})
	now, _ := again.Policy("root", "")
	if now.Primary != root.Primary || now.Secondary != "mine" || now.Rights[0] != "Listen" {
		t.Errorf("declared again: %+v", now)
	}
	if _, still := again.Policy("send", "a"); still {
		t.Error("a policy that the file no longer has stays")
	}
	if made, still := again.Policy("made", ""); !still || made.Primary != "x" {
		t.Errorf("a policy that came another way: %+v", made)
	}
}

func TestRegenerate(t *testing.T) {
	var p NamespaceProperties
	p.Declare([]Policy{{Name: "root", Rights: []string{"Manage"}}})
	before, _ := p.Policy("root", "")
	if err := p.Regenerate("root", "", false); err != nil {
		t.Fatal(err)
	}
	after, _ := p.Policy("root", "")
	if after.Primary == before.Primary || after.Secondary != before.Secondary {
		t.Errorf("primary: %+v, then %+v", before, after)
	}
	if err := p.Regenerate("other", "", false); !fault.Is(err, fault.NotFound) {
		t.Errorf("of none: %v", err)
	}
	rules, err := p.Rules()
	if err != nil || len(rules) != 1 || rules[0].Key != after.Primary || rules[0].Rights != Manage {
		t.Errorf("rules: %+v %v", rules, err)
	}
	if best, ok := p.Owner(); !ok || best.Name != "root" {
		t.Errorf("owner: %+v", best)
	}
}

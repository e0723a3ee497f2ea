package eventhubs

import (
	"encoding/base64"
	"testing"
)

func sigText(t SASToken) string { return base64.StdEncoding.EncodeToString(t.Signature) }

func TestParseRights(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  Rights
		text  string
	}{
		{[]string{"Listen"}, Listen, "Listen"},
		{[]string{"send", "LISTEN"}, Send | Listen, "Send,Listen"},
		{[]string{"Manage"}, Manage, "Manage,Send,Listen"},
		{nil, 0, ""},
	} {
		got, err := ParseRights(c.names)
		if err != nil || got != c.want || got.String() != c.text {
			t.Errorf("%v: %v (%v), error %v", c.names, got, uint8(got), err)
		}
	}
	if _, err := ParseRights([]string{"Write"}); err == nil {
		t.Error("an unknown right is accepted")
	}
	if !Manage.Has(Send) || Send.Has(Manage) || Send.Has(Listen) {
		t.Error("Has does not follow the hierarchy")
	}
}

func TestRuleValidate(t *testing.T) {
	if err := emulatorRule().Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []Rule{{}, {Name: "a"}, {Name: "a", Key: "k"}, {Key: "k", Rights: Send}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestResourcePath(t *testing.T) {
	for uri, want := range map[string]string{
		"amqps://localhost:5671/Hub/Partitions/0": "hub/partitions/0",
		"amqp://localhost/hub":                    "hub",
		"sb://ns.example.net/hub/":                "hub",
		"sb://ns.example.net/":                    "",
		"ns.example.net":                          "",
		"localhost:5671":                          "",
		"ns.example.net/hub":                      "hub",
		"https://ns/hub/messages?timeout=60":      "hub/messages",
		"":                                        "",
	} {
		if got := resourcePath(uri); got != want {
			t.Errorf("%q: %q, want %q", uri, got, want)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		scope, path string
		want        bool
	}{
		{"", "hub", true},
		{"hub", "hub", true},
		{"hub", "hub/partitions/0", true},
		{"hub", "hub2", false},
		{"hub/partitions/0", "hub", false},
		{"hub/partitions/1", "hub/partitions/10", false},
	} {
		if got := covers(c.scope, c.path); got != c.want {
			t.Errorf("covers(%q, %q) = %v", c.scope, c.path, got)
		}
	}
}

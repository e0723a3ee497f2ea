package config

import (
	"reflect"
	"strings"
	"testing"
)

// TestIdentityFaults: each names its path, and says what would be right.
func TestIdentityFaults(t *testing.T) {
	const client = "clientId: 11111111-2222-3333-4444-555555555555"
	for _, c := range []struct{ yaml, want string }{
		{"identity: {mode: strict}", `identity.mode: "strict" is not one of enforce, permissive`},
		{"identity: {port: 70000}", "identity.port: is 70000; must be from 0 to 65535"},
		{"identity: {assignments: [{role: Reader, scope: /}]}", "identity.assignments[0]: principal is missing"},
		{"identity: {assignments: [{principal: developer, scope: /}]}", "identity.assignments[0]: role is missing"},
		{"identity: {assignments: [{principal: developer, role: Reader}]}", "identity.assignments[0]: scope is missing"},
		{"identity: {assignment: []}", "identity.assignment: there is no such key; did you mean assignments?"},
		{"identity: {applications: {ci: {}}}", "identity.applications.ci: needs secret, certificate or federated"},
		{"identity: {applications: {ci: {secret: short}}}", "identity.applications.ci.secret: has 5 characters; at least 12"},
		{"identity: {applications: {ci: {clientId: me, secret: long enough for all}}}", `identity.applications.ci.clientId: "me" is not a GUID`},
		{"identity: {applications: {'a b': {secret: long enough for all}}}", "identity.applications.a b: a name has 1 to 64 letters"},
		{"identity: {applications: {a: {secret: long enough for all}, A: {secret: long enough for all}}}", "identity.applications.a: differs from A only in case"},
		{"identity: {applications: {ci: {certificate: none.pem}}}", "identity.applications.ci.certificate: there is no file "},
		{"identity: {applications: {ci: {certificate: .}}}", "identity.applications.ci.certificate: . is a folder"},
		{"identity: {applications: {ci: {federated: [{issuer: i, subject: s}]}}}", "identity.applications.ci.federated[0]: needs issuer, subject and keys"},
		{"identity: {applications: {ci: {federated: [{issuer: i, subject: s, keys: none}]}}}", "identity.applications.ci.federated[0].keys: there is no file "},
		{"identity: {userAssigned: {p: {" + client + ", apps: [none]}}}", `identity.userAssigned.p.apps[0]: there is no function app "none"`},
		{"identity: {userAssigned: {p: {clientId: 5}}}", "identity.userAssigned.p.clientId"},
	} {
		_, err := Parse([]byte(c.yaml), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.yaml, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "long enough for all") && !strings.Contains(err.Error(), "|") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

// TestAnyPort: no listener keeps the port that the project file says, but those
// of apps.
func TestAnyPort(t *testing.T) {
	c := Default(t.TempDir())
	c.Cosmos.ComputePort = new(Port)
	*c.Cosmos.ComputePort = 8903
	chosen := Port(7777)
	c.Functions.Apps = map[string]App{"a": {Port: &chosen}}
	c.AnyPort()
	ports := 0
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[Port]():
			if ports++; v.Uint() != 0 {
				t.Errorf("%s keeps port %d", path, v.Uint())
			}
		case v.Kind() == reflect.Pointer && !v.IsNil():
			walk(path, v.Elem())
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	walk("Config", reflect.ValueOf(c))
	if ports < 7 || chosen != 7777 {
		t.Errorf("%d ports were seen; the app's is %d", ports, chosen)
	}
}

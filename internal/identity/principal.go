package identity

import (
	"fmt"
	"strings"
)

// Kind is what a principal is.
type Kind uint8

// The kinds of principals.
const (
	Developer    Kind = iota // who runs the project
	FunctionApp              // a function app's own (system-assigned) identity
	UserAssigned             // an identity that function apps may be given
	Application              // a program with a secret or certificate of its own
	Resource                 // the own identity of another resource than a function app, called TYPE/NAME
)

// prefixes begin the names of principals; the developer has none.
var prefixes = [...]string{Developer: "", FunctionApp: "app:", UserAssigned: "identity:", Application: "application:", Resource: "resource:"}

var kindWords = [...]string{Developer: "developer", FunctionApp: "function app", UserAssigned: "user-assigned identity", Application: "application", Resource: "resource"}

// String says what a principal of the kind is, in words.
func (k Kind) String() string {
	if int(k) < len(kindWords) {
		return kindWords[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// Named is the name of the principal of a kind that the project calls name:
// app:telemetry.
func (k Kind) Named(name string) string {
	if k == Developer {
		return DeveloperName
	}
	return prefixes[k] + name
}

// DeveloperName is the name of who runs the project.
const DeveloperName = "developer"

// Caller is who a verified token is.
type Caller struct {
	ObjectID string // of the principal, a GUID
	AppID    string // client id, a GUID
	Name     string // developer, app:NAME, identity:NAME, application:NAME
	Kind     Kind
}

// Principal is somebody who can hold roles.
type Principal struct {
	Caller
	// Apps are the function apps that may be a user-assigned identity.
	Apps []string
	// Declared says that the project has it. One that left the project file
	// keeps its ids and assignments for the day it comes back, and gets no token.
	Declared bool
}

// Plain is the principal's name without what says its kind.
func (p Principal) Plain() string { return strings.TrimPrefix(p.Name, prefixes[p.Kind]) }

// is reports whether somebody means the principal by a text: its name, object
// id or client id.
func (p Principal) is(text string) bool {
	return strings.EqualFold(p.Name, text) || strings.EqualFold(p.ObjectID, text) || strings.EqualFold(p.AppID, text)
}

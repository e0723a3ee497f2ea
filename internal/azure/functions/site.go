package functions

import (
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// SiteProperties are the properties of a function app as a resource.
type SiteProperties struct {
	Access restriction.Rules `json:"access,omitzero"`
	Admin  restriction.Rules `json:"admin,omitzero"` // of /admin
	SCM    restriction.Rules `json:"scm,omitzero"`   // of the door for deployments
	// Site says what an app is that was made at run time (see internal/site); nil for
	// one of the project file.
	Site json.RawMessage `json:"site,omitempty"`
}

// ReadSite reads properties; none are those of an app that everybody may call.
func ReadSite(text json.RawMessage) (p SiteProperties, err error) {
	if text == nil {
		return p, nil
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fault.Wrap(fault.Internal, "function app", err, "its properties")
	}
	return p, nil
}

// JSON is the form that the catalogue keeps.
func (p SiteProperties) JSON() json.RawMessage {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts always marshal
	}
	return text
}

// For are the rules of a path of the app.
func (p SiteProperties) For(path string) restriction.Rules {
	if isAdminPath(path) {
		return p.Admin
	}
	return p.Access
}

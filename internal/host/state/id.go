package state

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// HostIDSetting overrides a host's id.
const HostIDSetting = "AzureFunctionsWebHost__hostid"

// longestHostID is Azure's limit.
const longestHostID = 32

// HostID is the id under which all hosts of an app keep what they share, by Azure's
// rule: the setting, else the app's name in lower case, cut at 32 characters.
//
// Azure's tools for local runs put the machine's name and a hash of the folder
// there, because all that somebody develops shares one account. Here an app has its
// name in its account as it has on Azure, and keeps what it knows when its project
// moves.
func HostID(s *settings.Settings, app string) string {
	if given := strings.TrimSpace(s.Get(HostIDSetting)); given != "" {
		return strings.ToLower(given)
	}
	id := strings.ToLower(app)
	if len(id) > longestHostID {
		id = id[:longestHostID]
	}
	return strings.TrimRight(id, "-")
}

// FunctionID is what blobs of a function are named by.
func FunctionID(function string) string { return "Host.Functions." + function }

package cosmos

import (
	"net/http"
)

// refusal is a feature of the service that is knowingly left out.
type refusal struct {
	kind    kind
	feature string
	instead string
	feed    string // key of the empty feed that lists answer; "" refuses lists too
	right   right  // what such a list asks for
}

// refusals: lists are empty, so that tools that browse an account work, and
// everything that would create or run one is refused by name. A registration
// that is accepted but never runs would be a silent wrong answer.
var refusals = []refusal{
	{kindSproc, "Stored procedures: server-side JavaScript", "Use a transactional batch for several writes to one partition key.", "StoredProcedures", manageRead},
	{kindTrigger, "Triggers: server-side JavaScript", "Use the change feed, for instance with a Cosmos DB triggered function.", "Triggers", manageRead},
	{kindUDF, "User defined functions: server-side JavaScript", "Use the built-in functions of SQL.", "UserDefinedFunctions", manageRead},
	{kindUser, "Users and their resource tokens", "Use an account key or an Entra token.", "Users", manageRead},
	{kindPermission, "Permissions and their resource tokens", "Use an account key or an Entra token.", "Permissions", manageRead},
	{kindEncryptionKey, "Client encryption keys (always encrypted)", "Encrypt properties in the application.", "ClientEncryptionKeys", readMetadata},
	{kindConflict, "Conflict resolution: an account has one write region and so no conflicts", "Nothing needs to be done.", "Conflicts", manageConflicts},
	{kindAddresses, "Direct mode (RNTBD)", "Set the client's connection mode to gateway: ConnectionMode.Gateway in .NET, gatewayMode() in Java, \"connectionMode\": \"Gateway\" in host.json.", "", noRight},
}

// findRefusal answers for what the operation table does not serve.
func findRefusal(method string, addr *address, v variant) (*operation, error) {
	for _, f := range refusals {
		if f.kind != addr.kind {
			continue
		}
		if f.feed != "" && !addr.item && (method == http.MethodGet || v == query) {
			return &operation{name: kindNames[f.kind] + ".list", right: f.right, run: emptyFeed(f.feed)}, nil
		}
		if f.feed != "" && addr.item && (method == http.MethodGet || method == http.MethodDelete) {
			return nil, notFound(addr.link)
		}
		return nil, unsupported(f.feature, f.instead)
	}
	return nil, &apiError{
		status: http.StatusMethodNotAllowed, code: "MethodNotAllowed",
		msg: "The method " + clip(method, 20) + " is not allowed on '/" + clip(addr.link, 200) + "'.",
	}
}

// emptyFeed lists what cannot be there, below an existing owner.
func emptyFeed(key string) func(*exchange) error {
	return func(x *exchange) error {
		db, err := x.svc.store.Database(x.addr.db)
		if err != nil {
			return ownerMissing(err)
		}
		rid := db.Resource().RID
		if x.addr.coll != "" {
			if err := x.openContainer(); err != nil {
				return err
			}
			rid = x.info.rid
		}
		return x.replyList(rid, key, nil)
	}
}

// refuseScripts rejects an item operation that asks for a trigger.
func (x *exchange) refuseScripts() error {
	for _, key := range [...]string{hdrPreTrigger, hdrPostTrigger} {
		if v := x.header(key); v != "" {
			return unsupported("Triggers: '"+clip(v, 80)+"' named in the header", "Use the change feed instead.")
		}
	}
	return nil
}

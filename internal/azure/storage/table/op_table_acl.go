package table

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

const xmlType = "application/xml"

// getPolicies answers a table's stored access policies.
func (x *exchange) getPolicies() error {
	t, err := x.svc.store.Table(x.addr.table)
	if err != nil {
		return err
	}
	text := t.ACL()
	if text == nil {
		text = storage.PoliciesXML(nil)
	}
	return x.reply(http.StatusOK, xmlType, text)
}

// setPolicies replaces a table's stored access policies, at most five.
func (x *exchange) setPolicies() error {
	t, err := x.svc.store.Table(x.addr.table)
	if err != nil {
		return err
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	policies, err := storage.ParseACL(storage.Table, body)
	if err != nil {
		return err
	}
	if err := t.SetACL(x.r.HTTP.Context(), storage.PoliciesXML(policies)); err != nil {
		return err
	}
	return x.reply(http.StatusNoContent, "", nil)
}

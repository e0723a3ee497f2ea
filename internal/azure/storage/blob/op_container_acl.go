package blob

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// Get and Set Container ACL: the level of public access, and up to five stored
// access policies, which are kept as they came.

func (x *exchange) getACL() error {
	c, err := x.findContainer()
	if err != nil {
		return err
	}
	x.setState(c.ETag, c.Modified)
	x.setSome("x-ms-blob-public-access", accessText(c.Access))
	if len(c.Policies) == 0 {
		return x.replyXML(http.StatusOK, storage.PoliciesXML(nil))
	}
	return x.replyXML(http.StatusOK, c.Policies)
}

func (x *exchange) setACL() error {
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	if len(cond.IfMatch) > 0 || len(cond.IfNoneMatch) > 0 {
		return storage.Fail("ConditionHeadersNotSupported")
	}
	level, err := readAccess(x.req.Header("X-Ms-Blob-Public-Access"))
	if err != nil {
		return err
	}
	if level != noAccess && x.svc.noPublic() {
		return storage.Fail("PublicAccessNotPermitted")
	}
	access, err := ContainerProperties{PublicAccess: level}.access()
	if err != nil {
		return err
	}
	body, err := x.readDocument()
	if err != nil {
		return err
	}
	policies, err := storage.ParseACL(storage.Blob, body)
	if err != nil {
		return err
	}
	c, err := x.svc.store.SetContainerACL(x.ctx(), x.target.Container, access, storage.PoliciesXML(policies), cond)
	if err != nil {
		return err
	}
	x.setState(c.ETag, c.Modified)
	return x.reply(http.StatusOK)
}

package storage

import (
	"errors"
	"strings"
	"testing"
)

// TestACLPermissions: each service has letters of its own, and takes no others.
func TestACLPermissions(t *testing.T) {
	acl := func(permission string) []byte {
		return []byte("<SignedIdentifiers><SignedIdentifier><Id>a</Id><AccessPolicy><Permission>" + permission + "</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>")
	}
	for _, c := range []struct {
		service    Service
		permission string
		good       bool
	}{
		{Blob, "racwdxyltmeopif", true},
		{Blob, "lr", true},
		{Blob, "ru", false},
		{Blob, "R", false},
		{Queue, "raup", true},
		{Queue, "", true},
		{Queue, "zz", false},
		{Queue, "rd", false},
		{Table, "raud", true},
		{Table, "rp", false},
		{Table, "r a", false},
	} {
		all, err := ParseACL(c.service, acl(c.permission))
		var e *Error
		switch {
		case c.good && (err != nil || len(all) != 1 || all[0].Permission != c.permission):
			t.Errorf("%s %q: %v, %v", c.service, c.permission, all, err)
		case !c.good && (!errors.As(err, &e) || e.Code != "InvalidXmlNodeValue" || e.Status != 400):
			t.Errorf("%s %q: %v", c.service, c.permission, err)
		}
		if kept, err := ParsePolicies(acl(c.permission)); err != nil || len(kept) != 1 {
			t.Errorf("what is kept already is not read: %v", err) // from before there was a check
		}
	}
}

// TestIndexDocument: it is a name in each folder, no path.
func TestIndexDocument(t *testing.T) {
	for name, good := range map[string]bool{
		"index.html": true, "색인.html": true, strings.Repeat("가", 255): true, "": true,
		"a/b": false, "/index.html": false, strings.Repeat("a", 256): false,
	} {
		_, err := ParseProperties(Blob, []byte("<StorageServiceProperties><StaticWebsite><Enabled>true</Enabled><IndexDocument>"+name+"</IndexDocument></StaticWebsite></StorageServiceProperties>"))
		var e *Error
		if good && err != nil || !good && (!errors.As(err, &e) || e.Code != "InvalidXmlNodeValue" || e.Status != 400) {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

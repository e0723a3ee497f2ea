package storage

import (
	"encoding/xml"
	"strings"
	"unicode/utf8"
)

// Policy is a stored access policy of a container, queue or table. What is "" it
// leaves to the tokens.
type Policy struct {
	ID            string
	Start, Expiry string // as ParseTime reads
	Permission    string
}

const (
	maxPolicies = 5
	maxPolicyID = 64 // characters
)

// signedIdentifiers is the XML of stored access policies.
type signedIdentifiers struct {
	XMLName xml.Name `xml:"SignedIdentifiers"`
	All     []struct {
		ID     string `xml:"Id"`
		Policy struct {
			Start, Expiry, Permission string
		} `xml:"AccessPolicy"`
	} `xml:"SignedIdentifier"`
}

// permissionsOf are the letters that permissions of stored access policies have, in any
// order. https://learn.microsoft.com/rest/api/storageservices/create-service-sas
var permissionsOf = map[Service]string{Blob: "racwdxyltmeopif", Queue: "raup", Table: "raud"}

// ParseACL reads the body of Set ACL of a container, queue or table.
func ParseACL(s Service, body []byte) ([]Policy, error) {
	all, err := ParsePolicies(body)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		for _, letter := range p.Permission {
			if !strings.ContainsRune(permissionsOf[s], letter) {
				return nil, nodeError("Permission", p.Permission, "Permissions of the service are the letters "+permissionsOf[s]+".")
			}
		}
	}
	return all, nil
}

// ParsePolicies reads stored access policies: nothing at all is none.
func ParsePolicies(body []byte) ([]Policy, error) {
	if len(body) == 0 {
		return nil, nil
	}
	var x signedIdentifiers
	if err := ParseXML(body, &x); err != nil {
		return nil, err
	}
	if len(x.All) > maxPolicies {
		return nil, Fail("InvalidXmlDocument").With("Reason", "There may be 5 stored access policies.")
	}
	all, seen := make([]Policy, 0, len(x.All)), map[string]bool{}
	for _, i := range x.All {
		p := Policy{ID: i.ID, Start: i.Policy.Start, Expiry: i.Policy.Expiry, Permission: i.Policy.Permission}
		switch {
		case p.ID == "" || utf8.RuneCountInString(p.ID) > maxPolicyID:
			return nil, Fail("InvalidXmlDocument").With("Reason", "The Id of a stored access policy has 1 to 64 characters.")
		case seen[p.ID]:
			return nil, Fail("InvalidXmlDocument").With("Reason", "Two stored access policies have one Id.")
		case !isTimeOrNone(&p.Start) || !isTimeOrNone(&p.Expiry):
			return nil, Fail("InvalidXmlNodeValue").With("Reason", "Start and Expiry are times as 2006-01-02T15:04:05Z.")
		}
		seen[p.ID] = true
		all = append(all, p)
	}
	return all, nil
}

// isTimeOrNone gives a time the form that the services answer with.
func isTimeOrNone(text *string) bool {
	if *text == "" {
		return true
	}
	t, ok := ParseTime(*text)
	*text = t.UTC().Format(iso7)
	return ok
}

// PoliciesXML is the body of Get ACL, and what services keep.
func PoliciesXML(all []Policy) []byte {
	b := append([]byte(XMLHeader), "<SignedIdentifiers>"...)
	for _, p := range all {
		b = append(AppendElement(append(b, "<SignedIdentifier>"...), "Id", p.ID), "<AccessPolicy>"...)
		for _, f := range [...]Element{{"Start", p.Start}, {"Expiry", p.Expiry}, {"Permission", p.Permission}} {
			if f.Value != "" {
				b = AppendElement(b, f.Name, f.Value)
			}
		}
		b = append(b, "</AccessPolicy></SignedIdentifier>"...)
	}
	return append(b, "</SignedIdentifiers>"...)
}

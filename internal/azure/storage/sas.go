package storage

// bySAS authorizes by a shared access signature in the query.
func (e *Endpoint) bySAS(*keySet, *Request, *Operation, Target) (Grant, error) {
	return Grant{}, Fail("AuthenticationFailed").With("AuthenticationErrorDetail", "Shared access signatures cannot be verified yet.")
}

package blob

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	leaseA = "11111111-1111-1111-1111-111111111111"
	leaseB = "22222222-2222-2222-2222-222222222222"
)

// leaseStates bring a resource with a lease (by the headers of do) into a state.
var leaseStates = []struct {
	name string
	make func(a *testAccount, path string)
}{
	{"available", func(*testAccount, string) {}},
	{"leased", acquireA},
	{"breaking", func(a *testAccount, path string) {
		acquireA(a, path)
		a.must(202, "PUT", path+"comp=lease", "", h{"x-ms-lease-action", "break"})
	}},
	{"broken", func(a *testAccount, path string) {
		acquireA(a, path)
		a.must(202, "PUT", path+"comp=lease", "", h{"x-ms-lease-action", "break", "x-ms-lease-break-period", "0"})
	}},
	{"expired", func(a *testAccount, path string) {
		acquireA(a, path)
		a.clock.advance(61 * time.Second)
	}},
}

func acquireA(a *testAccount, path string) {
	a.must(201, "PUT", path+"comp=lease", "", h{"x-ms-lease-action", "acquire", "x-ms-lease-duration", "60", "x-ms-proposed-lease-id", leaseA})
}

// The table of leases over HTTP, cell by cell: what each action and each use answers
// in each state. "200" is success with the status, "409 LIM" a refusal.
var leaseTable = []struct {
	name  string
	do    func(a *testAccount, path string) answer
	cells [5]string // available, leased, breaking, broken, expired
}{
	{
		"acquire same", leaseDo("acquire", "x-ms-lease-duration", "30", "x-ms-proposed-lease-id", strings.ReplaceAll(leaseA, "-", "")),
		[5]string{"201", "201", "409 LeaseIsBreakingAndCannotBeAcquired", "201", "201"},
	},
	{
		"acquire other", leaseDo("acquire", "x-ms-lease-duration", "30", "x-ms-proposed-lease-id", leaseB),
		[5]string{"201", "409 LeaseAlreadyPresent", "409 LeaseAlreadyPresent", "201", "201"},
	},
	{
		"acquire none", leaseDo("acquire", "x-ms-lease-duration", "-1"),
		[5]string{"201", "409 LeaseAlreadyPresent", "409 LeaseAlreadyPresent", "201", "201"},
	},
	{
		"renew right", leaseDo("renew", "x-ms-lease-id", "{"+leaseA+"}"),
		[5]string{"409 LIM", "200", "409 LeaseIsBrokenAndCannotBeRenewed", "409 LeaseIsBrokenAndCannotBeRenewed", "200"},
	},
	{
		"renew wrong", leaseDo("renew", "x-ms-lease-id", leaseB),
		[5]string{"409 LIM", "409 LIM", "409 LIM", "409 LIM", "409 LIM"},
	},
	{
		"change right", leaseDo("change", "x-ms-lease-id", leaseA, "x-ms-proposed-lease-id", leaseB),
		[5]string{"409 LNP", "200", "409 LeaseIsBreakingAndCannotBeChanged", "409 LNP", "409 LNP"},
	},
	{
		"change wrong", leaseDo("change", "x-ms-lease-id", leaseB, "x-ms-proposed-lease-id", "33333333-3333-3333-3333-333333333333"),
		[5]string{"409 LNP", "409 LIM", "409 LIM", "409 LNP", "409 LNP"},
	},
	{
		"change wrong to the present", leaseDo("change", "x-ms-lease-id", leaseB, "x-ms-proposed-lease-id", leaseA),
		[5]string{"409 LNP", "200", "409 LIM", "409 LNP", "409 LNP"},
	},
	{
		"release right", leaseDo("release", "x-ms-lease-id", strings.ToUpper(leaseA)),
		[5]string{"409 LIM", "200", "200", "200", "200"},
	},
	{
		"release wrong", leaseDo("release", "x-ms-lease-id", leaseB),
		[5]string{"409 LIM", "409 LIM", "409 LIM", "409 LIM", "409 LIM"},
	},
	{
		"break", leaseDo("break"),
		[5]string{"409 LNP", "202", "202", "202", "202"},
	},
	{
		"break soon", leaseDo("break", "x-ms-lease-break-period", "5"),
		[5]string{"409 LNP", "202", "202", "202", "202"},
	},
}

func leaseDo(action string, headers ...string) func(a *testAccount, path string) answer {
	return func(a *testAccount, path string) answer {
		return a.call("PUT", path+"comp=lease", "", append(h{"x-ms-lease-action", action}, headers...))
	}
}

// leaseUses are what is done to a blob with a lease.
var leaseUses = []struct {
	name  string
	do    func(a *testAccount, path string) answer
	cells [5]string
}{
	{"write none", writeWith(), [5]string{"201", "412 LeaseIdMissing", "412 LeaseIdMissing", "201", "201"}},
	{"write right", writeWith("x-ms-lease-id", leaseA), [5]string{"412 LNB", "201", "201", "412 LeaseLost", "412 LeaseLost"}},
	{"write wrong", writeWith("x-ms-lease-id", leaseB), [5]string{"412 LNB", "412 LIMB", "412 LIMB", "412 LIMB", "412 LIMB"}},
	{"read none", readWith(), [5]string{"200", "200", "200", "200", "200"}},
	{"read right", readWith("x-ms-lease-id", leaseA), [5]string{"412 LNB", "200", "200", "412 LeaseLost", "412 LeaseLost"}},
	{"read wrong", readWith("x-ms-lease-id", leaseB), [5]string{"412 LNB", "412 LIMB", "412 LIMB", "412 LIMB", "412 LIMB"}},
	{"metadata right", func(a *testAccount, path string) answer {
		return a.call("PUT", path+"comp=metadata", "", h{"x-ms-lease-id", leaseA})
	}, [5]string{"412 LNB", "200", "200", "412 LeaseLost", "412 LeaseLost"}},
	{
		"delete none", func(a *testAccount, path string) answer {
			return a.call("DELETE", strings.TrimSuffix(path, "?"), "", nil)
		},
		[5]string{"202", "412 LeaseIdMissing", "412 LeaseIdMissing", "202", "202"},
	},
}

func writeWith(headers ...string) func(a *testAccount, path string) answer {
	return func(a *testAccount, path string) answer {
		return a.call("PUT", strings.TrimSuffix(path, "?"), "new", block.and(headers...))
	}
}

func readWith(headers ...string) func(a *testAccount, path string) answer {
	return func(a *testAccount, path string) answer {
		return a.call("GET", strings.TrimSuffix(path, "?"), "", headers)
	}
}

// leaseShort are the table's short forms.
var leaseShort = strings.NewReplacer(
	"LIMB", "LeaseIdMismatchWithBlobOperation", "LIM", "LeaseIdMismatchWithLeaseOperation",
	"LNP", "LeaseNotPresentWithLeaseOperation", "LNB", "LeaseNotPresentWithBlobOperation",
)

func (r answer) cell() string { return strings.TrimSpace(strconv.Itoa(r.status) + " " + r.code()) }

func TestLeaseTable(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	n := 0
	for _, state := range leaseStates {
		for column, s := range leaseStates {
			if s.name != state.name {
				continue
			}
			for _, row := range append(leaseTable, leaseUses...) {
				n++
				path := "/box/b" + strconv.Itoa(n) + "?"
				a.must(201, "PUT", strings.TrimSuffix(path, "?"), "old", block)
				state.make(a, path)
				if got, want := row.do(a, path).cell(), leaseShort.Replace(row.cells[column]); got != want {
					t.Errorf("%s when %s: %s, want %s", row.name, state.name, got, want)
				}
			}
			for _, row := range leaseTable {
				n++
				path := "/box" + strconv.Itoa(n) + "?restype=container&"
				a.must(201, "PUT", strings.TrimSuffix(path, "&"), "", nil)
				state.make(a, path)
				if got, want := row.do(a, path).cell(), leaseShort.Replace(row.cells[column]); got != want {
					t.Errorf("container: %s when %s: %s, want %s", row.name, state.name, got, want)
				}
			}
		}
	}
}

func TestContainerLeaseGuardsOnlyItsDeletion(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	acquireA(a, "/box?restype=container&")
	a.must(201, "PUT", "/box/blob", "x", block)
	a.refused(412, "LeaseIdMissing", "DELETE", "/box?restype=container", "", nil)
	a.refused(412, "LeaseIdMismatchWithContainerOperation", "DELETE", "/box?restype=container", "", h{"x-ms-lease-id", leaseB})
	a.must(202, "DELETE", "/box?restype=container", "", h{"x-ms-lease-id", leaseA})
	a.container()
	a.refused(412, "LeaseNotPresentWithContainerOperation", "DELETE", "/box?restype=container", "", h{"x-ms-lease-id", leaseA})
}

func TestLeaseHeaders(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	put := a.must(201, "PUT", "/box/b", "x", block)
	got := a.must(201, "PUT", "/box/b?comp=lease", "", h{"x-ms-lease-action", "acquire", "x-ms-lease-duration", "-1"})
	if len(got.header.Get("x-ms-lease-id")) != 36 || got.header.Get("ETag") != put.header.Get("ETag") {
		t.Errorf("%v", got.header)
	}
	head := a.must(200, "HEAD", "/box/b", "", nil).header
	if head.Get("x-ms-lease-status") != "locked" || head.Get("x-ms-lease-state") != "leased" || head.Get("x-ms-lease-duration") != "infinite" {
		t.Errorf("%v", head)
	}
	broken := a.must(202, "PUT", "/box/b?comp=lease", "", h{"x-ms-lease-action", "break"})
	if broken.header.Get("x-ms-lease-time") != "0" {
		t.Errorf("an infinite lease breaks in %s s", broken.header.Get("x-ms-lease-time"))
	}
	for _, bad := range []h{
		{"x-ms-lease-action", "acquire", "x-ms-lease-duration", "14"},
		{"x-ms-lease-action", "acquire", "x-ms-lease-duration", "61"},
		{"x-ms-lease-action", "acquire", "x-ms-lease-duration", "x"},
		{"x-ms-lease-action", "acquire", "x-ms-lease-duration", "15", "x-ms-proposed-lease-id", "no"},
		{"x-ms-lease-action", "renew", "x-ms-lease-id", "no"},
		{"x-ms-lease-action", "steal"},
		{"x-ms-lease-action", "break", "x-ms-lease-break-period", "61"},
	} {
		a.refused(400, "InvalidHeaderValue", "PUT", "/box/b?comp=lease", "", bad)
	}
	for _, missing := range []h{nil, {"x-ms-lease-action", "acquire"}, {"x-ms-lease-action", "renew"}, {"x-ms-lease-action", "change", "x-ms-lease-id", leaseA}} {
		a.refused(400, "MissingRequiredHeader", "PUT", "/box/b?comp=lease", "", missing)
	}
	snap := a.must(201, "PUT", "/box/b?comp=snapshot", "", nil).header.Get("x-ms-snapshot")
	a.refused(400, "InvalidQueryParameterValue", "PUT", "/box/b?comp=lease&snapshot="+snap, "", h{"x-ms-lease-action", "acquire", "x-ms-lease-duration", "15"})
}

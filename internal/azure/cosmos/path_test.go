package cosmos

import "testing"

func TestParsePath(t *testing.T) {
	for _, tt := range []struct {
		path string
		want address
	}{
		{"", address{}},
		{"/", address{}},
		{"/dbs", address{kind: kindDatabase}},
		{"//dbs/", address{kind: kindDatabase}},
		{"/dbs/d", address{kind: kindDatabase, item: true, db: "d", link: "dbs/d", rawLink: "dbs/d"}},
		{"/dbs/d/colls", address{kind: kindContainer, db: "d", link: "dbs/d", rawLink: "dbs/d"}},
		{"/dbs/d/colls/c/", address{kind: kindContainer, item: true, db: "d", coll: "c", link: "dbs/d/colls/c", rawLink: "dbs/d/colls/c"}},
		{"/dbs/d/colls/c/docs", address{kind: kindItem, db: "d", coll: "c", link: "dbs/d/colls/c", rawLink: "dbs/d/colls/c"}},
		{"/dbs/d/colls/c/pkranges", address{kind: kindRange, db: "d", coll: "c", link: "dbs/d/colls/c", rawLink: "dbs/d/colls/c"}},
		{"/dbs/d/colls/c/docs/a%2Fb", address{
			kind: kindItem, item: true, db: "d", coll: "c", id: "a/b",
			link: "dbs/d/colls/c/docs/a/b", rawLink: "dbs/d/colls/c/docs/a%2Fb",
		}},
		{"/dbs/d/colls/c/docs/100%2525", address{
			kind: kindItem, item: true, db: "d", coll: "c", id: "100%25",
			link: "dbs/d/colls/c/docs/100%25", rawLink: "dbs/d/colls/c/docs/100%2525",
		}},
		{"/offers", address{kind: kindOffer}},
		{"/offers/abc=", address{kind: kindOffer, item: true, id: "abc=", link: "abc=", rawLink: "abc="}},
		{"//addresses/", address{kind: kindAddresses}},
		{"/dbs/d/users/u/permissions/p", address{
			kind: kindPermission, item: true, db: "d", id: "p",
			link: "dbs/d/users/u/permissions/p", rawLink: "dbs/d/users/u/permissions/p",
		}},
	} {
		got, err := parsePath(tt.path)
		if err != nil || got != tt.want {
			t.Errorf("%q:\n got %+v, %v\nwant %+v", tt.path, got, err, tt.want)
		}
	}
	for _, bad := range []string{"/colls", "/dbs/d/docs", "/dbs/%zz", "/dbs//colls", "/dbs/d/colls/c/docs/i/attachments", "/favicon.ico", "/Dbs/d"} {
		if got, err := parsePath(bad); err == nil {
			t.Errorf("%q is accepted as %+v", bad, got)
		}
	}
}

func TestStrictIDsFollowTheRoutingGateway(t *testing.T) {
	for id, want := range map[string]int{
		"Test": 0, " Test": 0, "This is a test": 0, "Disallowed?Chars": 0, "鱀": 0, "a,=.:~+-@()^${}[]!_": 0,
		"Test ": 401, "a%20": 401, "a/b": 401, `a\b`: 401, "a#b": 401,
		"a\rb": 400, "a\nb": 400, "a\tb": 400,
	} {
		got := 0
		if err := checkStrictID(id); err != nil {
			got = asAPIError(err).status
		}
		if got != want {
			t.Errorf("%q: %d, want %d", id, got, want)
		}
	}
}

package storage

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const corsBody = `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Cors>
<CorsRule><AllowedOrigins>http://one.example, http://two.example</AllowedOrigins><AllowedMethods>GET,PUT</AllowedMethods><AllowedHeaders>x-ms-meta-*,content-type</AllowedHeaders><ExposedHeaders>x-ms-*</ExposedHeaders><MaxAgeInSeconds>60</MaxAgeInSeconds></CorsRule>
<CorsRule><AllowedOrigins>*</AllowedOrigins><AllowedMethods>GET</AllowedMethods><AllowedHeaders>*</AllowedHeaders><ExposedHeaders/><MaxAgeInSeconds>0</MaxAgeInSeconds></CorsRule>
</Cors></StorageServiceProperties>`

func corsEndpoint(t *testing.T) *Endpoint {
	t.Helper()
	p, err := ParseProperties(Blob, []byte(corsBody))
	if err != nil {
		t.Fatal(err)
	}
	e := newEndpoint(t, Blob, newAccess())
	e.properties = func() []byte { return p.XML(Blob) }
	return e
}

func TestPreflight(t *testing.T) {
	for _, c := range []struct {
		origin, method, headers string
		want                    string
	}{
		{"http://two.example", "PUT", "x-ms-meta-a,Content-Type", "200 http://two.example PUT x-ms-meta-a,Content-Type true 60"},
		{"http://two.example", "PUT", "x-ms-date", "403     "},
		{"http://two.example", "GET", "x-ms-date", "200 * GET x-ms-date  0"},
		{"http://other.example", "GET", "", "200 * GET   0"},
		{"http://other.example", "PUT", "", "403     "},
		{"", "PUT", "", "400     "},
		{"http://two.example", "", "", "400     "},
		{"http://two.example", "BREW", "", "400     "},
	} {
		e, w := corsEndpoint(t), httptest.NewRecorder()
		h := httptest.NewRequest(http.MethodOptions, "/"+testAccount+"/box/b", nil)
		for name, value := range map[string]string{"Origin": c.origin, "Access-Control-Request-Method": c.method, "Access-Control-Request-Headers": c.headers} {
			if value != "" {
				h.Header.Set(name, value)
			}
		}
		r, err := e.Begin(w, h)
		if err == nil {
			err = e.Preflight(w, r)
		}
		if err != nil {
			e.WriteError(w, r, err)
		}
		a := w.Result().Header
		got := strings.Join([]string{
			http.StatusText(w.Code), a.Get("Access-Control-Allow-Origin"), a.Get("Access-Control-Allow-Methods"), a.Get("Access-Control-Allow-Headers"),
			a.Get("Access-Control-Allow-Credentials"), a.Get("Access-Control-Max-Age"),
		}, " ")
		want := strings.NewReplacer("200", "OK", "403", "Forbidden", "400", "Bad Request").Replace(c.want)
		if got != want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestCorsOfRequests(t *testing.T) {
	e := corsEndpoint(t)
	for _, c := range []struct{ method, origin, want string }{
		{"GET", "http://one.example", "http://one.example true Origin x-ms-request-id,x-ms-version"},
		{"GET", "http://other.example", "*   "},
		{"PUT", "http://other.example", "   "},
		{"GET", "", "  Origin "},
	} {
		w := httptest.NewRecorder()
		h := httptest.NewRequest(c.method, "/"+testAccount+"/box/b", nil)
		h.Header.Set("Origin", c.origin)
		r, err := e.Begin(w, h)
		if err != nil {
			t.Fatal(err)
		}
		r.Expose(w.Header())
		a := w.Header()
		got := strings.Join([]string{a.Get("Access-Control-Allow-Origin"), a.Get("Access-Control-Allow-Credentials"), a.Get("Vary"), a.Get("Access-Control-Expose-Headers")}, " ")
		if got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
		if e.AllowsOrigin(h) != (a.Get("Access-Control-Allow-Origin") != "") {
			t.Errorf("%+v: the door is told otherwise", c)
		}
	}
}

func TestProperties(t *testing.T) {
	blank := string(Properties{}.XML(Queue))
	for _, part := range []string{
		"<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>",
		"<HourMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy>", "<MinuteMetrics>", "<Cors></Cors>",
	} {
		if !strings.Contains(blank, part) {
			t.Errorf("%s is not in %s", part, blank)
		}
	}
	set := func(p Properties, body string) Properties {
		t.Helper()
		changes, err := ParseProperties(Blob, []byte("<StorageServiceProperties>"+body+"</StorageServiceProperties>"))
		if err != nil {
			t.Fatal(body, err)
		}
		merged, err := ReadProperties(p.Merge(changes).XML(Blob))
		if err != nil {
			t.Fatal(err)
		}
		return merged
	}
	p := set(Properties{}, "<Logging><Version>1.0</Version><Write>true</Write><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></Logging>")
	p = set(p, "<DeleteRetentionPolicy><Enabled>true</Enabled><Days>3</Days></DeleteRetentionPolicy><DefaultServiceVersion>2019-12-12</DefaultServiceVersion>")
	p = set(p, "<HourMetrics><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>true</IncludeAPIs></HourMetrics><StaticWebsite><Enabled>true</Enabled><IndexDocument>i.html</IndexDocument></StaticWebsite>")
	if !p.Logging.Write || p.Logging.RetentionPolicy.Days != 7 || p.DeleteRetentionPolicy.Days != 3 || *p.DefaultServiceVersion != "2019-12-12" ||
		!*p.HourMetrics.IncludeAPIs || p.StaticWebsite.IndexDocument != "i.html" {
		t.Errorf("merged: %s", p.XML(Blob))
	}
	e := newEndpoint(t, Blob, newAccess())
	e.properties = func() []byte { return p.XML(Blob) }
	w := httptest.NewRecorder()
	if r, err := e.Begin(w, httptest.NewRequest(http.MethodGet, "/"+testAccount, nil)); err != nil || r.Version != "2019-12-12" {
		t.Errorf("the default version: %v %v", r.Version, err)
	}
	for _, bad := range []string{
		"<Cors>" + strings.Repeat("<CorsRule><AllowedOrigins>*</AllowedOrigins><AllowedMethods>GET</AllowedMethods></CorsRule>", 6) + "</Cors>",
		"<Cors><CorsRule><AllowedOrigins>*</AllowedOrigins><AllowedMethods>BREW</AllowedMethods></CorsRule></Cors>",
		"<DeleteRetentionPolicy><Enabled>true</Enabled><Days>0</Days></DeleteRetentionPolicy>",
		"<DeleteRetentionPolicy><Enabled>true</Enabled><Days>366</Days></DeleteRetentionPolicy>",
		"<DefaultServiceVersion>new</DefaultServiceVersion>", "<Nonsense/>", "<Logging>",
	} {
		if _, err := ParseProperties(Blob, []byte("<StorageServiceProperties>"+bad+"</StorageServiceProperties>")); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	if _, err := ParseProperties(Queue, []byte("<StorageServiceProperties><StaticWebsite><Enabled>true</Enabled></StaticWebsite></StorageServiceProperties>")); err == nil {
		t.Error("a queue has a website")
	}
}

package entra

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestInteractiveBrowserCredential signs the unmodified Go client in with a
// browser that the test is: it opens the page, says yes, and goes where it is sent.
func TestInteractiveBrowserCredential(t *testing.T) {
	l := newLab(t, Config{})
	dir := t.TempDir()
	opened := filepath.Join(dir, "opened")
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\necho \"$1\" >"+opened+".new && mv "+opened+".new "+opened+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	c, err := azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{ClientOptions: l.options(), TenantID: "adfs", ClientID: azClient})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var at []byte
		testkit.Eventually(t, 15*time.Second, func() bool { at, err = os.ReadFile(opened); return err == nil }, "no page was opened")
		_, shown := l.decodeURL(strings.TrimSpace(string(at)))
		found := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(shown)
		if found == nil {
			t.Errorf("the page: %s", shown)
			return
		}
		resp, err := l.http.PostForm(l.url+"/"+l.who.Tenant()+"/oauth2/v2.0/authorize", url.Values{"request": {found[1]}})
		if err != nil {
			t.Error(err)
			return
		}
		code, answer := l.decode(resp)
		if code != http.StatusOK { // the client asks for form_post
			t.Errorf("after the yes: %d %v", code, answer)
			return
		}
		text, _ := answer["text"].(string)
		back, err := http.PostForm(input(text, `action="([^"]+)"`), url.Values{"code": {input(text, `name="code" value="([^"]+)"`)}, "state": {input(text, `name="state" value="([^"]+)"`)}})
		if err != nil {
			t.Error(err)
			return
		}
		back.Body.Close()
	}()
	got, err := token(t, c, hubs+"/.default")
	<-done
	if err != nil {
		t.Fatal(err)
	}
	if claims := l.expect(got.Token, hubs, "developer"); claims["scp"] != "user_impersonation" {
		t.Errorf("%v", claims)
	}
}

// input is what stands in a page where the pattern says.
func input(page, pattern string) string {
	found := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if found == nil {
		return "none"
	}
	return html.UnescapeString(found[1])
}

// decodeURL opens an address as a browser.
func (l *lab) decodeURL(at string) (int, string) {
	code, m := l.get(at)
	text, _ := m["text"].(string)
	return code, text
}

package nodeapps

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
)

// whoami asks for a token as the app's identity, as programs on Azure do.
const whoami = `const { app } = require('@azure/functions');

app.get('whoami', {
    handler: async (request) => {
        const header = request.query.get('header') ?? process.env.IDENTITY_HEADER;
        const answer = await fetch(process.env.IDENTITY_ENDPOINT + '?resource=https://storage.azure.com/&api-version=2019-08-01',
            { headers: { 'X-IDENTITY-HEADER': header } });
        return { status: answer.status, body: await answer.text() };
    },
});
`

// TestIdentity: where an app gets tokens as itself reaches a worker in JavaScript.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "package.json"), `{"main": "index.js", "dependencies": {"@azure/functions": "^4.0.0"}}`)
	write(t, filepath.Join(dir, "index.js"), whoami)
	a, ok := up(t, dir)
	if !ok {
		return
	}
	token, _ := object(t, a.Get(t, "/api/whoami"))["access_token"].(string)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := object(t, string(text))
	if claims["aud"] != "https://storage.azure.com" && claims["aud"] != "https://storage.azure.com/" || claims["oid"] == "" || claims["oid"] != claims["sub"] {
		t.Errorf("%v", claims)
	}
	if got := a.Call(t, "GET", "/api/whoami?header=another", ""); got.StatusCode != 401 && got.StatusCode != 400 {
		t.Errorf("with another header: %s %s", got.Status, got.Text)
	}
}

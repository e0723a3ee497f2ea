package settings

import "testing"

// TestNamed: a connection says of which setting it is and where that comes from: an
// address that an environment has kept from an earlier run is found by it.
func TestNamed(t *testing.T) {
	s := New(
		map[string]string{"Hub": "Endpoint=sb://file;SharedAccessKeyName=k;SharedAccessKey=v", "Docs__accountEndpoint": "https://file:1/"},
		map[string]string{"Work": "UseDevelopmentStorage=true"},
		map[string]string{"HUB": "Endpoint=sb://127.0.0.1:40001;UseDevelopmentEmulator=true"},
	).Named("local.settings.json", "the project file", "the environment").Of("app")
	for _, c := range []struct {
		service       Service
		setting, want string
	}{
		{EventHubs, "Hub", "setting Hub of the environment"},
		{CosmosDB, "Docs", "setting Docs__accountEndpoint of local.settings.json"},
		{Storage, "Work", "setting Work of the project file"},
	} {
		got, err := s.Connection(c.service, c.setting)
		if err != nil || got.Named() != c.want {
			t.Errorf("%s: %q, %v, want %q", c.setting, got.Named(), err, c.want)
		}
	}
	if got := (Connection{Setting: "S"}).Named(); got != "setting S" {
		t.Error(got)
	}
}

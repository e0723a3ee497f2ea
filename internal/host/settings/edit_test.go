package settings

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// localFile is a folder with a local.settings.json of that text.
func localFile(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, LocalFile), []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return dir
}

func written(t testing.TB, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, LocalFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// change opens the file of a folder, changes it and saves it.
func change(t testing.TB, dir string, do func(*File) error) error {
	t.Helper()
	f, err := OpenFile(dir)
	if err == nil {
		err = do(f)
	}
	if err == nil {
		err = f.Save()
	}
	return err
}

func set(name, value string) func(*File) error {
	return func(f *File) error { _, err := f.Set(Values, name, value); return err }
}

func remove(name string) func(*File) error {
	return func(f *File) error { _, err := f.Delete(Values, name); return err }
}

// TestEdit: what a person wrote around the change stays, byte for byte.
func TestEdit(t *testing.T) {
	const full = "{\n    // why\n    \"IsEncrypted\": false,\n    \"Values\": {\n        \"A\": \"1\", // one\n        /* two */\n        \"B__c\": \"2\" // last\n    },\n    \"Host\": {\"LocalHttpPort\": 7072}\n}\n"
	for name, c := range map[string]struct {
		text string
		do   func(*File) error
		want string
	}{
		"change":            {full, set("A", "x=\"y\"&<z>"), strings.Replace(full, `"1"`, `"x=\"y\"&<z>"`, 1)},
		"another spelling":  {full, set("b:C", "3"), strings.Replace(full, `"2"`, `"3"`, 1)},
		"append":            {full, set("D", "4"), strings.Replace(full, `"2" // last`, "\"2\", // last\n        \"D\": \"4\"", 1)},
		"delete first":      {full, remove("A"), strings.Replace(full, "        \"A\": \"1\", // one\n", "", 1)},
		"delete last":       {full, remove("B__C"), strings.Replace(strings.Replace(full, "        \"B__c\": \"2\" // last\n", "", 1), `"1",`, `"1"`, 1)},
		"delete none":       {full, remove("X"), full},
		"one line":          {`{"IsEncrypted":false,"Values":{"A":"1","B":"2"}}`, set("C", "3"), `{"IsEncrypted":false,"Values":{"A":"1","B":"2", "C": "3"}}`},
		"one line, first":   {`{"IsEncrypted":false,"Values":{"A":"1", "B":"2"}}`, remove("A"), `{"IsEncrypted":false,"Values":{"B":"2"}}`},
		"one line, last":    {`{"IsEncrypted":false,"Values":{"A":"1", "B":"2"}}`, remove("B"), `{"IsEncrypted":false,"Values":{"A":"1" }}`},
		"the only one":      {`{"IsEncrypted":false,"Values":{"A":"1"}}`, remove("A"), `{"IsEncrypted":false,"Values":{}}`},
		"no values":         {"{\r\n\t\"IsEncrypted\": false\r\n}", set("A", "1"), "{\r\n\t\"IsEncrypted\": false,\r\n\t\"Values\": {\r\n\t\t\"A\": \"1\"\r\n\t}\r\n}"},
		"null for values":   {"{\"IsEncrypted\": false, \"values\": null}", set("A", "1"), "{\"IsEncrypted\": false, \"values\": {\n  \"A\": \"1\"\n}}"},
		"nothing":           {"{}", set("A", "1"), "{\n  \"Values\": {\n    \"A\": \"1\"\n  }\n}"},
		"a comment inside":  {"{\"IsEncrypted\": false, \"Values\": {\n  // none yet\n}}", set("A", "1"), "{\"IsEncrypted\": false, \"Values\": {\n  // none yet\n  \"A\": \"1\"\n}}"},
		"a number":          {`{"IsEncrypted":false,"Values":{"A":1,"B":true}}`, set("a", "2"), `{"IsEncrypted":false,"Values":{"A":"2","B":true}}`},
		"braces in strings": {`{"IsEncrypted":false,"Values":{"A":"}\"{","B":"//"}}`, set("B", "{"), `{"IsEncrypted":false,"Values":{"A":"}\"{","B":"{"}}`},
		"connections": {
			`{"IsEncrypted":false}`, func(f *File) error { _, err := f.Set(ConnectionStrings, "Db", "a=b"); return err },
			"{\"IsEncrypted\":false, \"ConnectionStrings\": {\n  \"Db\": \"a=b\"\n}}",
		},
	} {
		dir := localFile(t, c.text)
		if name == "nothing" { // an empty file has no flag to miss
			dir = localFile(t, `{}`)
		}
		if err := change(t, dir, c.do); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := written(t, dir); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if info, err := os.Stat(filepath.Join(dir, LocalFile)); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

// TestEditRefuses: what cannot be changed is left alone.
func TestEditRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		do   func(*File) error
		want string
	}{
		"encrypted":     {`{"IsEncrypted":true,"Values":{"A":"CfDJ8x"}}`, set("A", "1"), "encrypted"},
		"not said":      {`{"Values":{"A":"1"}}`, set("A", "1"), "IsEncrypted is missing"},
		"broken":        {"{\n\"IsEncrypted\" false}", set("A", "1"), "local.settings.json:2:"},
		"two spellings": {`{"IsEncrypted":false,"Values":{"A__b":"1","a:B":"2"}}`, set("A__b", "1"), "are one name"},
		"twice":         {`{"IsEncrypted":false,"Values":{"A":"1"},"values":{}}`, set("A", "1"), "are one name"},
		"no name":       {`{}`, set(" ", "1"), "needs a name"},
		"zero byte":     {`{}`, set("A", "1\x00"), "zero byte"},
	} {
		dir := localFile(t, c.text)
		if err := change(t, dir, c.do); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if got := written(t, dir); got != c.text {
			t.Errorf("%s: changed to %s", name, got)
		}
	}
}

// TestNewFile: a folder without the file gets one that only its owner reads.
func TestNewFile(t *testing.T) {
	dir := t.TempDir()
	if err := change(t, dir, set("A", "1")); err != nil {
		t.Fatal(err)
	}
	if got, want := written(t, dir), "{\n  \"IsEncrypted\": false,\n  \"Values\": {\n    \"A\": \"1\"\n  }\n}\n"; got != want {
		t.Errorf("%s", got)
	}
	if info, err := os.Stat(filepath.Join(dir, LocalFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	f, err := OpenFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.List(Values)
	if diff := cmp.Diff([]Value{{"A", "1"}}, all); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestDecrypt(t *testing.T) {
	for name, c := range map[string]struct{ text, want, err string }{
		"plain":      {`{"IsEncrypted": false, "Values": {"A": "1"}}`, `{"IsEncrypted": false, "Values": {"A": "1"}}`, ""},
		"not said":   {"{\n  \"Values\": {\"A\": \"1\"}\n}", "{\n  \"IsEncrypted\": false,\n  \"Values\": {\"A\": \"1\"}\n}", ""},
		"flag alone": {`{"isEncrypted": true, "Values": {"A": "1"}}`, `{"isEncrypted": false, "Values": {"A": "1"}}`, ""},
		"scrambled":  {`{"IsEncrypted": true, "Values": {"A": "CfDJ8abc", "B": "CfDJ8def"}}`, `{"IsEncrypted": true, "Values": {"A": "CfDJ8abc", "B": "CfDJ8def"}}`, "A, B are encrypted by Azure Functions Core Tools"},
		"empty":      {`{}`, "{\n  \"IsEncrypted\": false\n}", ""},
	} {
		dir := localFile(t, c.text)
		_, changed, err := Decrypt(dir)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := written(t, dir); got != c.want || changed != (c.want != c.text) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, changed, got, c.want)
		}
		if c.err == "" {
			if _, err := ReadLocal(filepath.Join(dir, LocalFile)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestKeyVaultReferences: there is no Key Vault here, so what uses a reference is
// refused by the setting's name, in every form.
func TestKeyVaultReferences(t *testing.T) {
	const reference = " @Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)"
	s := New(map[string]string{
		"Hub": reference, "Cosmos__accountEndpoint": reference, "AzureWebJobsStorage": "@microsoft.keyvault(VaultName=v;SecretName=s)",
		"Id__fullyQualifiedNamespace": "a.servicebus.windows.net", "Id__clientSecret": reference, "Name": reference, "Mail": "@Microsoft.com",
	})
	for name, service := range map[string]Service{"Hub": EventHubs, "Cosmos": CosmosDB, "": Storage, "Id": EventHubs} {
		if _, err := s.Connection(service, name); err == nil || !strings.Contains(err.Error(), "Key Vault reference") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := s.Plain("name"); err == nil || !strings.Contains(err.Error(), "setting Name: it is a Key Vault reference (@Microsoft.KeyVault(SecretUri=") {
		t.Error(err)
	}
	if v, found, err := s.Plain("Mail"); v != "@Microsoft.com" || !found || err != nil {
		t.Error(v, found, err)
	}
	if diff := cmp.Diff([]string{"AzureWebJobsStorage", "Cosmos__accountEndpoint", "Hub", "Id__clientSecret", "Name"}, s.VaultReferences()); diff != "" {
		t.Error(diff)
	}
}

// FuzzEdit: whatever the file is, a change gives a file that says what was asked, and
// the rest of it as before; taking it out again gives the settings of before.
func FuzzEdit(f *testing.F) {
	for _, text := range []string{
		`{"IsEncrypted":false,"Values":{"A":"1"}}`, "{\n \"IsEncrypted\": false, // x\n \"Values\": {\n  \"A\": 1, /* y */ \"B\": \"2\"\n } }", `{}`,
		"{\"IsEncrypted\":false,\"Values\":null}", "\ufeff{\"IsEncrypted\":false, \"Host\":{\"CORS\":\"*\"}}",
	} {
		f.Add(text, "A", "v")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		before, err := ParseLocal("f", []byte(text))
		if err != nil {
			return
		}
		file := &File{path: "f", text: []byte(text)}
		added, err := file.Set(Values, name, value)
		if err != nil {
			return
		}
		if before.Values == nil {
			before.Values = map[string]string{}
		}
		after, err := file.again()
		if err != nil {
			t.Fatalf("%q: %v", file.text, err)
		}
		want := maps.Clone(before.Values)
		for have := range want {
			if key(have) == key(name) {
				want[have] = valid(value)
			}
		}
		if added {
			want[valid(name)] = valid(value)
		}
		if diff := cmp.Diff(want, after.Values); diff != "" && !nullBefore(text, name) {
			t.Fatalf("%q: %s", file.text, diff)
		}
		if _, err := file.Delete(Values, valid(name)); err != nil {
			t.Fatal(err)
		}
		gone, err := file.again()
		if err != nil {
			t.Fatalf("%q: %v", file.text, err)
		}
		maps.DeleteFunc(want, func(have, _ string) bool { return key(have) == key(valid(name)) })
		if diff := cmp.Diff(want, gone.Values); diff != "" {
			t.Fatalf("%q: %s", file.text, diff)
		}
	})
}

// again reads what the file says now. A file that said nothing may lack its flag.
func (f *File) again() (Local, error) {
	file := &File{path: f.path, text: append([]byte(nil), f.text...)}
	if top, err := file.top(); err == nil {
		if _, found, _ := top.find("f", "IsEncrypted"); !found {
			if err := file.first(`"IsEncrypted": false`); err != nil {
				return Local{}, err
			}
		}
	}
	return ParseLocal("f", file.text)
}

// valid is a text as JSON holds it.
func valid(s string) string { return string([]rune(s)) }

// nullBefore: a name whose value is null is there and yet no setting.
func nullBefore(text, name string) bool {
	return strings.Contains(text, "null") && strings.Contains(text, name)
}

package items

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestHistoryAfterATornLine: half a line of a crash costs that line only, and
// not the next one, which would otherwise be written behind it.
func TestHistoryAfterATornLine(t *testing.T) {
	path := t.TempDir() + "/queries"
	OpenHistory(path, testkit.Discard()).Add(Asked{Container: "db/c", Text: "before"})
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"id":"x","contai`); err != nil { // a crash
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	OpenHistory(path, testkit.Discard()).Add(Asked{Container: "db/c", Text: "after"})
	if got := OpenHistory(path, testkit.Discard()).Of(""); len(got) != 2 || got[0].Text != "after" {
		t.Errorf("%+v", got)
	}
}

// TestHistoryIsRewrittenAsAWhole: when the file is written anew and that cannot
// be, the file that was there stays.
func TestHistoryIsRewrittenAsAWhole(t *testing.T) {
	path := t.TempDir() + "/queries"
	h := OpenHistory(path, testkit.Discard())
	for i := range 2 * keptQueries {
		h.Add(Asked{Container: "db/c", Text: fmt.Sprint(i)})
	}
	old, err := os.Open(path) // as another reader, or a crash, would see it
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	h.Add(Asked{Container: "db/c", Text: "rewrites"})
	if info, err := old.Stat(); err != nil || info.Size() == 0 {
		t.Fatal(err)
	}
	now, err := os.Stat(path)
	was, err2 := old.Stat()
	if err != nil || err2 != nil || os.SameFile(now, was) {
		t.Errorf("the file was emptied to be written anew: a crash between loses every query (%v, %v)", err, err2)
	}
	if got := OpenHistory(path, testkit.Discard()).Of(""); len(got) != keptQueries || got[0].Text != "rewrites" {
		t.Errorf("%d queries", len(got))
	}
	if left, err := filepath.Glob(path + "?*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestAnImportLeftByACrashGoes: the file of an import that nobody will finish
// does not stay for ever, however large; that of one under way does.
func TestAnImportLeftByACrashGoes(t *testing.T) {
	p := page{Config: Config{Folder: t.TempDir()}}
	left, young := filepath.Join(p.Folder, "import-1234"), filepath.Join(p.Folder, "import-99")
	old := time.Now().Add(-(keptHours + 1) * time.Hour)
	for _, name := range []string{left, young} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(left, old, old); err != nil {
		t.Fatal(err)
	}
	p.tidy(longestImport)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("an old import stays: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Error(err)
	}
	Pages(p.Config)
	if _, err := os.Stat(young); !os.IsNotExist(err) {
		t.Errorf("what the process before has left stays: %v", err)
	}
}

// TestExportNames: each container's export can be fetched, whatever its name is.
func TestExportNames(t *testing.T) {
	for _, id := range []string{"events", "...", "-", "한글 ☃", strings.Repeat("긴", 255), "a\u202eb", "*"} {
		name := strings.Replace(fileName(id, "csv"), "*", "123", 1)
		if !exportName.MatchString(name) || strings.ContainsAny(name, "*/\u202e") {
			t.Errorf("%q: %q", id, name)
		}
	}
}

// TestExportOfAnItemOfManyLines: an item that was sent with line breaks is one
// line of an export, and one row of a table.
func TestExportOfAnItemOfManyLines(t *testing.T) {
	l := newLab(t)
	l.put("{\n \"id\": \"1\",\r\n \"pk\": \"a\", \"n\": 1.50,\n \"o\": {\n  \"p\": [1,\n 2], \"s\": \"a  b\"\n }}")
	for body, want := range map[string]string{
		`{"format":"ndjson"}`: `{"id":"1","pk":"a","n":1.50,"o":{"p":[1,2],"s":"a  b"}}` + "\n",
		`{"format":"csv"}`:    "id,pk,n,o\n1,a,1.50,\"{\"\"p\"\":[1,2],\"\"s\"\":\"\"a  b\"\"}\"\n",
	} {
		l.want("POST", base+"/export", body, 202)
		e := <-l.tasks
		if text, _ := l.get(e.result); e.err != nil || text != want {
			t.Errorf("%s: %v\n%s", body, e.err, text)
		}
	}
}

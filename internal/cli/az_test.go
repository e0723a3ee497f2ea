package cli

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// updateAz is -az: the folder of a real az, which the calls are recorded anew with.
var updateAz = flag.String("az", "", "record what the az in this folder prints into testdata/azcalls.txt")

const azCallsFile = "testdata/azcalls.txt"

// scriptAzMissing takes the folders out of PATH that have an az.
func scriptAzMissing(ts *testscript.TestScript, _ bool, _ []string) {
	var left []string
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, azName)); err != nil {
			left = append(left, dir)
		}
	}
	ts.Setenv("PATH", strings.Join(left, string(filepath.ListSeparator)))
}

// scriptAzCalls makes the calls of testdata/azcalls.txt under one lazuli exec, and
// compares what each prints, and its status, with what az did.
func scriptAzCalls(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: azcalls")
	}
	info, ok := scriptInstance(ts)
	if !ok {
		ts.Fatalf("no lazuli runs here")
	}
	recorded, err := os.ReadFile(azCallsFile)
	ts.Check(err)
	var driver strings.Builder
	if *updateAz != "" {
		driver.WriteString("PATH='" + *updateAz + "':$PATH; export AZURE_CONFIG_DIR=$HOME/.azure AZURE_CORE_COLLECT_TELEMETRY=false\naz login --identity >/dev/null || exit 1\n")
	}
	for line := range strings.Lines(string(recorded)) {
		if call, is := strings.CutPrefix(line, "$ "); is {
			call = strings.TrimSpace(call)
			driver.WriteString("echo '$ '" + shellQuote(call) + "\n" + call + "\necho \"[$?]\"\n")
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("calls.sh"), []byte(driver.String()), 0o600))
	ts.Check(ts.Exec("lazuli", "exec", "--", "sh", "calls.sh"))
	got := azSteady(ts.ReadFile("stdout"), info)
	if *updateAz != "" {
		ts.Check(os.WriteFile(azCallsFile, []byte(got), 0o644))
		return
	}
	if diff := cmp.Diff(string(recorded), got); diff != "" {
		ts.Fatalf("- is az, + is the stand-in:\n%s\n%s", diff, ts.ReadFile("stderr"))
	}
}

// azSteady has words in place of what is another each time.
func azSteady(text string, info instance.Info) string {
	for _, r := range [][2]string{
		{regexp.QuoteMeta(info.Subscription), "SUBSCRIPTION"},
		{regexp.QuoteMeta(info.Tenant), "TENANT"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)`, "2026-01-01T00:00:00+00:00"},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

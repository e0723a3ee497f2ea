package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// BenchmarkStart builds an application with 50 namespaces and 500 containers in
// 10 accounts, all of which exist: what comes before the ports answer.
func BenchmarkStart(b *testing.B) {
	var text strings.Builder
	text.WriteString("eventHubs:\n  amqpPort: 0\n  amqpsPort: 0\n  namespaces:\n")
	for n := range 50 {
		fmt.Fprintf(&text, "    contoso-ns-%d: {hubs: {telemetry_events: {partitions: 2}}}\n", n)
	}
	text.WriteString("cosmos:\n  port: 0\n  accounts:\n")
	for a := range 10 {
		fmt.Fprintf(&text, "    contoso-%d:\n      databases:\n", a)
		for d := range 5 {
			var containers []string
			for c := range 10 {
				containers = append(containers, fmt.Sprintf("c%d: {partitionKey: /id}", c))
			}
			fmt.Fprintf(&text, "        db%d: {containers: {%s}}\n", d, strings.Join(containers, ", "))
		}
	}
	text.WriteString("portal: {port: 0}\nidentity: {port: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\n")
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load(dir)
	if err != nil {
		b.Fatal(err)
	}
	start := func() {
		a, err := Build(b.Context(), Options{Config: cfg, Log: testkit.Discard(), Version: "1"})
		if err != nil {
			b.Fatal(err)
		}
		a.close()
	}
	start() // makes everything
	for b.Loop() {
		start()
	}
}

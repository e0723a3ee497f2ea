// Command typescript prints the JSON shapes of the portal's interface as
// TypeScript, for web/src/lib/wire.ts: `make web` writes the file, and
// scripts/browser refuses one that is stale.
//
// A struct becomes an interface under the name in the table below. One that a
// field needs and that is not there is an error, so no shape is typed by hand.
package main

import (
	"fmt"
	"os"
	"reflect"
	"slices"
)

// shapes are the structs and what they are called in the pages.
func shapes() []shape {
	return slices.Concat(portalShapes(), hubShapes(), itemShapes(), blobShapes(), queueShapes(), tableShapes(), functionShapes(), jobShapes(), overviewShapes(), connectShapes(), gatewayShapes(), resourceShapes(), logShapes(), insightsShapes(), dashboardShapes())
}

// words are strings of which there are only a few, by the field that holds
// them.
func words() map[string]string {
	return map[string]string{
		"TileSpec.type":        `'number' | 'gauge' | 'line' | 'bar' | 'map' | 'table' | 'alarms'`,
		"Threshold.state":      state,
		"NumberView.state":     state,
		"Bar.state":            state,
		"Site.state":           state,
		"BoardEntry.state":     `'ok' | 'warn' | 'bad'`,
		"DatasetView.state":    `'reading' | 'empty' | 'fresh' | 'stale' | 'failed'`,
		"BoardField.kind":      `'number' | 'text' | 'truth' | 'time'`,
		"BoardSuggestion.kind": `'now' | 'trends' | 'latest' | 'map' | 'groups'`,
		"Job.state":            run,
		"JobDetail.state":      run,
		"JobEnd.kind":          `'hub' | 'container' | 'function' | 'dataset' | 'file'`,
		"JobTestNote.kind":     `'newest' | 'empty' | 'late' | 'lateDropped' | 'early' | 'outOfOrder' | 'outOfOrderDropped' | 'ends'`,
		"Notice.state":         `'warn' | 'bad'`,
		"TaskState.state":      `'busy' | 'ok' | 'bad' | 'off'`,
	}
}

const (
	state = `'ok' | 'warn' | 'alarm' | 'off'`
	run   = `'starting' | 'running' | 'degraded' | 'stopping' | 'stopped' | 'failed'`
)

type shape struct {
	name string
	t    reflect.Type
}

func of[T any](name string) shape { return shape{name, reflect.TypeFor[T]()} }

func main() {
	text, err := write(shapes(), words())
	if err == nil {
		_, err = os.Stdout.WriteString(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "typescript:", err)
		os.Exit(1)
	}
}

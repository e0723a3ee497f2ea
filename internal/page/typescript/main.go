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

	"github.com/lazuli-dev/lazuli/internal/connect"
	pageconnect "github.com/lazuli-dev/lazuli/internal/page/connect"
	"github.com/lazuli-dev/lazuli/internal/page/functions"
	"github.com/lazuli-dev/lazuli/internal/page/hubs"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/page/logs"
	"github.com/lazuli-dev/lazuli/internal/page/overview"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// shapes are the structs and what they are called in the pages.
func shapes() []shape {
	return []shape{
		of[portal.Opened]("Opened"),
		of[portal.StreamChange]("StreamChange"),
		of[portal.Summary]("Summary"),
		of[portal.NoticeList]("NoticeList"),
		of[portal.Notice]("Notice"),
		of[portal.TaskState]("TaskState"),
		of[portal.Names]("NamesPage"),
		of[portal.NameRow]("NameRow"),
		of[portal.Instance]("InstanceRow"),
		of[portal.About]("About"),
		of[portal.Address]("Address"),
		of[portal.Use]("DataUse"),
		of[portal.History]("History"),
		of[portal.Rows]("ListPage"),
		of[portal.Problem]("ProblemBody"),
		of[portal.Place]("Place"),
		of[portal.BoardEntry]("BoardEntry"),
		of[portal.BoardDetail]("BoardDetail"),
		of[portal.BoardFile]("BoardFile"),
		of[portal.BoardSources]("BoardSources"),
		of[hubs.Row]("Hub"),
		of[hubs.Detail]("HubDetail"),
		of[hubs.Partition]("HubPartition"),
		of[hubs.Settings]("HubSettings"),
		of[hubs.Behind]("HubConsumer"),
		of[hubs.Search]("HubSearch"),
		of[hubs.Began]("HubSearchBegan"),
		of[hubs.Found]("HubEventRow"),
		of[hubs.Progress]("HubSearchProgress"),
		of[hubs.Tail]("HubTail"),
		of[hubs.Tailed]("HubTailed"),
		of[hubs.Counted]("HubCounts"),
		of[hubs.Event]("HubEvent"),
		of[hubs.ReadBy]("HubReadBy"),
		of[hubs.Run]("HubRun"),
		of[hubs.NewEvents]("NewEvents"),
		of[hubs.Sent]("SentEvent"),
		of[hubs.Sending]("SendingTask"),
		of[hubs.NewHub]("NewHub"),
		of[hubs.Namespaces]("HubNamespaces"),
		of[items.Database]("Database"),
		of[items.Container]("Container"),
		of[items.Answer]("QueryPage"),
		of[items.Row]("DataRow"),
		of[items.Checked]("CheckedQuery"),
		of[items.ItemPage]("ItemPage"),
		of[items.ItemRow]("ItemRow"),
		of[items.Counted]("CountedItems"),
		of[items.Item]("Item"),
		of[items.Settings]("ContainerSettings"),
		of[items.NewDatabase]("NewDatabase"),
		of[items.NewContainer]("NewContainer"),
		of[items.Changes]("ChangePage"),
		of[items.Change]("Change"),
		of[items.Schema]("ContainerSchema"),
		of[items.SchemaPath]("SchemaPath"),
		of[items.SchemaValue]("SchemaValue"),
		of[items.Queries]("AskedQueries"),
		of[items.Asked]("AskedQuery"),
		of[items.Started]("StartedTask"),
		of[functions.AppRow]("App"),
		of[functions.Build]("AppBuild"),
		of[functions.Function]("Func"),
		of[functions.Output]("FuncOutput"),
		of[functions.Past]("FuncPast"),
		of[functions.FailureGroup]("FailureGroup"),
		of[functions.RunRow]("RunRow"),
		of[functions.Runs]("RunPage"),
		of[functions.Run]("Run"),
		of[functions.RunInput]("RunInput"),
		of[functions.Order]("RunOrder"),
		of[functions.Outcome]("RunOutcome"),
		of[functions.Header]("RunHeader"),
		of[functions.KeyPlace]("KeyPlace"),
		of[functions.KeyList]("KeyList"),
		of[telemetry.Frame]("StackFrame"),
		of[telemetry.LogLine]("LogLine"),
		of[jobs.End]("JobEnd"),
		of[jobs.Row]("Job"),
		of[jobs.InputRow]("JobInput"),
		of[jobs.OutputRow]("JobOutput"),
		of[jobs.State]("JobDetail"),
		of[jobs.InputState]("JobInputDetail"),
		of[jobs.OutputState]("JobOutputDetail"),
		of[jobs.Partition]("JobPartition"),
		of[jobs.Warning]("JobWarning"),
		of[jobs.DataErrors]("JobDataErrors"),
		of[jobs.About]("JobText"),
		of[jobs.Diagram]("PlanDiagram"),
		of[jobs.Node]("PlanNode"),
		of[jobs.Edge]("PlanEdge"),
		of[overview.Picture]("Picture"),
		of[overview.Node]("PictureNode"),
		of[overview.Edge]("PictureEdge"),
		of[pageconnect.About]("ConnectAbout"),
		of[pageconnect.Fact]("ConnectFact"),
		of[pageconnect.Ask]("ConnectAsk"),
		of[pageconnect.Revealed]("ConnectKey"),
		of[pageconnect.Tested]("ConnectTested"),
		of[connect.Snippet]("ConnectSnippet"),
		of[logs.Line]("LogEntry"),
		of[logs.Page]("LogPage"),
		of[logs.Tail]("LogTail"),
		of[logs.Around]("LogAround"),
		of[logs.Counts]("LogCounts"),
		of[dashboard.Definition]("Board"),
		of[dashboard.DatasetSpec]("DatasetSpec"),
		of[dashboard.Tile]("TileSpec"),
		of[dashboard.Threshold]("Threshold"),
		of[dashboard.Column]("Column"),
		of[dashboard.Alarm]("AlarmSpec"),
		of[dashboard.View]("BoardView"),
		of[dashboard.DatasetView]("DatasetView"),
		of[dashboard.NumberView]("NumberView"),
		of[dashboard.LineView]("LineView"),
		of[dashboard.SeriesView]("SeriesView"),
		of[dashboard.BarView]("BarView"),
		of[dashboard.Bar]("Bar"),
		of[dashboard.MapView]("MapView"),
		of[dashboard.Site]("Site"),
		of[dashboard.TableView]("TableView"),
		of[dashboard.TableRow]("TableRow"),
		of[dashboard.AlarmsView]("AlarmsView"),
		of[dashboard.AlarmRow]("AlarmRow"),
		of[dashboard.Problem]("BoardProblem"),
		of[dashboard.Preview]("BoardPreview"),
		of[dashboard.Suggestion]("BoardSuggestion"),
		of[dashboard.Sample]("BoardSample"),
		of[dashboard.Field]("BoardField"),
		of[dashboard.Pushed]("PushedRows"),
	}
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

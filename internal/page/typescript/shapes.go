package main

import (
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/page/blobs"
	pageconnect "github.com/lazuli-dev/lazuli/internal/page/connect"
	"github.com/lazuli-dev/lazuli/internal/page/functions"
	"github.com/lazuli-dev/lazuli/internal/page/gateways"
	"github.com/lazuli-dev/lazuli/internal/page/hubs"
	"github.com/lazuli-dev/lazuli/internal/page/insights"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/page/logs"
	"github.com/lazuli-dev/lazuli/internal/page/overview"
	"github.com/lazuli-dev/lazuli/internal/page/queues"
	"github.com/lazuli-dev/lazuli/internal/page/resources"
	"github.com/lazuli-dev/lazuli/internal/page/tables"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

func portalShapes() []shape {
	return []shape{
		of[portal.Opened]("Opened"),
		of[portal.StreamChange]("StreamChange"),
		of[portal.Summary]("Summary"),
		of[portal.NoticeList]("NoticeList"),
		of[portal.Notice]("Notice"),
		of[portal.TaskState]("TaskState"),
		of[portal.Asked]("Asked"),
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
		of[portal.FilterList]("FilterList"),
		of[portal.Filter]("SavedFilter"),
		of[portal.BoardEntry]("BoardEntry"),
		of[portal.BoardDetail]("BoardDetail"),
		of[portal.BoardFile]("BoardFile"),
		of[portal.BoardSources]("BoardSources"),
	}
}

func hubShapes() []shape {
	return []shape{
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
		of[hubs.Replay]("Replay"),
		of[hubs.NewHub]("NewHub"),
		of[hubs.Namespaces]("HubNamespaces"),
	}
}

func itemShapes() []shape {
	return []shape{
		of[items.AccountRow]("AccountRow"),
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
	}
}

func blobShapes() []shape {
	return []shape{
		of[blobs.AccountRow]("StorageAccount"),
		of[blobs.ContainerRow]("BlobContainer"),
		of[blobs.Container]("BlobContainerDetail"),
		of[blobs.NewContainer]("NewBlobContainer"),
		of[blobs.DeletedContainers]("DeletedContainers"),
		of[blobs.DeletedContainer]("DeletedContainer"),
		of[blobs.BlobPage]("BlobPage"),
		of[blobs.BlobRow]("BlobRow"),
		of[blobs.Counted]("CountedBlobs"),
		of[blobs.Existing]("ExistingBlobs"),
		of[blobs.Blob]("BlobDetail"),
		of[blobs.Headers]("BlobHeaders"),
		of[blobs.Pair]("BlobPair"),
		of[blobs.Copy]("BlobCopy"),
		of[blobs.BlobState]("BlobState"),
		of[blobs.Uncommitted]("UncommittedBlocks"),
		of[blobs.BlockRow]("BlockRow"),
		of[blobs.Commit]("BlockCommit"),
		of[blobs.Changed]("BlobChanged"),
		of[blobs.CopyTo]("BlobCopyTo"),
		of[blobs.Sign]("SasAsk"),
		of[blobs.Signed]("SasSigned"),
	}
}

func queueShapes() []shape {
	return []shape{
		of[queues.Row]("Queue"),
		of[queues.Detail]("QueueDetail"),
		of[queues.Pair]("MetadataPair"),
		of[queues.Message]("QueueMessage"),
		of[queues.Messages]("QueueMessages"),
		of[queues.Whole]("WholeMessage"),
		of[queues.NewMessage]("NewMessage"),
		of[queues.NewQueue]("NewQueue"),
		of[queues.Metadata]("QueueMetadata"),
		of[queues.Move]("MoveMessages"),
		of[queues.Moved]("MovedMessages"),
		of[queues.Moving]("MovingMessages"),
	}
}

func tableShapes() []shape {
	return []shape{
		of[tables.Row]("StorageTable"),
		of[tables.NewTable]("NewTable"),
		of[tables.EntityPage]("EntityPage"),
		of[tables.Entity]("Entity"),
		of[tables.Property]("EntityProperty"),
		of[tables.Change]("EntityChange"),
		of[tables.Imported]("ImportedEntities"),
	}
}

func functionShapes() []shape {
	return []shape{
		of[functions.AppRow]("App"),
		of[functions.Build]("AppBuild"),
		of[functions.Function]("Func"),
		of[functions.Output]("FuncOutput"),
		of[functions.Breaker]("FuncBreaker"),
		of[functions.DeadLetters]("FuncDeadLetters"),
		of[functions.Past]("FuncPast"),
		of[functions.FailureGroup]("FailureGroup"),
		of[functions.RunRow]("RunRow"),
		of[functions.Runs]("RunPage"),
		of[functions.Run]("Run"),
		of[functions.RunInput]("RunInput"),
		of[functions.Order]("RunOrder"),
		of[functions.Outcome]("RunOutcome"),
		of[functions.Header]("RunHeader"),
		of[functions.Scale]("AppScale"),
		of[functions.ScaleGroup]("AppScaleGroup"),
		of[functions.ScalePoint]("AppScalePoint"),
		of[functions.Crew]("AppCrew"),
		of[functions.Process]("AppProcess"),
		of[functions.Letter]("DeadLetter"),
		of[functions.LetterList]("DeadLetterList"),
		of[functions.KeyPlace]("KeyPlace"),
		of[functions.KeyList]("KeyList"),
		of[telemetry.Frame]("StackFrame"),
		of[telemetry.LogLine]("LogLine"),
	}
}

func jobShapes() []shape {
	return []shape{
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
		of[jobs.QueryFile]("JobQueryFile"),
		of[jobs.QuerySave]("JobQuerySave"),
		of[jobs.QueryCheck]("JobQueryCheck"),
		of[jobs.QueryTest]("JobQueryTest"),
		of[jobs.TestInput]("JobTestInput"),
		of[jobs.TestEvent]("JobTestEvent"),
		of[jobs.TestOutput]("JobTestOutput"),
		of[jobs.TestRow]("JobTestRow"),
		of[jobs.TestNote]("JobTestNote"),
		of[jobs.Diagram]("PlanDiagram"),
		of[jobs.Node]("PlanNode"),
		of[jobs.Edge]("PlanEdge"),
	}
}

func overviewShapes() []shape {
	return []shape{
		of[overview.Picture]("Picture"),
		of[overview.Node]("PictureNode"),
		of[overview.Edge]("PictureEdge"),
	}
}

func connectShapes() []shape {
	return []shape{
		of[pageconnect.About]("ConnectAbout"),
		of[pageconnect.Fact]("ConnectFact"),
		of[pageconnect.Ask]("ConnectAsk"),
		of[pageconnect.Revealed]("ConnectKey"),
		of[pageconnect.Tested]("ConnectTested"),
		of[connect.Snippet]("ConnectSnippet"),
	}
}

func gatewayShapes() []shape {
	return []shape{
		of[gateways.Row]("GatewayApi"),
		of[gateways.Rate]("GatewayRate"),
		of[gateways.Detail]("GatewayApiDetail"),
		of[gateways.Count]("GatewayCount"),
		of[gateways.Failure]("GatewayFailure"),
		of[gateways.List]("GatewayList"),
		of[gateways.About]("Gateway"),
		of[gateways.Subscription]("GatewaySubscription"),
		of[gateways.API]("GatewayApiAbout"),
		of[gateways.Operation]("GatewayOperation"),
		of[gateways.Policy]("GatewayPolicy"),
		of[gateways.Above]("GatewayPolicyAbove"),
		of[gateways.PolicyText]("GatewayPolicyText"),
		of[gateways.PolicyCheck]("GatewayPolicyCheck"),
		of[gateways.Call]("GatewayCall"),
		of[gateways.Pair]("GatewayPair"),
		of[gateways.Outcome]("GatewayOutcome"),
		of[gateways.Step]("GatewayStep"),
		of[gateways.Key]("GatewayKey"),
	}
}

func resourceShapes() []shape {
	return []shape{
		of[resources.Row]("ResourceRow"),
		of[resources.About]("ResourceAbout"),
		of[resources.Inner]("ResourceInner"),
		of[resources.Held]("ResourceHeld"),
		of[resources.Event]("ResourceEvent"),
		of[resources.Activity]("ResourceActivity"),
		of[resources.Removed]("ResourceRemoved"),
	}
}

func logShapes() []shape {
	return []shape{
		of[logs.Line]("LogEntry"),
		of[logs.Page]("LogPage"),
		of[logs.Tail]("LogTail"),
		of[logs.Around]("LogAround"),
		of[logs.Counts]("LogCounts"),
	}
}

func insightsShapes() []shape {
	return []shape{
		of[insights.List]("InsightsList"),
		of[insights.About]("InsightsComponent"),
		of[insights.Found]("TelemetryPage"),
		of[insights.Row]("Telemetry"),
		of[insights.Counts]("TelemetryCounts"),
		of[insights.Value]("TelemetryValue"),
		of[insights.Values]("TelemetryValues"),
		of[insights.Operation]("Operation"),
		of[insights.Item]("TelemetryItem"),
		of[insights.Pair]("TelemetryPair"),
		of[insights.Cause]("TelemetryCause"),
		of[insights.Failures]("FailureRanking"),
		of[insights.Failure]("FailureRank"),
		of[insights.Performance]("TimingRanking"),
		of[insights.Timing]("TimingRank"),
		of[insights.Durations]("Durations"),
		of[insights.Bucket]("DurationBucket"),
		of[insights.Map]("TelemetryMap"),
		of[insights.MapNode]("MapNode"),
		of[insights.MapCall]("MapCall"),
		of[insights.LiveAsk]("LiveAsk"),
		of[insights.LiveSecond]("LiveSecond"),
		of[insights.LiveServer]("LiveServer"),
		of[insights.LiveValues]("LiveValues"),
		of[insights.LiveSample]("LiveSample"),
		of[insights.LiveDimension]("LiveDimension"),
		of[insights.Query]("KustoQuery"),
		of[insights.Answer]("KustoAnswer"),
		of[insights.Column]("KustoColumn"),
		of[insights.Render]("KustoRender"),
		of[insights.Asked]("KustoAsked"),
		of[insights.AskedList]("KustoAskedList"),
		of[insights.Checked]("KustoChecked"),
		of[insights.Schema]("KustoSchema"),
		of[insights.Table]("KustoTable"),
	}
}

func dashboardShapes() []shape {
	return []shape{
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

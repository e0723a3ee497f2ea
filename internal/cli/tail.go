package cli

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	amqp "github.com/Azure/go-amqp"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// tailOptions are the flags of `lazuli tail`.
type tailOptions struct {
	hub       hubFlags
	fromStart bool
	partition string
	group     string
	asJSON    bool
	count     int
}

func newTailCmd(s *session) *cobra.Command {
	var o tailOptions
	cmd := &cobra.Command{
		Use:   "tail [HUB]",
		Short: "Read a hub's events as they come",
		Long: `Read an event hub's partitions and print each event: from now on, or from the
oldest that is kept with --from-start. Reading takes nothing away and moves no
function's position. Ctrl-C ends it. What would drive a terminal (control
characters, bidirectional marks) is shown as \x1b and the like; --json prints the
bytes as they are.`,
		Example: `  lazuli tail telemetry_events
  lazuli tail telemetry_events --from-start --count 10 --json
  lazuli tail telemetry_events --partition 0 --consumer-group dashboard
  lazuli tail telemetry_events --namespace contoso-eh`,
		Args: atMostOne("HUB"),
		RunE: func(cmd *cobra.Command, args []string) error {
			hub, err := o.hub.name(cmd, args)
			if err != nil {
				return err
			}
			if o.count < 0 {
				return &usageError{cmd, fmt.Errorf("--count %d is negative", o.count)}
			}
			if err := o.hub.check(); err != nil {
				return &usageError{cmd, err}
			}
			return s.tail(cmd.Context(), hub, o)
		},
	}
	f := cmd.Flags()
	o.hub.register(cmd)
	f.BoolVar(&o.fromStart, "from-start", false, "from the oldest event that is kept")
	f.StringVar(&o.partition, "partition", "", "only this partition")
	f.StringVar(&o.group, "consumer-group", azeventhubs.DefaultConsumerGroup, "consumer group to read with")
	f.BoolVar(&o.asJSON, "json", false, "one JSON object per event")
	f.IntVarP(&o.count, "count", "n", 0, "end after so many events; 0 goes on until Ctrl-C")
	return cmd
}

func (s *session) tail(ctx context.Context, hub string, o tailOptions) error {
	if err := s.hubIsThere(ctx, o.hub, hub); err != nil {
		return err
	}
	consumer, err := o.hub.consumer(ctx, s, hub, o.group)
	if err != nil {
		return hubError(hub, err)
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = consumer.Close(bye)
	}()
	starts, err := o.starts(ctx, consumer)
	if err != nil {
		return hubError(hub, err)
	}
	t := &tailer{session: s, options: o}
	t.announce(hub, starts)
	err = t.run(ctx, consumer, starts)
	fmt.Fprintf(s.err, "%s\n", count(t.printed, "event"))
	if errors.Is(err, context.Canceled) && (ctx.Err() != nil && o.count == 0 || t.full()) {
		return nil
	}
	if err != nil && refusedWith(err, amqp.ErrCondNotFound, 404) { // the hub was there a moment ago
		return fmt.Errorf("hub %s has no consumer group %s; a project declares them under eventHubs.hubs.%s.consumerGroups in lazuli.yaml", hub, o.group, hub)
	}
	return hubError(hub, err)
}

// hubIsThere refuses a hub of the running lazuli that does not exist: where hubs come
// to be on first use, looking into one must not be a use.
func (s *session) hubIsThere(ctx context.Context, at hubFlags, hub string) error {
	if at.connection != "" {
		return nil
	}
	info, err := s.instance()
	if err != nil {
		return nil //nolint:nilerr // it is one of Azure, or whoever connects will say it
	}
	local, err := connect.Of(info, connect.Choice{Namespace: hostOf(at.namespace)})
	if err != nil {
		return nil //nolint:nilerr // as well
	}
	portal, err := newPortalClient(info)
	if err != nil {
		return nil //nolint:nilerr // nobody can be asked
	}
	scope := "eventHubs/" + cmp.Or(local.Namespace, instance.DefaultAccount) + "/" + hub
	var t storedThing
	var refused *portalError
	err = portal.do(ctx, http.MethodPost, "/api/resources:find", map[string]string{"scope": scope}, &t)
	if errors.As(err, &refused) && refused.status == http.StatusNotFound {
		return fmt.Errorf("there is no hub %s in this namespace; a project declares its hubs under eventHubs.hubs in lazuli.yaml, and where hubs are created on first use the first event makes one (%w)", hub, err)
	}
	return nil
}

// start is a partition and where reading begins.
type start struct {
	partition string
	position  azeventhubs.StartPosition
}

// starts fixes the position of each partition, so that every event sent after
// the announcement is seen.
func (o *tailOptions) starts(ctx context.Context, consumer *azeventhubs.ConsumerClient) ([]start, error) {
	props, err := consumer.GetEventHubProperties(ctx, nil)
	if err != nil {
		return nil, err
	}
	ids := props.PartitionIDs
	if o.partition != "" {
		if !slices.Contains(ids, o.partition) {
			return nil, fmt.Errorf("hub %s has no partition %s; %s", props.Name, o.partition, partitionsOf(ids))
		}
		ids = []string{o.partition}
	}
	var out []start
	for _, id := range ids {
		position := azeventhubs.StartPosition{Earliest: new(true)}
		if !o.fromStart {
			p, err := consumer.GetPartitionProperties(ctx, id, nil)
			if err != nil {
				return nil, err
			}
			if !p.IsEmpty {
				position = azeventhubs.StartPosition{SequenceNumber: &p.LastEnqueuedSequenceNumber}
			}
		}
		out = append(out, start{id, position})
	}
	return out, nil
}

// partitionsOf says which partitions there are.
func partitionsOf(ids []string) string {
	if len(ids) == 1 {
		return "its only partition is " + ids[0]
	}
	return fmt.Sprintf("its partitions are %s and %s", strings.Join(ids[:len(ids)-1], ", "), ids[len(ids)-1])
}

// tailer prints what its partitions' readers receive.
type tailer struct {
	*session
	options tailOptions
	printed int
}

func (t *tailer) full() bool { return t.options.count > 0 && t.printed >= t.options.count }

func (t *tailer) announce(hub string, starts []start) {
	var ids []string
	for _, s := range starts {
		ids = append(ids, s.partition)
	}
	from := "from now on"
	if t.options.fromStart {
		from = "from the start"
	}
	fmt.Fprintf(t.err, "Reading %s, partitions %s, %s\n", terminal.Clean(hub), strings.Join(ids, ", "), from)
}

// received is an event and where it came from.
type received struct {
	partition string
	*azeventhubs.ReceivedEventData
}

// run reads every partition on a goroutine of its own and prints on this one.
func (t *tailer) run(ctx context.Context, consumer *azeventhubs.ConsumerClient, starts []start) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	readers, ctx := errgroup.WithContext(ctx)
	events := make(chan received, 256)
	for _, st := range starts {
		readers.Go(func() error { return read(ctx, consumer, st, events) })
	}
	ended := make(chan error, 1)
	go func() { ended <- readers.Wait() }()
	for {
		select {
		case e := <-events:
			if err := t.print(e); err != nil {
				cancel()
				<-ended
				return err
			}
			if t.printed++; t.full() {
				cancel()
				return <-ended
			}
		case err := <-ended:
			return err
		}
	}
}

// read hands on one partition's events until ctx ends. It asks for one event at
// a time, because the SDK holds back what it has until the number asked for is
// complete; it prefetches below, so that this costs little.
func read(ctx context.Context, consumer *azeventhubs.ConsumerClient, st start, out chan<- received) error {
	client, err := consumer.NewPartitionClient(st.partition, &azeventhubs.PartitionClientOptions{StartPosition: st.position})
	if err != nil {
		return err
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = client.Close(bye)
	}()
	for {
		events, err := client.ReceiveEvents(ctx, 1, nil)
		if err != nil {
			return err
		}
		for _, e := range events {
			select {
			case out <- received{st.partition, e}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (t *tailer) print(e received) error {
	if t.options.asJSON {
		return t.printJSON(e)
	}
	body := terminal.Clean(string(e.Body))
	if !utf8.Valid(e.Body) {
		body = "base64:" + base64.StdEncoding.EncodeToString(e.Body)
	}
	p := screen{colour: t.outIsTerminal()}
	where := fmt.Sprintf("%s/%d", e.partition, e.SequenceNumber)
	if e.PartitionKey != nil {
		where += " " + terminal.Clean(*e.PartitionKey)
	}
	_, err := fmt.Fprintf(t.out, "%s %s\n", p.dim(enqueued(e).Format("15:04:05.000")+" "+where), body)
	return err
}

func enqueued(e received) time.Time {
	if e.EnqueuedTime == nil {
		return time.Time{}
	}
	return e.EnqueuedTime.UTC()
}

func (t *tailer) printJSON(e received) error {
	out := struct {
		Partition      string          `json:"partition"`
		SequenceNumber int64           `json:"sequenceNumber"`
		Offset         string          `json:"offset"`
		EnqueuedTime   time.Time       `json:"enqueuedTime"`
		PartitionKey   *string         `json:"partitionKey,omitempty"`
		Properties     map[string]any  `json:"properties,omitempty"`
		Body           json.RawMessage `json:"body,omitempty"`
		BodyBase64     []byte          `json:"bodyBase64,omitempty"`
	}{
		Partition: e.partition, SequenceNumber: e.SequenceNumber, Offset: e.Offset,
		EnqueuedTime: enqueued(e), PartitionKey: e.PartitionKey, Properties: e.Properties,
	}
	switch {
	case json.Valid(e.Body):
		out.Body = e.Body
	case utf8.Valid(e.Body):
		text, err := json.Marshal(string(e.Body))
		if err != nil {
			return err
		}
		out.Body = text
	default:
		out.BodyBase64 = e.Body
	}
	enc := json.NewEncoder(t.data)
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

func selfPID() int { return os.Getpid() }

// pipeline sends telemetry at full speed for the time, then waits until the
// second function has seen the last document. The rate counts until then.
func pipeline(ctx context.Context, l *lab) error {
	s, err := l.start(ctx, true)
	if err != nil {
		return err
	}
	defer s.stop()
	begin := time.Now()
	serverBefore, workerBefore, clientBefore := s.cpu(), cpuOf(s.worker()), cpuOf(selfPID())
	sent, err := sendTelemetry(ctx, s, l.seconds, 0)
	if err != nil {
		return err
	}
	clientCPU := cpuOf(selfPID()) - clientBefore
	sending := time.Since(begin)
	seen := 0
	for deadline := time.Now().Add(2 * time.Minute); seen < sent; {
		if time.Now().After(deadline) {
			return fmt.Errorf("the second function saw %d of %d documents", seen, sent)
		}
		time.Sleep(50 * time.Millisecond)
		if seen, err = countSeen(s.output); err != nil {
			return err
		}
	}
	took := time.Since(begin)
	now, peak := s.memory()
	each := func(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Microseconds())/float64(sent)) }
	cpu := fmt.Sprintf("%s / %s / %s", each(s.cpu()-serverBefore), each(cpuOf(s.worker())-workerBefore), each(clientCPU))
	table([]string{"whole pipeline", "events", "sending", "until the last was seen", "events/s", "CPU per event: server / worker / client", "memory now / peak"}, [][]string{{
		"send → Go function → document → change feed → Go function", fmt.Sprint(sent), sending.Round(time.Millisecond).String(),
		took.Round(time.Millisecond).String(), rate(int64(sent), took), cpu, fmt.Sprintf("%.0f / %.0f MiB", now, peak),
	}})
	return nil
}

// sendTelemetry sends batches of 100 readings from two producers for the time,
// at perSecond events per second in all (0: as fast as it goes).
func sendTelemetry(ctx context.Context, s *server, d time.Duration, perSecond int) (int, error) {
	const producers = 2
	deadline := time.Now().Add(d)
	var wg sync.WaitGroup
	counts, errs := make([]int, producers), make([]error, producers)
	for i := range producers {
		wg.Go(func() { counts[i], errs[i] = produce(ctx, s, i, deadline, perSecond/producers) })
	}
	wg.Wait()
	total := 0
	for i := range producers {
		if errs[i] != nil {
			return 0, errs[i]
		}
		total += counts[i]
	}
	return total, nil
}

func produce(ctx context.Context, s *server, producer int, deadline time.Time, perSecond int) (int, error) {
	client, err := azeventhubs.NewProducerClientFromConnectionString(s.connection.EventHubs, "telemetry_events", nil)
	if err != nil {
		return 0, err
	}
	defer client.Close(ctx)
	size := batchEvents
	if perSecond > 0 {
		size = 5 // small batches, as devices send
	}
	sent, begin := 0, time.Now()
	for time.Now().Before(deadline) {
		key := fmt.Sprintf("device-%03d", (sent/size*2+producer)%100)
		batch, err := client.NewEventDataBatch(ctx, &azeventhubs.EventDataBatchOptions{PartitionKey: &key})
		if err != nil {
			return 0, err
		}
		for i := range size {
			// The id carries the moment of sending, for the latency of the alarm.
			now := time.Now()
			body := fmt.Sprintf(`{"id":"%d-%d-%d","deviceId":"%d","eventType":"telemetry","timestamp":%q,"data":{"temperature":%.2f,"humidity":55.5,"pressure":1013.2},"location":{"region":"koreacentral","facility":"plant-1"}}`,
				now.UnixNano(), producer, sent+i, now.UnixNano(), now.UTC().Format(time.RFC3339Nano), temperature(perSecond))
			if err := batch.AddEventData(&azeventhubs.EventData{Body: []byte(body)}, nil); err != nil {
				return 0, err
			}
		}
		if err := client.SendEventDataBatch(ctx, batch, nil); err != nil {
			return 0, err
		}
		sent += size
		if perSecond > 0 {
			next := begin.Add(time.Duration(sent) * time.Second / time.Duration(perSecond))
			time.Sleep(time.Until(next))
		}
	}
	return sent, nil
}

// temperature gives every event of the latency workload a temperature that
// raises an alarm, and none of the throughput workload's.
func temperature(perSecond int) float64 {
	if perSecond > 0 {
		return 45
	}
	return 25
}

var triggered = regexp.MustCompile(`Cosmos DB Change Feed triggered with (\d+) document`)

// countSeen adds up what the second function says it was given.
func countSeen(output string) (int, error) {
	f, err := os.Open(output)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	total := 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if m := triggered.FindSubmatch(lines.Bytes()); m != nil {
			n, _ := strconv.Atoi(string(m[1]))
			total += n
		}
	}
	return total, lines.Err()
}

// latency sends 1,000 hot readings a second and takes, for each, the time from
// the moment its batch was filled until the log holds its alarm.
func latency(ctx context.Context, l *lab) error {
	s, err := l.start(ctx, true)
	if err != nil {
		return err
	}
	defer s.stop()
	const perSecond = 1000
	sent, err := sendTelemetry(ctx, s, l.seconds, perSecond)
	if err != nil {
		return err
	}
	time.Sleep(time.Second)
	var took []time.Duration
	f, err := os.Open(s.output)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if d, ok := alarmDelay(lines.Text()); ok {
			took = append(took, d)
		}
	}
	if len(took) < sent*9/10 {
		return fmt.Errorf("%w: %d alarms for %d readings", errShort, len(took), sent)
	}
	slices.Sort(took)
	table([]string{"send to alarm in the log, 1,000 events/s, batches of 5", "alarms", "p50", "p99", "worst"}, [][]string{{
		"through the official Go client", fmt.Sprint(len(took)), ms(percentile(took, 50)), ms(percentile(took, 99)), ms(percentile(took, 100)),
	}})
	return nil
}

var logTime = regexp.MustCompile(`^time=(\S+)`)

// alarmDelay reads an alarm's line: its own time less the moment of sending,
// which the device id carries.
func alarmDelay(line string) (time.Duration, bool) {
	if !strings.Contains(line, "High temperature alert") {
		return 0, false
	}
	_, rest, ok := strings.Cut(line, "on device ")
	if !ok {
		return 0, false
	}
	digits := rest[:strings.IndexFunc(rest+" ", func(r rune) bool { return r < '0' || r > '9' })]
	nanos, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	m := logTime.FindStringSubmatch(line)
	if m == nil {
		return 0, false
	}
	at, err := time.Parse(time.RFC3339Nano, m[1])
	return at.Sub(time.Unix(0, nanos)), err == nil
}

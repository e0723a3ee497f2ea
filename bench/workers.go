package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
)

// How often things are done of which the worker of an app is asked.
const (
	workerRequests = 3000
	workerStarts   = 5
	// appFolder is below one that Go's own tools pass over, for the app in Go is a
	// package of this module.
	appFolder      = "testdata/app"
	workerPatience = 2 * time.Minute // the first start installs packages
)

// workers measures the workers of each language: requests one after the other beside
// the same handler run bare, and the time until a first answer from nothing, after a
// crash and after a change of the code.
func workers(ctx context.Context, l *lab) error {
	var requests, starts [][]string
	alone, err := startsAlone(ctx, l)
	if err != nil {
		return err
	}
	for _, a := range workerApps() {
		req, start, err := a.measure(ctx, l, alone)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		requests, starts = append(requests, req...), append(starts, start)
	}
	table([]string{"HTTP, one after the other", "bare p50", "p99", "function p50", "p99", "more at p50", "requests/s, 16 at a time"}, requests)
	table([]string{"until the first answer", "of lazuli's start", "of it beyond lazuli without an app", "after a crash", "after a change of the code"}, starts)
	return nil
}

// measure runs one app.
func (a workerApp) measure(ctx context.Context, l *lab, alone time.Duration) (requests [][]string, start []string, err error) {
	dir, err := os.MkdirTemp(l.dir, "project-")
	if err != nil {
		return nil, nil, err
	}
	if err := a.write(dir, "one"); err != nil {
		return nil, nil, err
	}
	s, _, err := a.up(ctx, l, dir)
	if err != nil {
		return nil, nil, err
	}
	s.stop()
	var cold []time.Duration
	for range workerStarts {
		if s, _, err = a.up(ctx, l, dir); err != nil {
			return nil, nil, err
		}
		cold = append(cold, time.Since(s.started))
		s.stop()
	}
	s, url, err := a.up(ctx, l, dir)
	if err != nil {
		return nil, nil, err
	}
	defer s.stop()
	time.Sleep(2 * time.Second) // what is made ready for the next start is ready
	bare, err := a.bare(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	row, err := requestsRow(l, a.name, url, bare)
	if err != nil {
		return nil, nil, err
	}
	requests = append(requests, row)
	if a.also != "" {
		if row, err = requestsRow(l, a.name+", "+a.also, strings.Replace(url, "/who", "/"+a.also, 1), bare); err != nil {
			return nil, nil, err
		}
		requests = append(requests, row)
	}
	crash, err := afterCrash(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	change, err := a.afterChange(ctx, dir, url)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(cold)
	return requests, []string{a.name, ms(cold[len(cold)/2]), ms(cold[len(cold)/2] - alone), ms(crash), ms(change)}, nil
}

// requestsRow measures one function beside the bare handler.
func requestsRow(l *lab, name, url string, bare []time.Duration) ([]string, error) {
	function, err := latencies(url, workerRequests)
	if err != nil {
		return nil, err
	}
	many, err := requestsPerSecond(url, l.seconds)
	if err != nil {
		return nil, err
	}
	return []string{
		name, us(percentile(bare, 50)), us(percentile(bare, 99)), us(percentile(function, 50)), us(percentile(function, 99)),
		us(percentile(function, 50) - percentile(bare, 50)), many,
	}, nil
}

// startsAlone is how long lazuli takes to be ready without an app: the median.
func startsAlone(ctx context.Context, l *lab) (time.Duration, error) {
	var all []time.Duration
	for range workerStarts {
		s, err := l.start(ctx, false)
		if err != nil {
			return 0, err
		}
		all = append(all, s.ready)
		s.stop()
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// up starts lazuli with the app and waits for its first answer.
func (a workerApp) up(ctx context.Context, l *lab, dir string) (*server, string, error) {
	s, err := l.startIn(ctx, dir)
	if err != nil {
		return nil, "", err
	}
	url := "http://" + s.info.Addresses["functions/app"] + "/api/who"
	if _, err := awaitAnswer(ctx, url, func(string) bool { return true }); err != nil {
		s.stop()
		return nil, "", err
	}
	return s, url, nil
}

// ask is one request's body; "" while there is no good answer.
func ask(ctx context.Context, c *http.Client, url string) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return ""
	}
	resp, err := c.Do(r)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

// awaitAnswer asks until an answer is as it should be, and returns it.
func awaitAnswer(ctx context.Context, url string, good func(string) bool) (string, error) {
	c := client(1)
	defer c.CloseIdleConnections()
	for deadline := time.Now().Add(workerPatience); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if body := ask(ctx, c, url); body != "" && good(body) {
			return body, nil
		}
	}
	return "", fmt.Errorf("%s does not answer as it should", url)
}

// latencies are those of requests on one connection, sorted.
func latencies(address string, n int) ([]time.Duration, error) {
	var l lean
	defer l.close()
	r, err := plainGet(address)
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for i := range n + n/10 {
		begun := time.Now()
		if err := l.good(r); err != nil {
			return nil, fmt.Errorf("request %d to %s: %w", i, address, err)
		}
		if i >= n/10 { // the first ones warm it up
			all = append(all, time.Since(begun))
		}
	}
	slices.Sort(all)
	return all, nil
}

// requestsPerSecond asks from 16 connections for a while.
func requestsPerSecond(address string, d time.Duration) (string, error) {
	var l lean
	defer l.close()
	r, err := plainGet(address)
	if err != nil {
		return "", err
	}
	begun := time.Now()
	counts := make(chan int64)
	for range 16 {
		go func() {
			n := int64(0)
			for time.Since(begun) < d && l.good(r) == nil {
				n++
			}
			counts <- n
		}()
	}
	all := int64(0)
	for range 16 {
		all += <-counts
	}
	if all < 16 {
		return "", errShort
	}
	return rate(all, time.Since(begun)), nil
}

// plainGet is a request for an address.
func plainGet(address string) (*leanRequest, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return &leanRequest{host: u.Host, method: http.MethodGet, target: u.Path}, nil
}

// afterCrash kills the worker and returns how long it takes until another answers:
// after the first crash.
func afterCrash(ctx context.Context, url string) (time.Duration, error) {
	var all []time.Duration
	for range 3 {
		before, err := awaitAnswer(ctx, url, func(string) bool { return true })
		if err != nil {
			return 0, err
		}
		number, _, _ := strings.Cut(before, " ")
		pid, err := strconv.Atoi(number)
		if err != nil {
			return 0, fmt.Errorf("the function answers %q, which begins with no process id", before)
		}
		begun := time.Now()
		worker, err := os.FindProcess(pid)
		if err == nil {
			err = worker.Kill()
		}
		if err != nil {
			return 0, err
		}
		if _, err := awaitAnswer(ctx, url, func(body string) bool { return body != before }); err != nil {
			return 0, err
		}
		all = append(all, time.Since(begun))
		time.Sleep(2 * time.Second) // what is made ready for the next start is ready
	}
	slices.Sort(all)
	return all[0], nil // the first: those that follow one another wait before they start
}

// afterChange changes the code, and returns how long it takes until it answers; 0
// where there is none.
func (a workerApp) afterChange(ctx context.Context, dir, url string) (time.Duration, error) {
	if a.source == "" {
		return 0, nil
	}
	if err := os.WriteFile(filepath.Join(dir, appFolder, a.source), []byte(strings.ReplaceAll(a.files[a.source], "WORD", "two")), 0o600); err != nil {
		return 0, err
	}
	begun := time.Now()
	_, err := awaitAnswer(ctx, url, func(body string) bool { return strings.HasSuffix(body, "two") })
	return time.Since(begun), err
}

// write writes the project.
func (a workerApp) write(dir, word string) error {
	files := map[string]string{config.FileName: projectFile + "functions: {port: 0, apps: {app: {path: " + appFolder + "}}}\n"}
	for name, text := range a.files {
		files[filepath.Join(appFolder, name)] = strings.ReplaceAll(text, "WORD", word)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func us(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }

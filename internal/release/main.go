package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.version, "version", "dev", "the `version`, for instance v1.2.3 or v1.2.3-rc.1")
	flag.StringVar(&o.only, "only", "", "the `targets` to build for, for instance linux/arm64,host; all when empty")
	flag.StringVar(&o.out, "out", "dist", "the `folder` to write to; what is in it is deleted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

type options struct{ version, only, out string }

func (o options) run(ctx context.Context) error {
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	b := build{version: parseVersion(o.version)}
	if b.time, err = commitTime(ctx); err != nil {
		return err
	}
	if b.bundled, err = readBundled("."); err != nil {
		return err
	}
	if b.texts, err = readTexts(ctx, ".", b.bundled); err != nil {
		return err
	}
	if err := os.RemoveAll(o.out); err != nil {
		return err
	}
	var all []file
	for i, t := range chosen {
		fmt.Printf("%d/%d  %-14s  building (minutes when nothing is cached) ", i+1, len(chosen), t)
		began := time.Now()
		b.target = t
		if b.program, err = compile(ctx, ".", o.out, t, b.version); err != nil {
			fmt.Println()
			return err
		}
		packed, err := packages(b)
		if err != nil {
			return err
		}
		all = append(all, packed...)
		fmt.Printf("%.0f s, %.1f MiB\n", time.Since(began).Seconds(), float64(len(b.program))/(1<<20))
	}
	launcher, err := npmLauncher(b, targets)
	if err != nil {
		return err
	}
	return write(o.out, append(all, launcher))
}

// packages are all packages of one target.
func packages(b build) ([]file, error) {
	var all []file
	for _, pack := range []func(build) (file, error){archive, wheel, npmProgram, sbom} {
		f, err := pack(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.target, err)
		}
		all = append(all, f)
	}
	return all, nil
}

// write writes the packages, and their checksums as sha256sum -c reads them.
func write(folder string, all []file) error {
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.name, b.name) })
	var sums strings.Builder
	for _, f := range all {
		if err := os.WriteFile(filepath.Join(folder, f.name), f.body, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(f.body), f.name)
		fmt.Printf("%8.1f MiB  %s\n", float64(len(f.body))/(1<<20), filepath.Join(folder, f.name))
	}
	return os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// commitTime is when what is built was committed, or SOURCE_DATE_EPOCH.
func commitTime(ctx context.Context) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("when this was committed: %w (set SOURCE_DATE_EPOCH outside a clone)", err)
		}
		text = strings.TrimSpace(string(out))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

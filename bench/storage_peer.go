package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

const (
	azuriteVersion = "3.37.0"
	account        = config.EmulatorStorageAccount
	// storageVersion is one that both know.
	storageVersion = "2021-12-02"
)

// lazuliStorage starts lazuli.
func lazuliStorage(ctx context.Context, l *lab) (*storagePeer, error) {
	s, err := l.start(ctx, false)
	if err != nil {
		return nil, err
	}
	at := func(service string) string { return "http://" + s.info.Addresses[service] + "/" + account }
	return &storagePeer{
		name: "Lazuli", blob: at(instance.Blob), queue: at(instance.Queue), tab: at(instance.Table),
		ready: s.ready, pid: s.cmd.Process.Pid, stop: s.stop,
	}, nil
}

// azurite installs and starts Azurite, which keeps its data in files.
func azurite(ctx context.Context, l *lab) (*storagePeer, error) {
	home := filepath.Join("bench", "out", "azurite-"+azuriteVersion)
	program, err := filepath.Abs(filepath.Join(home, "node_modules", "azurite", "dist", "src", "azurite.js"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(program); err != nil {
		install := exec.CommandContext(ctx, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", home, "azurite@"+azuriteVersion)
		if text, err := install.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("install Azurite: %w\n%s", err, text)
		}
	}
	var ports [3]string
	for i := range ports {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		_, ports[i], _ = net.SplitHostPort(free.Addr().String())
		free.Close()
	}
	cmd := exec.Command("node", program, "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", filepath.Join(l.dir, "azurite"),
		"--blobPort", ports[0], "--queuePort", ports[1], "--tablePort", ports[2])
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	at := func(i int) string { return "http://127.0.0.1:" + ports[i] + "/" + account }
	p := &storagePeer{name: "Azurite", blob: at(0), queue: at(1), tab: at(2), pid: cmd.Process.Pid, stop: func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	}}
	for _, port := range ports {
		for {
			c, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				c.Close()
				break
			}
			if time.Since(begin) > 30*time.Second {
				p.stop()
				return nil, fmt.Errorf("Azurite does not listen: %w", err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	p.ready = time.Since(begin)
	return p, nil
}

// signStorage adds the headers of a request to blobs or queues, signed: Authorize with
// Shared Key. All of them are x-ms-.
func signStorage(r *leanRequest, headers []string) {
	length := ""
	if len(r.body) > 0 {
		length = strconv.Itoa(len(r.body))
	}
	own := []string{"x-ms-date:" + time.Now().UTC().Format(http.TimeFormat), "x-ms-version:" + storageVersion}
	for i := 0; i < len(headers); i += 2 {
		own = append(own, headers[i]+":"+headers[i+1])
	}
	slices.Sort(own)
	path, query, _ := strings.Cut(r.target, "?")
	target := "/" + account + path
	if query != "" {
		values, _ := url.ParseQuery(query) // written by this program
		for _, name := range slices.Sorted(maps.Keys(values)) {
			target += "\n" + name + ":" + strings.Join(values[name], ",")
		}
	}
	text := r.method + "\n\n\n" + length + "\n\n\n\n\n\n\n\n\n" + strings.Join(own, "\n") + "\n" + target
	r.head = append(r.head, strings.Join(own, "\r\n")+"\r\nAuthorization: SharedKey "+account+":"+signature(text)+"\r\n"...)
}

// signTable adds the headers of a request to tables, signed: Shared Key Lite.
func signTable(r *leanRequest) {
	date := time.Now().UTC().Format(http.TimeFormat)
	path, _, _ := strings.Cut(r.target, "?")
	r.head = append(r.head, "x-ms-date: "+date+"\r\nx-ms-version: 2019-02-02\r\nAccept: application/json;odata=nometadata\r\n"+
		"Content-Type: application/json\r\nDataServiceVersion: 3.0\r\nAuthorization: SharedKeyLite "+account+":"+
		signature(date+"\n/"+account+path)+"\r\n"...)
}

var storageKey, _ = base64.StdEncoding.DecodeString(config.EmulatorStorageKey)

func signature(text string) string {
	mac := hmac.New(sha256.New, storageKey)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func escape(s string) string { return url.QueryEscape(s) }

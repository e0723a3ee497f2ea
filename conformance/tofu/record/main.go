// Command record runs a program and writes down what it asks of HTTPS servers: a
// line of JSON per call, in the order in which they were answered.
//
//	lazuli exec -- record calls.jsonl tofu apply
//
// It stands between as a proxy that the program is told of, with an authority of
// its own that the program is made to trust. It goes where the program would have
// gone, and checks certificates as the program would have.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: record FILE PROGRAM [ARGUMENT ...]")
		os.Exit(2)
	}
	code, err := record(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// record runs a program and returns the status that it ended with.
func record(file string, program []string) (int, error) {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	ca, err := newAuthority()
	if err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "record-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	env, err := trusting(ca.pem, folder)
	if err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	p := &proxy{ca: ca, log: &log{out: out}, upstream: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}}
	server := &http.Server{Handler: p}
	go func() { _ = server.Serve(listener) }() // ends with the program
	defer server.Close()
	address := "http://" + listener.Addr().String()
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		env = append(env, name+"="+address)
	}
	env = append(env, "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost")
	return run(program, env)
}

func run(program, env []string) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}

// trusting writes the bundles of authorities that programs are told of, with one
// more, and returns the variables that name them.
func trusting(authority []byte, folder string) ([]string, error) {
	const machine = "/etc/ssl/certs/ca-certificates.crt"
	var env []string
	for _, name := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
		was := os.Getenv(name)
		if was == "" && name != "NODE_EXTRA_CA_CERTS" {
			was = machine
		}
		var text []byte
		if was != "" {
			var err error
			if text, err = os.ReadFile(was); err != nil {
				return nil, err
			}
		}
		path := filepath.Join(folder, strings.ToLower(name)+".pem")
		if err := os.WriteFile(path, append(append(text, '\n'), authority...), 0o644); err != nil {
			return nil, err
		}
		env = append(env, name+"="+path)
	}
	return env, nil
}

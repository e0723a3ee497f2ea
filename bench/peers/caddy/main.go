// Command caddy is Caddy's reverse proxy as the peer of go run ./bench gateway: one
// listener, one backend, one header that is set, and nothing else.
//
//	caddy -listen 127.0.0.1:8001 -to 127.0.0.1:9000
//
// It prints a line when it listens, and runs until it is interrupted.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
)

func main() {
	listen := flag.String("listen", "", "address of the proxy")
	to := flag.String("to", "", "address of the backend")
	flag.Parse()
	if err := run(*listen, *to); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type object = map[string]any

func run(listen, to string) error {
	route := object{"handle": []object{
		{"handler": "rewrite", "strip_path_prefix": "/api"},
		{"handler": "reverse_proxy", "upstreams": []object{{"dial": to}}, "headers": object{"request": object{"set": object{"x-functions-key": []string{"k"}}}}},
	}}
	config := object{
		"admin":   object{"disabled": true, "config": object{"persist": false}},
		"logging": object{"logs": object{"default": object{"level": "ERROR"}}},
		"apps": object{"http": object{"servers": object{"bench": object{
			"listen": []string{listen}, "automatic_https": object{"disable": true}, "routes": []object{route},
		}}}},
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if err := caddy.Load(text, true); err != nil {
		return err
	}
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/caddyserver/caddy/v2" {
				version = m.Version
			}
		}
	}
	fmt.Println(version)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	return caddy.Stop()
}

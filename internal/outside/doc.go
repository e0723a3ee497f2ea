// Package outside makes programs outside of lazuli take this machine for Azure.
//
// The one idea: nothing of the program changes. It asks for
// NAME.servicebus.windows.net:5671 as it would in Azure, and everything on the
// way to there is ours:
//
//	program ── name ──▶ hosts file with a block of ours     (hosts.go)
//	        ── TLS ───▶ authorities of the machine and ours (folder.go, truststore.go, python/)
//	        ── port ──▶ 443, 5671 of an address of ours     (relay*.go, connects*.go)
//	        ── token ─▶ variables of managed identity       (environ.go)
//
// The files are put over the machine's in a mount namespace that only the
// program and what it starts can see. What leads the ports here is, by what the
// machine allows:
//
//	as it is    lazuli itself listens on the standard ports
//	bound       we may listen on them ourselves, and relay
//	redirected  the kernel asks us before each connect of the program, and we
//	            connect its socket to the real port (seccomp user notification)
//	private     a network namespace that has nothing but a loopback, on which
//	            we relay every port of lazuli's
//
// Linux needs no root for it where user namespaces are allowed. Elsewhere the
// program gets the variables alone, and the room says what remains to be done.
//
// It knows nothing of instances, accounts and services: names, ports and
// variables are given.
package outside

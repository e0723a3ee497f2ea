package kql

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// networkFunctions work on IPv4 addresses, with or without /prefix.
var networkFunctions = []fn{
	{name: "parse_ipv4", args: "s", out: Long, row: func(a []Value) Value {
		if n, bits, ok := ipv4(a[0].text); ok {
			return IntValue(Long, int64(masked(n, bits)))
		}
		return Null(Long)
	}},
	{name: "parse_ipv4_mask", args: "sl", out: Long, row: func(a []Value) Value {
		if n, bits, ok := ipv4(a[0].text); ok && a[1].Int() >= 0 && a[1].Int() <= 32 {
			return IntValue(Long, int64(masked(n, min(bits, int(a[1].Int())))))
		}
		return Null(Long)
	}},
	{name: "format_ipv4", args: "*?l", out: String, row: func(a []Value) Value {
		n, bits, ok := ipv4(a[0].String())
		if a[0].kind == Long || a[0].kind == Int {
			n, bits, ok = uint32(a[0].Int()), 32, a[0].Int() >= 0 && a[0].Int() <= 1<<32-1
		}
		if len(a) > 1 {
			ok = ok && a[1].Int() >= 0 && a[1].Int() <= 32
			bits = min(bits, int(a[1].Int()))
		}
		if !ok {
			return Null(String)
		}
		return text(ipv4Text(masked(n, bits)))
	}},
	{name: "ipv4_compare", args: "ss?l", out: Long, row: func(a []Value) Value {
		x, y, ok := ipv4Pair(a)
		switch {
		case !ok:
			return Null(Long)
		case x < y:
			return IntValue(Long, -1)
		case x > y:
			return IntValue(Long, 1)
		}
		return IntValue(Long, 0)
	}},
	{name: "ipv4_is_match", args: "ss?l", out: Bool, row: func(a []Value) Value {
		x, y, ok := ipv4Pair(a)
		if !ok {
			return Null(Bool)
		}
		return BoolValue(x == y)
	}},
	{name: "ipv4_is_in_range", args: "ss", out: Bool, row: func(a []Value) Value {
		x, _, ok := ipv4(a[0].text)
		y, bits, ok2 := ipv4(a[1].text)
		if !ok || !ok2 {
			return Null(Bool)
		}
		return BoolValue(masked(x, bits) == masked(y, bits))
	}},
	{name: "ipv4_is_in_any_range", args: "s*+", out: Bool, row: func(a []Value) Value {
		x, _, ok := ipv4(a[0].text)
		if !ok {
			return Null(Bool)
		}
		for _, r := range a[1:] {
			l, isList := r.dyn.([]any)
			if !isList {
				l = []any{r.String()}
			}
			for _, one := range l {
				if y, bits, ok := ipv4(dynamicText(one)); ok && masked(x, bits) == masked(y, bits) {
					return BoolValue(true)
				}
			}
		}
		return BoolValue(false)
	}},
	{name: "ipv4_is_private", args: "s", out: Bool, row: func(a []Value) Value {
		x, _, ok := ipv4(a[0].text)
		if !ok {
			return Null(Bool)
		}
		return BoolValue(masked(x, 8) == 10<<24 || masked(x, 12) == 172<<24|16<<16 || masked(x, 16) == 192<<24|168<<16)
	}},
	{name: "ipv4_netmask_suffix", args: "s", out: Long, row: func(a []Value) Value {
		if _, bits, ok := ipv4(a[0].text); ok {
			return IntValue(Long, int64(bits))
		}
		return Null(Long)
	}},
}

func ipv4(s string) (uint32, int, bool) {
	addr, prefix, slash := strings.Cut(strings.TrimSpace(s), "/")
	bits := 32
	if slash {
		n, err := strconv.Atoi(prefix)
		if err != nil || n < 0 || n > 32 {
			return 0, 0, false
		}
		bits = n
	}
	a, err := netip.ParseAddr(addr)
	if err != nil || !a.Is4() {
		return 0, 0, false
	}
	b := a.As4()
	return binary.BigEndian.Uint32(b[:]), bits, true
}

func masked(n uint32, bits int) uint32 {
	if bits == 0 {
		return 0
	}
	return n &^ (1<<(32-bits) - 1)
}

func ipv4Text(n uint32) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b).String()
}

// ipv4Pair masks two addresses by the shortest of their prefixes.
func ipv4Pair(a []Value) (x, y uint32, ok bool) {
	x, p, ok1 := ipv4(a[0].text)
	y, q, ok2 := ipv4(a[1].text)
	bits := min(p, q)
	if len(a) > 2 {
		if a[2].Int() < 0 || a[2].Int() > 32 {
			return 0, 0, false
		}
		bits = min(bits, int(a[2].Int()))
	}
	return masked(x, bits), masked(y, bits), ok1 && ok2
}

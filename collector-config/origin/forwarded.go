package origin

import (
	"net/netip"
	"strings"
)

const (
	// More hops than any chain of proxies has, and so many only where somebody invents them.
	maxHops = 32
	// Longer than any element that a proxy writes.
	maxElement = 1024
)

// behindProxies walks a forwarding header from its end, which our own proxy wrote, back over trusted proxies to the first
// hop that is not one of them. What stands before that was written by strangers and is not read. The zero address where an
// element on the way names no address.
func (c callers) behindProxies(lines []string) netip.Addr {
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var element string
			var ok bool
			if rest, element, more, ok = cutLast(rest, ','); !ok {
				return netip.Addr{}
			}
			if hops++; hops > maxHops {
				return netip.Addr{}
			}
			element = strings.Trim(element, " \t")
			if element == "" {
				continue
			}
			address, ok := c.hop(element)
			if !ok || !c.isTrusted(address) {
				return address
			}
		}
	}
	return netip.Addr{}
}

// cutLast takes the last element off a list. Separators in quoted strings do not count. Quotes are matched from the end: so an
// odd one that a stranger put at the beginning changes nothing. Not ok: the element is too long.
func cutLast(list string, separator byte) (rest, last string, more, ok bool) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		if len(list)-i > maxElement {
			return "", "", false, false
		}
		switch {
		case list[i] == '"':
			if !isEscaped(list, i) {
				quoted = !quoted
			}
		case list[i] == separator && !quoted:
			return list[:i], list[i+1:], true, true
		}
	}
	return "", list, false, true
}

// isEscaped returns true if an odd number of backslashes stands before a position.
func isEscaped(text string, at int) bool {
	return (at-len(strings.TrimRight(text[:at], `\`)))%2 == 1
}

// forwardedHop reads the address of `for=192.0.2.43;proto=https` (RFC 7239, section 4).
func forwardedHop(element string) (netip.Addr, bool) {
	var node string
	found := false
	for rest, more := element, true; more; {
		var pair string
		rest, pair, more, _ = cutLast(rest, ';')
		name, value, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(strings.Trim(name, " \t"), "for") {
			continue
		}
		if found {
			return netip.Addr{}, false
		}
		node, found = strings.Trim(value, " \t"), true
	}
	if len(node) >= 2 && node[0] == '"' && node[len(node)-1] == '"' {
		node = node[1 : len(node)-1]
	}
	return parseNode(node)
}

// parseNode reads an address with or without port: 192.0.2.43, 192.0.2.43:47011, 2001:db8::1, [2001:db8::1],
// [2001:db8::1]:47011. A hidden or unknown one (`_secret`, `unknown`) is not an address.
func parseNode(node string) (netip.Addr, bool) {
	host := node
	if inner, bracketed := strings.CutPrefix(node, "["); bracketed {
		end, after, closed := strings.Cut(inner, "]")
		if !closed || !strings.Contains(end, ":") || after != "" && after[0] != ':' {
			return netip.Addr{}, false
		}
		host = end
	} else if strings.Count(node, ":") == 1 {
		host, _, _ = strings.Cut(node, ":")
	}
	address, err := netip.ParseAddr(host)
	if err != nil || address.IsUnspecified() {
		return netip.Addr{}, false
	}
	return plain(address), true
}

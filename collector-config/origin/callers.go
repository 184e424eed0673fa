package origin

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/client"
)

// callers finds out who sent a request.
type callers struct {
	trusted []netip.Prefix
	header  string
	// hop reads the address out of one element of the header.
	hop func(element string) (netip.Addr, bool)
}

func newCallers(trusted []netip.Prefix, header string) callers {
	header = strings.ToLower(header)
	if header == forwarded {
		return callers{trusted, header, forwardedHop}
	}
	return callers{trusted, header, parseNode}
}

// addressOf returns the caller's address, or the zero address if it is unknown. It never returns the address of a trusted
// proxy.
func (c callers) addressOf(info client.Info) netip.Addr {
	peer := peerAddress(info.Addr)
	if !c.isTrusted(peer) {
		return peer
	}
	return c.behindProxies(info.Metadata.Get(c.header))
}

func (c callers) isTrusted(address netip.Addr) bool {
	return slices.ContainsFunc(c.trusted, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// peerAddress returns the address at the other end of the connection.
func peerAddress(address net.Addr) netip.Addr {
	var ip net.IP
	switch at := address.(type) {
	case *net.IPAddr:
		ip = at.IP
	case *net.TCPAddr:
		ip = at.IP
	case *net.UDPAddr:
		ip = at.IP
	}
	found, _ := netip.AddrFromSlice(ip)
	return plain(found)
}

// plain returns the canonical form of an address: without zone, and IPv4 as IPv4.
func plain(address netip.Addr) netip.Addr {
	return address.WithZone("").Unmap()
}

package origin

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/client"
)

const proxies = "10.0.0.0/8, 127.0.0.1, fd00::/8, ::ffff:172.16.0.0/108"

func callersWith(t testing.TB, header string) callers {
	t.Helper()
	trusted, err := parsePrefixes(strings.Split(proxies, ","))
	if err != nil {
		t.Fatal(err)
	}
	return newCallers(trusted, header)
}

func request(peer, header string, lines ...string) client.Info {
	info := client.Info{Addr: &net.IPAddr{IP: net.ParseIP(peer)}}
	if len(lines) > 0 {
		// As Go's HTTP server spells it.
		info.Metadata = client.NewMetadata(map[string][]string{header: lines})
	}
	return info
}

// unknownAddress is the address of a caller that cannot be known.
const unknownAddress = "invalid IP"

func TestTheCallerIsThePeerUnlessThatIsATrustedProxy(t *testing.T) {
	const spoofed = "203.0.113.9"
	for _, test := range []struct {
		info client.Info
		want string
	}{
		{request("192.0.2.1", "X-Forwarded-For"), "192.0.2.1"},
		{request("192.0.2.1", "X-Forwarded-For", spoofed), "192.0.2.1"},
		{request("127.0.0.2", "X-Forwarded-For", spoofed), "127.0.0.2"},
		{request("2001:db8::1", "X-Forwarded-For", spoofed), "2001:db8::1"},
		{request("10.1.2.3", "X-Forwarded-For", "192.0.2.1"), "192.0.2.1"},
		{request("::ffff:10.1.2.3", "X-Forwarded-For", "192.0.2.1"), "192.0.2.1"},
		{request("172.17.0.1", "X-Forwarded-For", "192.0.2.1"), "192.0.2.1"},
		{request("fd00::1", "X-Forwarded-For", "192.0.2.1"), "192.0.2.1"},
		// The other header is not the one that our proxy sets.
		{request("10.1.2.3", "Forwarded", "for=203.0.113.9"), unknownAddress},
		{request("10.1.2.3", "X-Forwarded-For"), unknownAddress},
		{client.Info{}, unknownAddress},
		{client.Info{Addr: &net.UnixAddr{Name: "@", Net: "unix"}}, unknownAddress},
		{client.Info{Addr: (*net.IPAddr)(&net.IPAddr{})}, unknownAddress},
		{client.Info{Addr: &net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 5}}, "192.0.2.1"},
		{client.Info{Addr: &net.UDPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}}, "fe80::1"},
		{client.Info{Addr: &net.IPAddr{IP: net.IP{1, 2, 3}}}, unknownAddress},
	} {
		if got := callersWith(t, "X-Forwarded-For").addressOf(test.info); got.String() != test.want {
			t.Errorf("%v %v: %s, not %s", test.info.Addr, test.info.Metadata.Get("x-forwarded-for"), got, test.want)
		}
	}
}

func TestWithoutTrustedProxiesNoHeaderCounts(t *testing.T) {
	for _, header := range []string{"X-Forwarded-For", "Forwarded"} {
		got := newCallers(nil, header).addressOf(request("10.0.0.1", header, "for=192.0.2.1"))
		if got.String() != "10.0.0.1" {
			t.Errorf("%s: %s", header, got)
		}
	}
}

func TestXForwardedFor(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, test := range []struct {
		want  string
		lines []string
	}{
		{"192.0.2.1", []string{"192.0.2.1"}},
		{"192.0.2.1", []string{"  192.0.2.1\t"}},
		{"192.0.2.1", []string{"192.0.2.1:47011"}},
		{"2001:db8::1", []string{"2001:db8::1"}},
		{"2001:db8::1", []string{"[2001:db8::1]"}},
		{"2001:db8::1", []string{"[2001:db8::1]:47011"}},
		{"2001:db8::1", []string{"2001:DB8:0::1%eth0"}},
		{"192.0.2.1", []string{"::ffff:192.0.2.1"}},
		{"192.0.2.1", []string{"::ffff:c000:201"}},
		{"192.0.2.1", []string{"[::ffff:192.0.2.1%3]:80"}},
		// What the caller wrote before our proxy is not read.
		{"192.0.2.1", []string{"203.0.113.9, 192.0.2.1"}},
		{"192.0.2.1", []string{"203.0.113.9", "192.0.2.1"}},
		{"192.0.2.1", []string{"garbage, \"10.0.0.1, 192.0.2.1"}},
		{"192.0.2.1", []string{long + "," + long, long + ", 192.0.2.1"}},
		// Through several of our proxies.
		{"192.0.2.1", []string{"203.0.113.9, 192.0.2.1, 10.0.0.5, fd00::7"}},
		{"192.0.2.1", []string{"192.0.2.1, 10.0.0.5", "::ffff:10.0.0.6, 127.0.0.1:90"}},
		{"192.0.2.1", []string{"192.0.2.1, , 10.0.0.5,"}},
		// Nobody who could be the caller.
		{unknownAddress, []string{""}},
		{unknownAddress, []string{", ,"}},
		{unknownAddress, []string{"10.0.0.5, 10.0.0.6"}},
		{unknownAddress, []string{strings.Repeat("10.0.0.5,", 100_000) + "10.0.0.5"}},
		{unknownAddress, []string{"192.0.2.1" + strings.Repeat(",10.0.0.5", 32)}},
		// An element that is not an address ends the walk: no trusted proxy has seen what is before it.
		{unknownAddress, []string{"192.0.2.1, unknown"}},
		{unknownAddress, []string{"192.0.2.1, unknown, 10.0.0.5"}},
		{unknownAddress, []string{"192.0.2.1, " + long}},
		{unknownAddress, []string{"192.0.2.1, 0.0.0.0"}},
		{unknownAddress, []string{"192.0.2.1, ::"}},
		{unknownAddress, []string{"192.0.2.256"}},
		{unknownAddress, []string{"192.0.2"}},
		{unknownAddress, []string{"192.0.2.01"}},
		{unknownAddress, []string{"3221225985"}},
		{unknownAddress, []string{"[192.0.2.1]"}},
		{unknownAddress, []string{"[2001:db8::1"}},
		{unknownAddress, []string{"[2001:db8::1]x"}},
		{unknownAddress, []string{"[]:80"}},
		{unknownAddress, []string{":80"}},
		{unknownAddress, []string{"localhost"}},
		{unknownAddress, []string{"for=192.0.2.1"}},
		{unknownAddress, []string{"\"192.0.2.1\""}},
		{unknownAddress, []string{"192.0.2.1\x00"}},
		{unknownAddress, []string{"\xff\xfe"}},
	} {
		got := callersWith(t, "x-forwarded-for").addressOf(request("10.0.0.1", "X-Forwarded-For", test.lines...))
		if got.String() != test.want {
			t.Errorf("%.80q: %s, not %s", test.lines, got, test.want)
		}
	}
}

func TestForwarded(t *testing.T) {
	for _, test := range []struct {
		want  string
		lines []string
	}{
		{"192.0.2.1", []string{`for=192.0.2.1`}},
		{"192.0.2.1", []string{`FOR="192.0.2.1:47011";proto=https`}},
		{"192.0.2.1", []string{`proto=https ; for = 192.0.2.1 ; by=10.0.0.1`}},
		{"2001:db8::1", []string{`for="[2001:db8::1]"`}},
		{"2001:db8::1", []string{`for="[2001:db8::1]:_port"`}},
		{"192.0.2.1", []string{`for=203.0.113.9, for=192.0.2.1;host="a,b;for=203.0.113.8", for=10.0.0.7`}},
		{"192.0.2.1", []string{`for=203.0.113.9`, `for=192.0.2.1`}},
		{"192.0.2.1", []string{`for="203.0.113.9, for=192.0.2.1`}},
		{"192.0.2.1", []string{`host="a\"b,c", for=192.0.2.1;host="x\"\\"`}},
		{unknownAddress, []string{`for=unknown`}},
		{unknownAddress, []string{`for="_hidden"`}},
		{unknownAddress, []string{`for="192.0.2.1`}},
		{unknownAddress, []string{`for=192.0.2.1;for=203.0.113.9`}},
		{unknownAddress, []string{`for="192.0.2.\1"`}},
		{unknownAddress, []string{`by=192.0.2.1`}},
		{unknownAddress, []string{`192.0.2.1`}},
		{unknownAddress, []string{`for`}},
		{unknownAddress, []string{`for=`}},
		{unknownAddress, []string{`for=";"`}},
		{unknownAddress, []string{`for="`}},
		{unknownAddress, []string{`for=192.0.2.1, for=_gazonk, for=10.0.0.7`}},
	} {
		got := callersWith(t, "Forwarded").addressOf(request("10.0.0.1", "Forwarded", test.lines...))
		if got.String() != test.want {
			t.Errorf("%.80q: %s, not %s", test.lines, got, test.want)
		}
	}
}

// A header is written by strangers but for its end.
func FuzzForwardedFor(f *testing.F) {
	fuzzHeader(f, "x-forwarded-for", func(address netip.Addr) string { return address.String() })
}

func FuzzForwarded(f *testing.F) {
	fuzzHeader(f, "forwarded", func(address netip.Addr) string {
		if address.Is6() {
			return fmt.Sprintf(`for="[%s]";proto=https`, address)
		}
		return fmt.Sprintf("for=%s;proto=https", address)
	})
}

func fuzzHeader(f *testing.F, header string, write func(netip.Addr) string) {
	for _, seed := range []string{
		"", ",", "192.0.2.1", `for=192.0.2.1`, `for="[2001:db8::1]:80";by=_x, for="a,b\"`, "[::1]:80, ::ffff:1.2.3.4%eth0",
		"unknown, 10.0.0.1", `"`, `\`, ";;==", strings.Repeat("10.0.0.1,", 50), strings.Repeat("a", 2000), "\x00\xff",
	} {
		f.Add(seed, []byte{192, 0, 2, 1})
		f.Add(seed, netip.MustParseAddr("2001:db8::7").AsSlice())
	}
	who := callersWith(f, header)
	f.Fuzz(func(t *testing.T, written string, ip []byte) {
		// Whatever it is, it is read, and never a trusted proxy's address comes out.
		alone := who.addressOf(request("10.0.0.1", header, written))
		if alone.IsValid() && (who.isTrusted(alone) || alone.Zone() != "" || alone.Is4In6()) {
			t.Errorf("%q: %s", written, alone)
		}
		// Nothing that stands before the element of our proxy changes who called.
		caller, ok := netip.AddrFromSlice(ip)
		if !ok || plain(caller).IsUnspecified() || who.isTrusted(plain(caller)) {
			return
		}
		want := plain(caller)
		for _, lines := range [][]string{{written + ", " + write(want)}, {written, write(want)}} {
			if got := who.addressOf(request("10.0.0.1", header, lines...)); got != want {
				t.Errorf("%q: %s, not %s", lines, got, want)
			}
		}
	})
}

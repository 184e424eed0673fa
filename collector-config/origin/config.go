package origin

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// The forwarding headers that are understood.
const (
	xForwardedFor = "x-forwarded-for"
	forwarded     = "forwarded" // RFC 7239
)

// Config is what stands under `origin:`.
type Config struct {
	// TrustedProxies are addresses and networks (CIDR) of our own proxies. A forwarding header is read only from these.
	// Default: none.
	TrustedProxies []string `mapstructure:"trusted_proxies"`

	// ForwardedHeader is the one header that these proxies set: `x-forwarded-for` (default) or `forwarded`. One, because
	// what a proxy does not set, its callers can. It needs `include_metadata: true` at the receiver.
	ForwardedHeader string `mapstructure:"forwarded_header"`

	// Databases are the files in which addresses are looked up.
	Databases Databases `mapstructure:"databases"`

	// ErasuresPerHour is the largest number of requests for erasure from one origin in an hour. Default: 120, which is two installations
	// with all the ids that each may have had in a year of changing ones. At least 16, as one request may have.
	ErasuresPerHour uint32 `mapstructure:"erasures_per_hour"`

	// ReloadInterval is the time between two checks of the files for a change. Default: 1m. At least 1s.
	ReloadInterval time.Duration `mapstructure:"reload_interval"`
}

// Databases are paths of files in MaxMind's format. Each may be empty: then its attributes are absent.
// One file may serve for several.
type Databases struct {
	// Country has `country.iso_code`, as those of MaxMind, or `country_code`.
	Country string `mapstructure:"country"`
	// Region has `country.iso_code` and `subdivisions`, as MaxMind's City.
	Region string `mapstructure:"region"`
	// Network has `autonomous_system_number` and `autonomous_system_organization`, as MaxMind's ASN.
	Network string `mapstructure:"network"`
}

// Validate reports every mistake, with its place and its repair.
func (c *Config) Validate() error {
	_, err := parsePrefixes(c.TrustedProxies)
	if header := strings.ToLower(c.ForwardedHeader); header != xForwardedFor && header != forwarded {
		err = errors.Join(err, fmt.Errorf(
			"forwarded_header is '%s', which is not understood; use x-forwarded-for or forwarded, whichever your proxy sets",
			c.ForwardedHeader))
	}
	if c.ReloadInterval < time.Second {
		err = errors.Join(err, fmt.Errorf(
			"reload_interval is %s, which would look at the files all the time; use 1s or more", c.ReloadInterval))
	}
	if c.ErasuresPerHour < maxResources {
		err = errors.Join(err, fmt.Errorf(
			"erasures_per_hour is %d, and one request may hold %d; use %d or more", c.ErasuresPerHour, maxResources, maxResources))
	}
	return err
}

// parsePrefixes reads addresses and networks. An IPv4 network in its IPv6 form is that IPv4 network.
func parsePrefixes(texts []string) ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, 0, len(texts))
	var mistakes []error
	for _, text := range texts {
		prefix, err := parsePrefix(strings.TrimSpace(text))
		switch {
		case err != nil:
			mistakes = append(mistakes, fmt.Errorf(
				"trusted_proxies has '%s', which is neither an address nor a network; write it as 10.0.0.1, 10.0.0.0/8 or fd00::/8", text))
		case prefix.Bits() == 0:
			mistakes = append(mistakes, fmt.Errorf(
				"trusted_proxies has '%s', which trusts everybody, so that nobody is left who could be the caller; name the networks of your proxies", text))
		default:
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes, errors.Join(mistakes...)
}

func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = plain(address)
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

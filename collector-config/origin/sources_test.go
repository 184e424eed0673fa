package origin

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func TestWhatADatabaseSaysBecomesAttributes(t *testing.T) {
	text := func(s string) mmdbtype.String { return mmdbtype.String(s) }
	for name, test := range map[string]struct {
		record mmdbtype.DataType
		want   map[string]any
	}{
		"MaxMind's form": {place("DE", "BY", 64496, "Example Net"), map[string]any{
			"geo.country.iso_code": "DE", "geo.region.iso_code": "DE-BY",
			"usage.origin.asn": int64(64496), "usage.origin.network": "Example Net",
		}},
		"the flat form": {mmdbtype.Map{"country_code": text("FR")}, map[string]any{"geo.country.iso_code": "FR"}},
		"both forms": {
			mmdbtype.Map{"country_code": text("FR"), "country": mmdbtype.Map{"iso_code": text("DE")}},
			map[string]any{"geo.country.iso_code": "DE"},
		},
		"the name where the code should be": {
			mmdbtype.Map{"country": text("France"), "country_code": text("FR")},
			map[string]any{"geo.country.iso_code": "FR"},
		},
		"no country code":      {mmdbtype.Map{"country_code": text("Germany")}, map[string]any{}},
		"a small country code": {mmdbtype.Map{"country_code": text("de")}, map[string]any{}},
		"a number as country":  {mmdbtype.Map{"country_code": mmdbtype.Uint32(49)}, map[string]any{}},
		"no subdivision": {
			mmdbtype.Map{"country": mmdbtype.Map{"iso_code": text("VA")}, "subdivisions": mmdbtype.Slice{}},
			map[string]any{"geo.country.iso_code": "VA"},
		},
		"a network without a name": {
			mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500)},
			map[string]any{"usage.origin.asn": int64(64500)},
		},
		"a network without a number": {
			mmdbtype.Map{"autonomous_system_organization": text("Example Net")}, map[string]any{},
		},
		"a name of several lines and much too long": {
			mmdbtype.Map{
				"autonomous_system_number":       mmdbtype.Uint32(64500),
				"autonomous_system_organization": text("Exämple\r\n\x00Net \xff" + strings.Repeat("ä", 200)),
			},
			map[string]any{
				"usage.origin.asn":     int64(64500),
				"usage.origin.network": "ExämpleNet " + strings.Repeat("ä", 58),
			},
		},
		"text instead of a record": {text("DE"), map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "test.mmdb")
			writeDatabase(t, file, records{"192.0.2.0/24": test.record})
			got := lookUpAll(t, file, netip.MustParseAddr("192.0.2.77")).AsRaw()
			if !maps.Equal(got, test.want) {
				t.Errorf("%v, not %v", got, test.want)
			}
			if elsewhere := lookUpAll(t, file, netip.MustParseAddr("198.51.100.1")); elsewhere.Len() > 0 {
				t.Errorf("an address that is not in it has %v", elsewhere.AsRaw())
			}
		})
	}
}

func TestAnIPv4DatabaseKnowsNothingOfIPv6(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(file, databaseBytes(t, 4, everything("192.0.2.0/24")), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := lookUpAll(t, file, netip.MustParseAddr("192.0.2.1")).Len(); got != 4 {
		t.Errorf("%d attributes for IPv4", got)
	}
	if got := lookUpAll(t, file, netip.MustParseAddr("2001:db8::1")).Len(); got != 0 {
		t.Errorf("%d attributes for IPv6", got)
	}
}

func TestIPv6AddressesAreLookedUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.mmdb")
	writeDatabase(t, file, everything("2001:db8::/32"))
	if got := lookUpAll(t, file, netip.MustParseAddr("2001:db8::1")).Len(); got != 4 {
		t.Errorf("%d attributes", got)
	}
}

// The database of the tests around this module. `UPDATE=1 go test -run Fixture` writes it.
func TestFixtureIsWhatThisWrites(t *testing.T) {
	const file = "testdata/loopback.mmdb"
	content := databaseBytes(t, 6, records{
		"127.1.0.0/16": place("DE", "BY", 64496, "Example Net"),
		"127.2.0.0/16": place("FR", "IDF", 64497, "Réseau d'exemple"),
		"127.3.0.0/16": mmdbtype.Map{"country_code": mmdbtype.String("BR")},
	})
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if string(readFile(t, file)) != string(content) {
		t.Errorf("%s differs; write it with UPDATE=1 go test -run Fixture", file)
	}
}

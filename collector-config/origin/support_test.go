package origin

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// records of a database by network.
type records map[string]mmdbtype.DataType

func databaseBytes(t testing.TB, ipVersion int, networks records) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		BuildEpoch:              1_700_000_000,
		DatabaseType:            "Test",
		IPVersion:               ipVersion,
		IncludeReservedNetworks: true,
		RecordSize:              24,
	})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range networks {
		_, parsed, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(parsed, record); err != nil {
			t.Fatal(err)
		}
	}
	var written bytes.Buffer
	if _, err := tree.WriteTo(&written); err != nil {
		t.Fatal(err)
	}
	return written.Bytes()
}

func writeDatabase(t testing.TB, file string, networks records) {
	t.Helper()
	if err := os.WriteFile(file, databaseBytes(t, 6, networks), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCountry writes a database that has all of IPv4 in one country, in the flat form.
func writeCountry(t testing.TB, file, country string) {
	t.Helper()
	writeDatabase(t, file, records{"0.0.0.0/0": mmdbtype.Map{"country_code": mmdbtype.String(country)}})
}

func readFile(t testing.TB, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// everything is a database that knows all there is to know of some networks, in MaxMind's form.
func everything(networks ...string) records {
	all := records{}
	for _, network := range networks {
		all[network] = place("DE", "BY", 64496, "Example Net")
	}
	return all
}

func place(country, region string, asn uint32, network string) mmdbtype.Map {
	return mmdbtype.Map{
		"country":                        mmdbtype.Map{"iso_code": mmdbtype.String(country)},
		"subdivisions":                   mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String(region)}},
		"autonomous_system_number":       mmdbtype.Uint32(asn),
		"autonomous_system_organization": mmdbtype.String(network),
	}
}

// lookUpAll asks one file for everything.
func lookUpAll(t testing.TB, file string, address netip.Addr) pcommon.Map {
	t.Helper()
	sources, err := newSources(componenttest.NewNopTelemetrySettings(), Databases{Country: file, Region: file, Network: file})
	if err != nil {
		t.Fatal(err)
	}
	found := pcommon.NewMap()
	for _, source := range sources {
		source.refresh()
		source.derive(t.Context(), address, found)
	}
	return found
}

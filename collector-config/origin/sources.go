package origin

import (
	"context"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oschwald/maxminddb-golang/v2"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// source derives attributes from what one database says about an address.
type source struct {
	*database
	// read returns the attributes in a record, and false if it has none of them.
	read func(record maxminddb.Result, into pcommon.Map) bool

	lookups metric.Int64Counter
	options map[outcome]metric.AddOption
}

// outcome of a lookup, as the metric has it.
type outcome string

const (
	hit  outcome = "hit"
	miss outcome = "miss"
	// The caller's address could not be known, as with a proxy that does not set the header.
	noAddress  outcome = "no_address"
	noDatabase outcome = "no_database"
)

// newSources makes a source for each database that is configured.
func newSources(settings component.TelemetrySettings, files Databases) ([]*source, error) {
	lookups, err := settings.MeterProvider.Meter("otel-usage.example/origin").Int64Counter(
		"otelcol_processor_origin_lookups",
		metric.WithDescription("Requests by what the database said about the address of the caller."),
		metric.WithUnit("{request}"),
	)
	if err != nil {
		return nil, err
	}
	var sources []*source
	databases := map[string]*database{} // by file: one that serves for several is read once
	add := func(name, file string, read func(maxminddb.Result, pcommon.Map) bool) {
		if file == "" {
			return
		}
		options := map[outcome]metric.AddOption{}
		for _, each := range []outcome{hit, miss, noAddress, noDatabase} {
			options[each] = metric.WithAttributeSet(attribute.NewSet(
				attribute.String("database", name), attribute.String("outcome", string(each))))
		}
		if databases[file] == nil {
			databases[file] = &database{file: file, logger: settings.Logger.With(zap.String("file", file))}
		}
		sources = append(sources, &source{databases[file], read, lookups, options})
	}
	add("country", files.Country, readCountry)
	add("region", files.Region, readRegion)
	add("network", files.Network, readNetwork)
	return sources, nil
}

func (s *source) derive(ctx context.Context, address netip.Addr, into pcommon.Map) {
	s.lookups.Add(ctx, 1, s.options[s.lookUp(address, into)])
}

// lookUp logs nothing: an error about an address can contain the address.
func (s *source) lookUp(address netip.Addr, into pcommon.Map) outcome {
	reader := s.reader.Load()
	switch {
	case reader == nil:
		return noDatabase
	case !address.IsValid():
		return noAddress
	case s.read(reader.Lookup(address), into):
		return hit
	default:
		return miss
	}
}

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	regionCode  = regexp.MustCompile(`^[A-Z]{2}-[0-9A-Z]{1,3}$`)
)

func readCountry(record maxminddb.Result, into pcommon.Map) bool {
	code := text(record, "country", "iso_code")
	if code == "" {
		code = text(record, "country_code")
	}
	return put(into, attributeCountry, code, countryCode)
}

func readRegion(record maxminddb.Result, into pcommon.Map) bool {
	code := text(record, "country", "iso_code") + "-" + text(record, "subdivisions", 0, "iso_code")
	return put(into, attributeRegion, code, regionCode)
}

func readNetwork(record maxminddb.Result, into pcommon.Map) bool {
	var number uint32
	if record.DecodePath(&number, "autonomous_system_number") != nil || number == 0 {
		return false
	}
	into.PutInt(attributeASN, int64(number))
	if name := tidy(text(record, "autonomous_system_organization")); name != "" {
		into.PutStr(attributeNetwork, name)
	}
	return true
}

func put(into pcommon.Map, key, code string, shape *regexp.Regexp) bool {
	if !shape.MatchString(code) {
		return false
	}
	into.PutStr(key, code)
	return true
}

// text returns a field of a record, or "" if the record has no such text.
func text(record maxminddb.Result, path ...any) string {
	var found string
	if record.DecodePath(&found, path...) != nil {
		return ""
	}
	return found
}

const maxNetworkName = 128 // bytes

// tidy makes one bounded line of a name.
func tidy(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	for len(name) > maxNetworkName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return strings.TrimSpace(name)
}

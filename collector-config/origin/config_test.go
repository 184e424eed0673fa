package origin

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

func load(t *testing.T, values map[string]any) (*Config, error) {
	t.Helper()
	config := NewFactory().CreateDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(config); err != nil {
		return nil, err
	}
	return config, config.Validate()
}

func TestWithoutSettingsItOnlyForgetsAndLimits(t *testing.T) {
	config, err := load(t, map[string]any{})
	want := &Config{ForwardedHeader: "x-forwarded-for", ErasuresPerHour: 120, ReloadInterval: time.Minute}
	if err != nil || !reflect.DeepEqual(config, want) {
		t.Errorf("%+v, %v", config, err)
	}
}

func TestSettingsOfAVariable(t *testing.T) {
	// What `${env:NAME:-}` gives: nothing, or one text.
	for value, want := range map[any]int{nil: 0, "": 0, "10.0.0.0/8": 1, "10.0.0.1, fd00::/8": 2} {
		config, err := load(t, map[string]any{"trusted_proxies": value, "databases": map[string]any{"country": nil}})
		if err != nil || len(config.TrustedProxies) != want {
			t.Errorf("%v: %+v, %v", value, config, err)
		}
	}
}

func TestMistakesAreSentences(t *testing.T) {
	for _, test := range []struct {
		values map[string]any
		want   []string
	}{
		{
			map[string]any{"trusted_proxies": []string{"10.0.0.0/8", "proxy.example", "10.0.0.0/33"}},
			[]string{
				"trusted_proxies has 'proxy.example', which is neither an address nor a network; write it as 10.0.0.1, 10.0.0.0/8 or fd00::/8",
				"trusted_proxies has '10.0.0.0/33', which is neither an address",
			},
		},
		{
			map[string]any{"trusted_proxies": []string{"0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"}},
			[]string{
				"trusted_proxies has '0.0.0.0/0', which trusts everybody, so that nobody is left who could be the caller; name the networks of your proxies",
				"trusted_proxies has '::/0'", "trusted_proxies has '::ffff:0.0.0.0/96', which trusts everybody",
			},
		},
		{
			map[string]any{"forwarded_header": "x-real-ip"},
			[]string{"forwarded_header is 'x-real-ip', which is not understood; use x-forwarded-for or forwarded, whichever your proxy sets"},
		},
		{
			map[string]any{"reload_interval": "10ms"},
			[]string{"reload_interval is 10ms, which would look at the files all the time; use 1s or more"},
		},
		{
			map[string]any{"erasures_per_hour": 0},
			[]string{"erasures_per_hour is 0, and one request may hold 16; use 16 or more"},
		},
		{map[string]any{"erasures_per_hour": -1}, []string{"erasures_per_hour"}},
		{map[string]any{"databases": map[string]any{"contry": "x"}}, []string{"contry"}},
	} {
		_, err := load(t, test.values)
		if err == nil {
			t.Errorf("%v is taken", test.values)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("'%v' does not say '%s'", err, want)
			}
		}
	}
}

func TestNetworksAreReadInAnyForm(t *testing.T) {
	prefixes, err := parsePrefixes([]string{" 10.1.2.3/8", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:10.0.0.0/104", "2001:db8::1/32", "fe80::1%eth0"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"10.0.0.0/8", "192.0.2.1/32", "192.0.2.1/32", "10.0.0.0/8", "2001:db8::/32", "fe80::1/128"}
	for i, prefix := range prefixes {
		if prefix.String() != want[i] {
			t.Errorf("%s, not %s", prefix, want[i])
		}
	}
}

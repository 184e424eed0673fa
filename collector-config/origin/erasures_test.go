package origin

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func limitOf(t testing.TB, most uint32) *erasureLimit {
	t.Helper()
	limit, err := newErasureLimit(componenttest.NewNopTelemetrySettings(), most)
	if err != nil {
		t.Fatal(err)
	}
	return limit
}

func requestsToBeForgotten(count int) pmetric.Metrics {
	metrics := reports(make([]map[string]string, count)...)
	for _, resource := range metrics.ResourceMetrics().All() {
		resource.Resource().Attributes().PutBool(attributeForget, true)
	}
	return metrics
}

// Symptom: one address could have as many installations erased as it had ids, as fast as it liked.
func TestOneOriginCanHaveOnlySoManyErasedInAnHour(t *testing.T) {
	made, out := running(t, &Config{ErasuresPerHour: 20, TrustedProxies: []string{"10.0.0.0/8"}}, nop())
	clock := time.Now()
	made.(*originProcessor).erasures.now = func() time.Time { return clock }
	forget := func(peer string, count int, through ...string) codes.Code {
		out.metrics = pmetric.NewMetrics()
		err := made.ConsumeMetrics(calledBy(request(peer, "X-Forwarded-For", through...)), requestsToBeForgotten(count))
		if passed := out.metrics.ResourceMetrics().Len(); (err == nil) != (passed == count) {
			t.Errorf("%d of %d passed, with %v", passed, count, err)
		}
		return status.Code(err)
	}
	expect := func(what string, got, want codes.Code) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, not %s", what, got, want)
		}
	}
	expect("sixteen", forget("192.0.2.1", 16), codes.OK)
	expect("what would be too many together", forget("192.0.2.1", 5), codes.ResourceExhausted)
	expect("what is left", forget("192.0.2.1", 4), codes.OK)
	expect("one more", forget("192.0.2.1", 1), codes.ResourceExhausted)
	expect("as IPv6", forget("::ffff:192.0.2.1", 1), codes.ResourceExhausted)
	expect("through a proxy", forget("10.0.0.1", 1, "203.0.113.7, 192.0.2.1"), codes.ResourceExhausted)
	if err := made.ConsumeMetrics(calledBy(request("192.0.2.1", "")), reports(nil)); err != nil {
		t.Errorf("a report from there: %v", err)
	}
	expect("a neighbour", forget("192.0.2.2", 16), codes.OK)
	for range 3 {
		expect("who is not known", forget("10.0.0.1", 16), codes.OK)
	}
	expect("IPv6", forget("2001:db8:0:ff::1", 16), codes.OK)
	expect("another address of the same subscriber", forget("2001:db8:0:1::2", 16), codes.ResourceExhausted)
	expect("another subscriber", forget("2001:db8:0:100::1", 16), codes.OK)
	clock = clock.Add(time.Hour - time.Second)
	expect("within the hour", forget("192.0.2.1", 1), codes.ResourceExhausted)
	clock = clock.Add(time.Second)
	expect("an hour later", forget("192.0.2.1", 16), codes.OK)
}

func TestTheLimitKeepsNoAddressAndNoWayBackToOne(t *testing.T) {
	limit := limitOf(t, 20)
	address := netip.MustParseAddr("192.0.2.77")
	counters := func() []byte {
		if err := limit.count(t.Context(), address, requestsToBeForgotten(1)); err != nil {
			t.Fatal(err)
		}
		return fmt.Append(nil, limit.counters)
	}
	before := counters()
	limit.since = limit.since.Add(-time.Hour)
	// One time in 65,536 the address has the same counter under another seed.
	for tries := 0; bytes.Equal(before, counters()); tries++ {
		if tries == 3 {
			t.Fatal("the same address has the same counter in the next hour")
		}
		limit.since = limit.since.Add(-time.Hour)
	}
}

func BenchmarkARequestToBeForgotten(b *testing.B) {
	limit := limitOf(b, 1<<30)
	address, metrics := netip.MustParseAddr("192.0.2.77"), requestsToBeForgotten(1)
	for b.Loop() {
		_ = limit.count(b.Context(), address, metrics)
	}
}

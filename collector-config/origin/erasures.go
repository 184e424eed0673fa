package origin

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// attributeForget marks a resource that requests its erasure. transform/bounds of gateway.yaml sets it.
const attributeForget = "usage.gateway.forget"

// erasureLimit limits the requests for erasure from one origin in an hour. A request needs nothing but an id, so guessing ids
// must be expensive. An origin is an IPv4 address, or an IPv6 network of 56 bits, which is what one subscriber has.
//
// No address is kept, not even in memory: an origin is one of 65,536 counters, by a hash with a random seed, and seed and counters
// last an hour. Origins that have the same counter share it.
type erasureLimit struct {
	most    uint32
	refused metric.Int64Counter
	now     func() time.Time

	mutex    sync.Mutex
	since    time.Time
	seed     maphash.Seed
	counters [1 << 16]uint32
}

func newErasureLimit(settings component.TelemetrySettings, most uint32) (*erasureLimit, error) {
	refused, err := settings.MeterProvider.Meter("otel-usage.example/origin").Int64Counter(
		"otelcol_processor_origin_erasures_refused",
		metric.WithDescription("Requests to be forgotten that were too many from one origin in an hour."),
		metric.WithUnit("{request}"),
	)
	return &erasureLimit{most: most, refused: refused, now: time.Now, since: time.Now(), seed: maphash.MakeSeed()}, err
}

// count counts the requests for erasure in metrics. If they are too many, it refuses everything that comes with them: the receiver
// answers 429, and the library sends them again later. If the caller's address is unknown, nothing is counted: callers
// could not be distinguished.
func (l *erasureLimit) count(ctx context.Context, address netip.Addr, metrics pmetric.Metrics) error {
	requests := erasuresIn(metrics)
	if requests == 0 || !address.IsValid() {
		return nil
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if now := l.now(); now.Sub(l.since) >= time.Hour {
		l.since, l.seed = now, maphash.MakeSeed()
		clear(l.counters[:])
	}
	counter := &l.counters[maphash.Comparable(l.seed, subscriberOf(address))%uint64(len(l.counters))]
	if requests > l.most-*counter {
		l.refused.Add(ctx, int64(requests))
		return status.Errorf(codes.ResourceExhausted,
			"more than %d requests to be forgotten came from one address within an hour; send it again later", l.most)
	}
	*counter += requests
	return nil
}

func erasuresIn(metrics pmetric.Metrics) uint32 {
	var found uint32
	for _, resource := range metrics.ResourceMetrics().All() {
		if _, asks := resource.Resource().Attributes().Get(attributeForget); asks {
			found++
		}
	}
	return found
}

func subscriberOf(address netip.Addr) netip.Prefix {
	bits := 32
	if address.Is6() {
		bits = 56
	}
	return netip.PrefixFrom(address, bits).Masked()
}

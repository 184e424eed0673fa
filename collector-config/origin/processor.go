package origin

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/trace"
)

// The resource attributes that this processor sets, and nobody else: what a client sends under these names is removed.
// The first two are of OpenTelemetry's semantic conventions, which have no name for a network's operator.
const (
	attributeCountry = "geo.country.iso_code" // ISO 3166-1 alpha-2, such as DE
	attributeRegion  = "geo.region.iso_code"  // ISO 3166-2, such as DE-BY
	attributeASN     = "usage.origin.asn"     // number of the autonomous system, such as 64496
	attributeNetwork = "usage.origin.network" // name of its operator
)

// originProcessor implements processor.Metrics itself: processorhelper cannot change the context.
type originProcessor struct {
	next     consumer.Metrics
	callers  callers
	sources  []*source
	erasures *erasureLimit

	interval time.Duration
	stop     context.CancelFunc
	watching sync.WaitGroup
}

func newProcessor(settings processor.Settings, config *Config, next consumer.Metrics) (*originProcessor, error) {
	trusted, err := parsePrefixes(config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	sources, err := newSources(settings.TelemetrySettings, config.Databases)
	if err != nil {
		return nil, err
	}
	erasures, err := newErasureLimit(settings.TelemetrySettings, config.ErasuresPerHour)
	if err != nil {
		return nil, err
	}
	return &originProcessor{
		next:     next,
		callers:  newCallers(trusted, config.ForwardedHeader),
		sources:  sources,
		erasures: erasures,
		interval: config.ReloadInterval,
		stop:     func() {},
	}, nil
}

func (*originProcessor) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

// Start reads the databases, and checks them for changes at each interval.
func (p *originProcessor) Start(context.Context, component.Host) error {
	// Not the context that Start gets: that one ends with the start.
	watch, stop := context.WithCancel(context.Background())
	p.stop = stop
	for _, source := range p.sources {
		source.refresh()
	}
	p.watching.Go(func() {
		ticker := time.NewTicker(p.interval)
		defer ticker.Stop()
		for {
			select {
			case <-watch.Done():
				return
			case <-ticker.C:
				for _, source := range p.sources {
					source.refresh()
				}
			}
		}
	})
	return nil
}

func (p *originProcessor) Shutdown(context.Context) error {
	p.stop()
	p.watching.Wait()
	return nil
}

// ConsumeMetrics adds the origin of a report, and removes the address of its sender. It also holds three limits that no stock
// processor can: the resources in a request, points without a number, and the erasures of one origin in an hour.
func (p *originProcessor) ConsumeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	if err := tooMany(metrics); err != nil {
		return err
	}
	removeWithoutNumber(metrics)
	if metrics.ResourceMetrics().Len() == 0 {
		return nil
	}
	found := pcommon.NewMap()
	address := p.callers.addressOf(client.FromContext(ctx))
	if err := p.erasures.count(ctx, address, metrics); err != nil {
		return err
	}
	for _, source := range p.sources {
		source.derive(ctx, address, found)
	}
	for _, resource := range metrics.ResourceMetrics().All() {
		// A resource of attributes alone: its entity references are text that no stock processor sees.
		clean := pcommon.NewResource()
		attributes := clean.Attributes()
		resource.Resource().Attributes().MoveTo(attributes)
		// Remove would leave the second of two attributes of the same name.
		attributes.RemoveIf(func(key string, _ pcommon.Value) bool { return isOurs(key) })
		for key, value := range found.All() {
			value.CopyTo(attributes.PutEmpty(key))
		}
		clean.MoveTo(resource.Resource())
	}
	return p.next.ConsumeMetrics(anonymous(ctx), metrics)
}

func isOurs(key string) bool {
	return key == attributeCountry || key == attributeRegion || key == attributeASN || key == attributeNetwork
}

// anonymous takes out of a context what the queue on disk would keep of the caller: address and headers, and the trace,
// of which the caller chose the ids and the state.
func anonymous(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(client.NewContext(ctx, client.Info{}), trace.SpanContext{})
}

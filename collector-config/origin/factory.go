package origin

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
)

// NewFactory makes the processor `origin`, for metrics.
func NewFactory() processor.Factory {
	return processor.NewFactory(
		component.MustNewType("origin"),
		func() component.Config {
			return &Config{ForwardedHeader: xForwardedFor, ErasuresPerHour: 120, ReloadInterval: time.Minute}
		},
		processor.WithMetrics(
			func(_ context.Context, settings processor.Settings, config component.Config, next consumer.Metrics) (processor.Metrics, error) {
				return newProcessor(settings, config.(*Config), next)
			},
			component.StabilityLevelBeta,
		),
	)
}

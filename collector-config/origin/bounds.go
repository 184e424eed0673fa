package origin

import (
	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxResources is the largest number of resources in a request. The library sends one report in each; an operator's own Collector
// may put a few together. Without this limit, a limit of requests would not limit reports.
const maxResources = 16

// tooMany refuses a request with more resources as a whole and permanently: the receiver answers 400.
func tooMany(metrics pmetric.Metrics) error {
	found := metrics.ResourceMetrics().Len()
	if found <= maxResources {
		return nil
	}
	return status.Errorf(codes.InvalidArgument,
		"the request has %d resources, and %d are the most; send them in several requests", found, maxResources)
}

// removeWithoutNumber removes points without a number, and what is empty after that. A stock Collector cannot distinguish them
// from zero, and the exporter would write a zero.
func removeWithoutNumber(metrics pmetric.Metrics) {
	metrics.ResourceMetrics().RemoveIf(func(resource pmetric.ResourceMetrics) bool {
		scopes := resource.ScopeMetrics()
		return becomesEmpty(scopes.Len, func() {
			scopes.RemoveIf(func(scope pmetric.ScopeMetrics) bool {
				return becomesEmpty(scope.Metrics().Len, func() { scope.Metrics().RemoveIf(hasNoNumbers) })
			})
		})
	})
}

func hasNoNumbers(metric pmetric.Metric) bool {
	if metric.Type() != pmetric.MetricTypeGauge {
		return false
	}
	points := metric.Gauge().DataPoints()
	return becomesEmpty(points.Len, func() {
		points.RemoveIf(func(point pmetric.NumberDataPoint) bool {
			return point.ValueType() == pmetric.NumberDataPointValueTypeEmpty
		})
	})
}

func becomesEmpty(length func() int, remove func()) bool {
	before := length()
	remove()
	return before > 0 && length() == 0
}

package origin

import (
	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// mostResources is how many resources a request may have. The library sends one report in each; an operator's own Collector
// in between may put a few together. A limit of requests is one of reports only as long as a request has not many.
const mostResources = 16

// tooMany refuses a request with more as a whole, and for good: the receiver answers 400.
func tooMany(metrics pmetric.Metrics) error {
	found := metrics.ResourceMetrics().Len()
	if found <= mostResources {
		return nil
	}
	return status.Errorf(codes.InvalidArgument,
		"the request has %d resources, and %d are the most; send them in several requests", found, mostResources)
}

// removeWithoutNumber drops points that have no number, and what is empty without them. Nothing in a stock Collector can
// tell them from zero, and the exporter would write one.
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

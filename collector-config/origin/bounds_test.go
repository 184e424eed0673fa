package origin

import (
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Symptom: one request carried 330 installations, so that a proxy's limit of 60 requests a minute was one of 20,000 reports.
func TestARequestOfMoreThanSixteenResourcesIsRefusedWholeAndForGood(t *testing.T) {
	made, out := running(t, &Config{}, nop())
	if err := made.ConsumeMetrics(t.Context(), reports(make([]map[string]string, 16)...)); err != nil {
		t.Fatal(err)
	}
	if found := out.metrics.ResourceMetrics().Len(); found != 16 {
		t.Errorf("%d resources passed", found)
	}
	out.metrics = pmetric.NewMetrics()
	err := made.ConsumeMetrics(t.Context(), reports(make([]map[string]string, 17)...))
	// The receiver makes 400 of it, which an installation does not send again.
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("the error is %v", err)
	}
	if found := out.metrics.ResourceMetrics().Len(); found != 0 {
		t.Errorf("%d resources passed all the same", found)
	}
}

// Symptom: a point without a number was stored as 0.
func TestAPointWithoutANumberIsDropped(t *testing.T) {
	body := `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
		{"name":"none","gauge":{"dataPoints":[{}]}},
		{"name":"some","gauge":{"dataPoints":[{},{"asInt":"0"},{"asDouble":0},{}]}}]}]},
		{"scopeMetrics":[{"metrics":[{"name":"none","gauge":{"dataPoints":[{}]}}]}]}]}`
	sent, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	made, out := running(t, &Config{}, nop())
	if err := made.ConsumeMetrics(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	var passed []string
	for _, resource := range out.metrics.ResourceMetrics().All() {
		for _, metric := range resource.ScopeMetrics().At(0).Metrics().All() {
			for _, point := range metric.Gauge().DataPoints().All() {
				passed = append(passed, metric.Name()+" "+point.ValueType().String())
			}
		}
	}
	if want := []string{"some Int", "some Double"}; !slices.Equal(passed, want) {
		t.Errorf("%q passed, not %q", passed, want)
	}
}

module otel-usage.example/load

go 1.25

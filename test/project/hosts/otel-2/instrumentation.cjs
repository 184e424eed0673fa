// What a host does to trace its requests: every outgoing one gets trace context and baggage.
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')

new NodeTracerProvider().register()
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] })
// The first require patches the module for everybody, ES modules too.
require('node:http')

// Package origin is a processor of the OpenTelemetry Collector for a gateway that must not know who calls it.
//
// It derives where a report comes from (country; with the databases for it region, autonomous system and name of the
// network) from the address of the connection, or from a forwarding header where a trusted proxy set it. The address
// itself never becomes data, and what comes after the processor gets a context without it: neither a queue on disk nor a
// log can hold it.
//
// It also checks what no processor of a stock Collector can see; see bounds.go.
package origin

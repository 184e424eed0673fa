/** Base of all errors of the gateway. `code` is stable, the message may change. */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError'
  readonly code: string = 'ERR_USAGE_GATEWAY'
}

/** An option or a variable has an invalid value, such as an address without a port, or a product that is listed twice. */
export class GatewayOptionsError extends GatewayError {
  override readonly name = 'GatewayOptionsError'
  override readonly code = 'ERR_USAGE_GATEWAY_OPTIONS'
}

/** One way to get a program, and why it failed. */
export interface FailedWay {
  /** The way in a few words, such as `the cache`. */
  readonly way: string
  readonly reason: string
}

/** No way to get a Collector works on this machine. The message says why each one failed, and what to do. */
export class CollectorNotFoundError extends GatewayError {
  override readonly name = 'CollectorNotFoundError'
  override readonly code = 'ERR_USAGE_COLLECTOR_NOT_FOUND'
  readonly ways: readonly FailedWay[]

  constructor(version: string, ways: readonly FailedWay[]) {
    super(
      [
        `No OpenTelemetry Collector ${version} could be found, downloaded or built. Tried, in this order:`,
        ...ways.map(({ way, reason }) => `  - ${way}: ${reason}`),
        'Any one of these helps: install otelcol-contrib and set OTELCOL to its path; let this machine reach the',
        'official releases; install Go, which builds it in about two minutes; or start Docker.',
      ].join('\n'),
    )
    this.ways = ways
  }
}

/** A Collector was named or found, but does not run. */
export class CollectorUnusableError extends GatewayError {
  override readonly name = 'CollectorUnusableError'
  override readonly code = 'ERR_USAGE_COLLECTOR_UNUSABLE'
}

/** The queue on disk cannot be prepared for a start: another Collector uses it, or the disk is full. No report is lost. */
export class QueueUnusableError extends GatewayError {
  override readonly name = 'QueueUnusableError'
  override readonly code = 'ERR_USAGE_QUEUE_UNUSABLE'
}

/** The Collector ended before it was ready. The message has the last lines of its log. */
export class CollectorStartError extends GatewayError {
  override readonly name = 'CollectorStartError'
  override readonly code = 'ERR_USAGE_COLLECTOR_START'
}

/** Another program listens on a port of the gateway. */
export class PortInUseError extends GatewayError {
  override readonly name = 'PortInUseError'
  override readonly code = 'ERR_USAGE_PORT_IN_USE'
}

/** A directory of the gateway cannot be created or written. */
export class DirectoryUnusableError extends GatewayError {
  override readonly name = 'DirectoryUnusableError'
  override readonly code = 'ERR_USAGE_DIRECTORY_UNUSABLE'
}

/** No way to get ClickHouse works on this machine. The message says why each one failed, and what to do. */
export class ClickHouseNotFoundError extends GatewayError {
  override readonly name = 'ClickHouseNotFoundError'
  override readonly code = 'ERR_USAGE_CLICKHOUSE_NOT_FOUND'
  readonly ways: readonly FailedWay[]

  /** @param missing Packages that are not installed, among those that contain the engine and the client. */
  constructor(ways: readonly FailedWay[], missing: readonly string[]) {
    const engine =
      missing.length === 0
        ? 'repair the engine from npm'
        : `\`npm install ${missing.join(' ')}\`, which brings the engine`
    super(
      [
        'No ClickHouse could be found. Tried, in this order:',
        ...ways.map(({ way, reason }) => `  - ${way}: ${reason}`),
        'Any one of these helps: set CLICKHOUSE_URL to the HTTP address of a server, install ClickHouse so that',
        `\`clickhouse\` is on the PATH, or ${engine} (Linux and macOS).`,
        ...(missing.includes('@clickhouse/client')
          ? ['The package @clickhouse/client is needed with any of them.']
          : []),
      ].join('\n'),
    )
    this.ways = ways
  }
}

/** ClickHouse ended before it was ready, or does not answer. */
export class ClickHouseStartError extends GatewayError {
  override readonly name = 'ClickHouseStartError'
  override readonly code = 'ERR_USAGE_CLICKHOUSE_START'
}

/** An optional package is not installed. */
export class MissingPackageError extends GatewayError {
  override readonly name = 'MissingPackageError'
  override readonly code = 'ERR_USAGE_MISSING_PACKAGE'
}

/** Returns the message of a thrown value, with its cause, as part of a sentence. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause =
    error.cause instanceof Error
      ? ` (${error.cause.message || (error.cause as NodeJS.ErrnoException).code})`
      : ''
  return `${error.message}${cause}`
}

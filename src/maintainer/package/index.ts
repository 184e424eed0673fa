/** Package: files that ship with this package, its optional packages, its errors, and the hiding of secrets in messages. */
export {
  ClickHouseNotFoundError,
  ClickHouseStartError,
  CollectorNotFoundError,
  CollectorStartError,
  CollectorUnusableError,
  DirectoryUnusableError,
  errorMessage,
  type FailedWay,
  GatewayError,
  GatewayOptionsError,
  MissingPackageError,
  PortInUseError,
  QueueUnusableError,
} from './errors.ts'
export { childScript, collectorConfigFile } from './package-files.ts'
export {
  missingPackageError,
  missingPackages,
  requirePackages,
  STORE_CLIENT,
  STORE_ENGINE,
} from './packages.ts'
export { secretsIn, secretsOf, shownAddress, withoutSecrets } from './secrets.ts'

/** Package: what this package ships with and needs: its files, its optional packages, its errors, and secrets kept out of messages. */
export {
  ClickHouseNotFoundError,
  ClickHouseStartError,
  CollectorNotFoundError,
  CollectorStartError,
  CollectorUnusableError,
  DirectoryUnusableError,
  type FailedWay,
  GatewayError,
  GatewayOptionsError,
  MissingPackageError,
  PortInUseError,
  QueueUnusableError,
  reasonOf,
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

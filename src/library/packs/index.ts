/** Packs: ready-made facts that many products have in common. */
export {
  type BuildInfo,
  type BuildPackOptions,
  buildPack,
  PACKAGE_KINDS,
  type PackageKind,
} from './build-pack.ts'
export { type CloudPackOptions, cloudPack, cloudRegionPack } from './cloud-pack.ts'
export { type Cluster, type ClusterPackOptions, clusterPack } from './cluster-pack.ts'
export { type ContainerPackOptions, containerPack } from './container-pack.ts'
export type { FactPack, PackCommon, PackFactName, PackFacts, PackOptions } from './fact-pack.ts'
export { INSTALL_METHODS, type InstallMethod, type InstallPackOptions, installPack } from './install-pack.ts'
export { type KubernetesPackOptions, kubernetesPack } from './kubernetes-pack.ts'
export { type MachinePackOptions, machinePack } from './machine-pack.ts'
export { type OperatingSystemPackOptions, operatingSystemPack } from './operating-system-pack.ts'
export { type PackHost, systemPackHost } from './pack-host.ts'
export { type RuntimePackOptions, runtimePack } from './runtime-pack.ts'
export { type UptimePackOptions, uptimePack } from './uptime-pack.ts'

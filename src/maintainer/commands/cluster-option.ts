import type { Command } from 'commander'
import type { StoreCluster } from '../store/index.ts'

/** Options of a command that writes statements for the store. */
export interface ClusterOptions {
  readonly cluster?: string
  readonly replicas: boolean
}

export const takesCluster = (command: Command) =>
  command
    .option('--cluster <name>', 'For a store that is spread over this cluster, with replicas.')
    .option('--no-replicas', 'For a cluster whose shards have none.')

export const clusterOf = ({ cluster: name, replicas }: ClusterOptions): StoreCluster | undefined =>
  name === undefined ? undefined : { name, replicated: replicas }

/**
 * Purpose: to interpret elections, replication and growth by the size of the cluster and the role of the node, and not to count the nodes
 * of a cluster as separate installations.
 * Data: the random ids of the node and of its leader, the role of the node, and the number of members in each state, as this node sees
 * them. The product gives these values; the pack reads nothing from the machine and contacts no other node.
 * Identifiability: an id is reported only when it is a UUID of version 4 or 7, which are random. Other versions are derived from a network
 * address or a name, or are printed on the machine. A version 7 UUID contains its time of creation. Ids, names and addresses of the
 * members are never reported, only their number.
 */

import { answerOfHost, groupBy, ownOf } from '../../platform/index.ts'
import type { FactFunction, GaugePoint } from '../facts/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { listWithOther, oneOf } from './words.ts'

/** Current state of the cluster as this node sees it. A value that is left out, or empty, is absent from the report. */
export interface Cluster {
  /** Id of this node. Only a UUID of version 4 or 7 is reported. */
  readonly nodeId?: string | undefined
  /** Id of the leader, if known. Only a UUID of version 4 or 7 is reported. */
  readonly leaderId?: string | undefined
  readonly role?: string | undefined
  /** All members, including this node. Each item counts as one member, also when ids are missing or equal. */
  readonly members?: ReadonlyArray<{ readonly id?: string | undefined; readonly state: string }> | undefined
}

/** Options of {@link clusterPack}. */
export interface ClusterPackOptions<
  P extends string,
  S extends readonly string[],
  R extends readonly string[],
> extends PackOptions<P> {
  /** The catalog's prefix, for the names that OpenTelemetry's semantic conventions do not define. */
  readonly prefix: P
  /** States of a member that are reported by name; every other state is reported as `other`. */
  readonly states: S
  /** Roles of a node that are reported by name; every other role is reported as `other`. */
  readonly roles: R
  /** Returns the state of the cluster. Called once per report, with a time limit of one second. */
  readonly read: FactFunction<Cluster>
}

const NODE_ID = {
  kind: 'attribute',
  type: 'string',
  pattern: '[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
} as const

const RANDOM_UUID = new RegExp(`^${NODE_ID.pattern}$`)

/** Returns a pack of facts about the cluster: its size, the states of its members, and the ids and the role of this node. */
export function clusterPack<
  const P extends string,
  const S extends readonly string[],
  const R extends readonly string[],
>(options: ClusterPackOptions<P, S, R>) {
  const { read, ...common } = ownOf(options)
  const states = listWithOther(options.states)
  const roles = listWithOther(options.roles)
  const cluster = oncePerRound(async () => ownOf<Partial<Cluster>>((await answerOfHost(read)) ?? {}))

  return createPack('cluster', common, {
    '.cluster.node_id': item(
      {
        ...NODE_ID,
        why: 'Tells reports of nodes of the same cluster from reports of different ones. Drawn at random, no name.',
        example: '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57',
      },
      async () => idOf((await cluster()).nodeId),
    ),
    '.cluster.leader_id': item(
      {
        ...NODE_ID,
        why: 'Shows which reports belong to the same cluster: those of nodes that follow the same leader.',
        example: '0b7c2f0e-58f7-4f4e-8a9d-2a1f3f6d9c10',
      },
      async () => idOf((await cluster()).leaderId),
    ),
    '.cluster.role': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: roles,
        why: 'Shows which part a node has in its cluster, and so what its other numbers mean.',
        example: roles[0] as string,
      },
      async () => oneOf(roles, (await cluster()).role),
    ),
    '.cluster.size': item(
      {
        kind: 'gauge',
        unit: '{node}',
        why: 'Shows for how large clusters the product must work.',
        example: 3,
      },
      async () => membersOf(await cluster())?.length,
    ),
    '.cluster.members': item(
      {
        kind: 'gauge',
        unit: '{node}',
        by: { state: states },
        why: 'Shows how many nodes of a cluster are up, catching up or lost. They are counted, not named.',
        example: 3,
      },
      // The compiler cannot infer the type for a generic list of states.
      async () => countedByState(membersOf(await cluster()), states) as never,
    ),
  })
}

/**
 * Shares one call of `read` among the sources of a report, which are called at the same time. The call is shared for one round only: a
 * call that never ends must not block the next report.
 */
function oncePerRound<T>(read: () => Promise<T>): () => Promise<T> {
  let shared: Promise<T> | undefined
  return () => {
    if (shared === undefined) {
      shared = read()
      void Promise.resolve().then(() => {
        shared = undefined
      })
    }
    return shared
  }
}

function idOf(value: unknown): string | undefined {
  const id = typeof value === 'string' ? value.toLowerCase() : ''
  return RANDOM_UUID.test(id) ? id : undefined
}

const membersOf = (cluster: Partial<Cluster>) =>
  Array.isArray(cluster.members) ? cluster.members : undefined

function countedByState<const L extends readonly string[]>(
  members: Cluster['members'],
  states: L,
): Array<GaugePoint<{ state: L[number] }>> | undefined {
  if (members === undefined) return undefined
  const sizes = groupBy(members, (member) => oneOf(states, ownOf(member).state) ?? 'other')
  return [...sizes].map(([state, { length }]) => ({ value: length, attributes: { state } }))
}

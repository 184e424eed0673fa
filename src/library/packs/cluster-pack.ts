/**
 * Why: what a cluster does (elections, replication, growth) shows only when it is known how large it is and which part a node
 * has in it, and reports of its nodes must not be counted as so many installations of their own.
 * What exactly: the random ids of the node and of its leader, the node's role and how many members are in which state, as one
 * node sees them. All of it is said by the product; nothing is looked at on the machine and no other node is asked.
 * Traced back: an id is reported only where it is a UUID of version 4 or 7, which is drawn at random. Other versions are made
 * of a network address or of a name, and some machines carry theirs on a label. A version 7 tells when it was drawn. Ids, names
 * and addresses of the members are never reported: they are counted.
 */

import { answerOfHost, groupBy } from '../../platform/index.ts'
import type { FactFunction, GaugePoint } from '../facts/index.ts'
import { createPack, item, type PackOptions } from './fact-pack.ts'
import { listWithOther, oneOf } from './words.ts'

/** The cluster as one node sees it at this moment. What is left out, or empty, is absent from the report. */
export interface Cluster {
  /** The id of this node. Only a UUID of version 4 or 7 is reported. */
  readonly nodeId?: string | undefined
  /** The id of the leader, where it is known. */
  readonly leaderId?: string | undefined
  readonly role?: string | undefined
  /** All members, this node too. They are counted as they stand here: two with the same id, or without one, are two. */
  readonly members?: ReadonlyArray<{ readonly id?: string | undefined; readonly state: string }> | undefined
}

/** What {@link clusterPack} takes. */
export interface ClusterPackOptions<
  P extends string,
  S extends readonly string[],
  R extends readonly string[],
> extends PackOptions<P> {
  /** The catalog's prefix, with which the pack's names begin that are not OpenTelemetry's. */
  readonly prefix: P
  /** The states of a member that are reported by name; every other one is `other`. */
  readonly states: S
  /** The roles of a node that are reported by name; every other one is `other`. */
  readonly roles: R
  /** Gives the cluster. Called once a report, and has a second to answer. */
  readonly read: FactFunction<Cluster>
}

const NODE_ID = {
  kind: 'attribute',
  type: 'string',
  pattern: '[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
} as const

const RANDOM_UUID = new RegExp(`^${NODE_ID.pattern}$`)

/** How large the cluster is, in which state its members are, and which part this node has in it. */
export function clusterPack<
  const P extends string,
  const S extends readonly string[],
  const R extends readonly string[],
>(options: ClusterPackOptions<P, S, R>) {
  const { read, ...common } = options
  const states = listWithOther(options.states)
  const roles = listWithOther(options.roles)
  const cluster = oncePerRound(read)

  return createPack('cluster', common, {
    '.cluster.node_id': item(
      {
        ...NODE_ID,
        why: 'Tells reports of nodes of the same cluster from reports of different ones. Drawn at random, no name.',
        example: '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57',
      },
      async () => idOf((await cluster())?.nodeId),
    ),
    '.cluster.leader_id': item(
      {
        ...NODE_ID,
        why: 'Shows which reports belong to the same cluster: those of nodes that follow the same leader.',
        example: '0b7c2f0e-58f7-4f4e-8a9d-2a1f3f6d9c10',
      },
      async () => idOf((await cluster())?.leaderId),
    ),
    '.cluster.role': item(
      {
        kind: 'attribute',
        type: 'enum',
        values: roles,
        why: 'Shows which part a node has in its cluster, and so what its other numbers mean.',
        example: roles[0] as string,
      },
      async () => oneOf(roles, (await cluster())?.role),
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
      // The compiler does not work out the type of a generic list of states.
      async () => countedByState(membersOf(await cluster()), states) as never,
    ),
  })
}

/**
 * The sources of a pack are asked in one go, so what one of them has begun is shared until that is over, and no longer: a cluster
 * that never answers must not be waited for in the next report as well.
 */
function oncePerRound<T>(read: () => T | Promise<T>): () => Promise<T> {
  let shared: Promise<T> | undefined
  return () => {
    if (shared === undefined) {
      shared = answerOfHost(read) as Promise<T>
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

const membersOf = (cluster: Cluster | undefined) =>
  Array.isArray(cluster?.members) ? cluster.members : undefined

function countedByState<const L extends readonly string[]>(
  members: Cluster['members'],
  states: L,
): Array<GaugePoint<{ state: L[number] }>> | undefined {
  if (members === undefined) return undefined
  const sizes = groupBy(members, (member) => oneOf(states, member?.state) ?? 'other')
  return [...sizes].map(([state, { length }]) => ({ value: length, attributes: { state } }))
}

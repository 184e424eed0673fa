import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Alternative to this library. The versions are in the package.json of its folder. */
export interface Peer {
  readonly title: string
  /** Folder below `bench/peers`. */
  readonly folder: string
  /** `true` if it has a call for each event, which can be measured. */
  readonly counts: boolean
}

export const PEERS: readonly Peer[] = [
  { title: 'OpenTelemetry SDK 3.1.1, OTLP exporter 0.301.0', folder: 'otel-3', counts: true },
  { title: 'OpenTelemetry SDK 2.12.1, OTLP exporter 0.223.0', folder: 'otel-2', counts: true },
  { title: 'posthog-node 5.70.0', folder: 'posthog', counts: true },
  { title: '@segment/analytics-node 3.1.0', folder: 'segment', counts: true },
  { title: '@mozilla/glean 2.0.5', folder: 'glean', counts: true },
  { title: '@astrojs/telemetry 3.3.3', folder: 'astro', counts: true },
  { title: 'checkpoint-client 1.1.33', folder: 'checkpoint', counts: false },
  { title: 'update-notifier 7.3.1', folder: 'update-notifier', counts: false },
  { title: 'simple-update-notifier 2.0.0', folder: 'simple-update-notifier', counts: false },
]

const root = path.resolve(import.meta.dirname, '..')
const peers = path.join(import.meta.dirname, 'peers')

/** Installs missing peers. Without a registry they stay missing, and their rows say so. */
export function installPeers(): void {
  if (existsSync(path.join(peers, 'node_modules/.package-lock.json'))) return
  console.error('Installing the peers into bench/peers.')
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
      cwd: peers,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    })
  } catch {
    console.error('The peers cannot be installed; only this library is measured.')
  }
}

/** Size of an installation on disk. */
export interface Footprint {
  readonly packages: number
  readonly bytes: number
}

/** Measures a peer with all its dependencies; returns `undefined` if it is not installed. */
export const footprintOf = ({ folder }: Peer): Footprint | undefined => footprint(peers, folder)

/** Measures this package as it is published, with all its dependencies. */
export function ownFootprint(): Footprint | undefined {
  const needed = footprint(root, '')
  if (!needed) return undefined
  const [pack] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
      cwd: root,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    }),
  )
  return { packages: needed.packages + 1, bytes: needed.bytes + pack.unpackedSize }
}

interface Locked {
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
}

/** Returns the dependencies of a package from the lock file, resolved as Node.js resolves them. */
function footprint(directory: string, from: string): Footprint | undefined {
  const { packages } = JSON.parse(readFileSync(path.join(directory, 'package-lock.json'), 'utf8'))
  const needed = new Set([from])
  for (const folder of needed) {
    const { dependencies, peerDependencies, peerDependenciesMeta } = packages[folder] as Locked
    const required = Object.keys(peerDependencies ?? {}).filter(
      (name) => !peerDependenciesMeta?.[name]?.optional,
    )
    for (const name of [...Object.keys(dependencies ?? {}), ...required]) {
      const found = foldersAbove(folder, name).find((candidate) => candidate in packages)
      if (found) needed.add(found)
    }
  }
  needed.delete(from)
  const folders = [...needed].map((folder) => path.join(directory, folder))
  if (!folders.every((folder) => existsSync(folder))) return undefined
  return { packages: folders.length, bytes: folders.reduce((sum, folder) => sum + sizeOf(folder), 0) }
}

/** Returns the directories in which `a/node_modules/b` finds its dependencies: its own node_modules, that of `a`, and the topmost. */
function foldersAbove(folder: string, name: string): string[] {
  const parts = folder === '' ? [] : folder.split('/')
  const above = parts.map((_, index) => parts.slice(0, parts.length - index))
  return [...above.filter((one) => one.at(-1) !== 'node_modules').map((one) => one.join('/')), ''].map(
    (one) => (one === '' ? `node_modules/${name}` : `${one}/node_modules/${name}`),
  )
}

function sizeOf(file: string): number {
  const stats = lstatSync(file)
  if (!stats.isDirectory()) return stats.size
  return readdirSync(file)
    .filter((name) => name !== 'node_modules')
    .reduce((sum, name) => sum + sizeOf(path.join(file, name)), 0)
}

import type { PackHost } from '../../src/library/packs/index.ts'

/** What a made-up machine has. Files by path; a number stands for a file of that many bytes. */
export interface Machine extends Partial<Omit<PackHost, 'readFile' | 'exists' | 'environment' | 'version'>> {
  readonly files?: Readonly<Record<string, string | Uint8Array | Error>>
  readonly variables?: Readonly<Record<string, string>>
  readonly os?: {
    readonly platform?: string
    readonly arch?: string
    readonly machine?: string
    readonly release?: string
    readonly version?: string
  }
}

/** A machine that is what the test says, and keeps a list of the files that were asked for. */
export interface FakePackHost extends PackHost {
  readonly asked: readonly string[]
}

/** Debian on a PC without anything special, but for what is said. Holds no file that is not said. */
export function createPackHost({ files = {}, variables = {}, os = {}, ...rest }: Machine = {}): FakePackHost {
  const asked: string[] = []
  const find = (file: string) => {
    asked.push(file)
    return Object.hasOwn(files, file) ? files[file] : undefined
  }
  return {
    asked,
    async readFile(file, most) {
      const found = find(String(file))
      if (found === undefined) throw Object.assign(new Error(`no such file ${file}`), { code: 'ENOENT' })
      if (found instanceof Error) throw found
      return (typeof found === 'string' ? new TextEncoder().encode(found) : found).subarray(0, most)
    },
    exists: async (file) => find(file) !== undefined,
    environment: () => variables,
    platform: () => os.platform ?? 'linux',
    arch: () => os.arch ?? 'x64',
    machine: () => os.machine ?? 'x86_64',
    release: () => os.release ?? '6.1.0-18-amd64',
    version: () => os.version ?? '#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)',
    cores: () => 6,
    totalMemory: () => 12_000_000_000,
    memoryLimit: () => undefined,
    diskSize: async () => 300_000_000_000,
    versions: () => ({ node: '24.11.1', v8: '13.6.233.10-node.28' }),
    singleExecutable: () => false,
    uptime: () => 100_000.5,
    now: () => Date.UTC(2026, 3, 23, 12),
    ...rest,
  }
}

interface Asked {
  readonly sources: Readonly<Record<string, () => unknown>>
}

/** Every value that a pack has, by name; what is absent is left out. */
export async function valuesOf({ sources }: Asked): Promise<Record<string, unknown>> {
  const values = await Promise.all(
    Object.entries(sources).map(async ([name, source]) => [name, await source()] as const),
  )
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

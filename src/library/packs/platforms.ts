/** Mapping of Node.js's names of systems and processors to the values of OpenTelemetry's semantic conventions. */

export const OS_TYPES = [
  ...(['linux', 'windows', 'darwin', 'freebsd', 'openbsd', 'netbsd', 'aix', 'solaris', 'other'] as const),
] as const

const OS_TYPE_OF: Readonly<Record<string, (typeof OS_TYPES)[number]>> = {
  linux: 'linux',
  android: 'linux',
  win32: 'windows',
  cygwin: 'windows',
  darwin: 'darwin',
  freebsd: 'freebsd',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  aix: 'aix',
  sunos: 'solaris',
}

/** Returns the value of `os.type` for a `process.platform`. */
export const osTypeOf = (platform: string) => lookUp(OS_TYPE_OF, platform) ?? 'other'

export const ARCHITECTURES = [
  ...(['amd64', 'arm64', 'arm32', 'x86', 'ppc64', 'ppc32', 's390x', 'riscv64', 'loong64', 'other'] as const),
] as const

/** Values of `host.arch` by the names that `uname -m` and `process.arch` give. */
const ARCHITECTURE_OF: Readonly<Record<string, (typeof ARCHITECTURES)[number]>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  arm: 'arm32',
  armv6l: 'arm32',
  armv7l: 'arm32',
  armv8l: 'arm32',
  i386: 'x86',
  i686: 'x86',
  ia32: 'x86',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  ppc: 'ppc32',
  s390x: 's390x',
  riscv64: 'riscv64',
  loongarch64: 'loong64',
  loong64: 'loong64',
}

/** Returns the value of `host.arch`; `undefined` for an unknown name. */
export const architectureOf = (word: string) => lookUp(ARCHITECTURE_OF, word)

const BITS_OF: Readonly<Record<string, '32' | '64'>> = {
  ...{ x64: '64', arm64: '64', ppc64: '64', s390x: '64', riscv64: '64', loong64: '64' },
  ...{ ia32: '32', arm: '32', mips: '32', mipsel: '32', ppc: '32', s390: '32' },
}

/** Returns the width of addresses in bits for a `process.arch`; `undefined` for an unknown name. */
export const bitsOf = (arch: string) => lookUp(BITS_OF, arch)

function lookUp<V>(table: Readonly<Record<string, V>>, word: string): V | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}

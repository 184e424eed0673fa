/** Node.js's words for systems and processors in those of OpenTelemetry's semantic conventions. */

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

/** The value of `os.type` for a `process.platform`. */
export const osTypeOf = (platform: string) => lookUp(OS_TYPE_OF, platform) ?? 'other'

export const ARCHITECTURES = [
  ...(['amd64', 'arm64', 'arm32', 'x86', 'ppc64', 'ppc32', 's390x', 'riscv64', 'loong64', 'other'] as const),
] as const

/** By what `uname -m` and `process.arch` call them. */
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

/** The value of `host.arch`; `undefined` where the word is not known. */
export const architectureOf = (word: string) => lookUp(ARCHITECTURE_OF, word)

const BITS_OF: Readonly<Record<string, '32' | '64'>> = {
  ...{ x64: '64', arm64: '64', ppc64: '64', s390x: '64', riscv64: '64', loong64: '64' },
  ...{ ia32: '32', arm: '32', mips: '32', mipsel: '32', ppc: '32', s390: '32' },
}

/** How wide the addresses of a `process.arch` are. */
export const bitsOf = (arch: string) => lookUp(BITS_OF, arch)

function lookUp<V>(table: Readonly<Record<string, V>>, word: string): V | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}

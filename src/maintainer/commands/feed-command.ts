import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { parse } from 'yaml'
import { feedSchema, isFeedKey, readFeed, type VersionFeed } from '../../feed/index.ts'
import { buildFeed, createKeyPair, readPrivateKey, remarksOn, signFeed } from '../feed/index.ts'
import { errorMessage } from '../package/index.ts'
import { CallError } from './call-error.ts'
import type { CommandContext } from './command-io.ts'
import { readText, writeText } from './text-files.ts'

/** Adds `otel-usage feed`. */
export function addFeedCommand(program: Command, context: CommandContext): void {
  const feed = program
    .command('feed')
    .description('Build, check and sign the version feed of a product: its versions and advisories.')
  const out = ['--out <file>', 'Where the command writes. Default: standard output.'] as const
  feed
    .command('build')
    .description('Build a feed from its source, a YAML or JSON file with product, versions and advisories.')
    .argument('<source>', 'The file.')
    .option('--advisory <file...>', 'Advisories to import, OSV or CSAF 2.0.')
    .option(
      '--advisories-of <name>',
      'The package or product that counts, where an advisory is about several.',
    )
    .option('--expires <days>', 'Days after which products refuse the feed.')
    .option(...out)
    .action((source: string, options: BuildOptions) => {
      const { advisory = [], advisoriesOf } = options
      const text = buildFeed({
        source: readYaml('build', source),
        file: source,
        documents: advisory.map((file) => ({ file, document: readYaml('--advisory', file) })),
        advisoriesOf,
        expiresInDays: options.expires === undefined ? undefined : daysIn(options.expires),
        now: context.clock.now(),
      })
      write(context, options.out, text)
    })
  feed
    .command('check')
    .description('Fail when products would refuse a feed. Prints what they would learn from it.')
    .argument('<feed>', 'The feed, signed or not.')
    .option('--key <key...>', 'Public keys that the product pins.')
    .option(
      '--previous <file>',
      'The feed that is published now: a feed that is older than this one is refused.',
    )
    .action((file: string, { key = [], previous }: { key?: string[]; previous?: string }) => {
      for (const one of key)
        if (!isFeedKey(one))
          throw new CallError(`--key is '${one}', which is not a key that \`feed keygen\` has printed.`)
      const before = previous === undefined ? undefined : productOf('--previous', previous)
      const { product } = productOf('check', file)
      const now = context.clock.now()
      const reading = readFeed(bytesOf('check', file), {
        ...{ product, keys: key, now, notBefore: before?.issued },
      })
      if (reading.feed === undefined) {
        context.exitCode = 1
        context.stderr.write(`${file} ${reading.problem}.\n`)
        return
      }
      const { versions, advisories, issued } = reading.feed
      context.stdout.write(
        `${file} is a feed of ${product}, issued at ${issued}: ${versions.length} versions, ${advisories.length} advisories.\n`,
      )
      for (const remark of remarksOn(reading.feed, now)) context.stdout.write(`${remark}\n`)
    })
  feed
    .command('sign')
    .description('Sign a feed, or add a signature to a signed one.')
    .argument('<feed>', 'The feed. It has to expire.')
    .requiredOption('--key <file...>', 'Private keys, as `feed keygen` has written them.')
    .option(...out)
    .action((file: string, options: { key: string[]; out?: string }) => {
      const keys = options.key.map((one) => readPrivateKey(readText('--key', one), one))
      const content = parsedFeed('sign', file)
      const payload =
        'payload' in content ? Buffer.from(String(content['payload']), 'base64') : bytesOf('sign', file)
      const { expires } = JSON.parse(payload.toString()) as Partial<VersionFeed>
      if (expires === undefined)
        throw new CallError(
          `${file} has no time at which it expires, and products refuse such a signed feed; build it with --expires <days>.`,
        )
      const signatures = 'payload' in content ? (content['signatures'] as never) : []
      write(context, options.out, `${JSON.stringify(signFeed(payload, keys, signatures), undefined, 2)}\n`)
    })
  feed
    .command('keygen')
    .description('Make a pair of Ed25519 keys. Prints the public one, for `versionCheck.keys`.')
    .requiredOption('--out <file>', 'Where the private key is written, readable by its owner only.')
    .action(({ out: file }: { out: string }) => {
      const { privatePem, publicKey } = createKeyPair()
      try {
        // `wx`: a key is not replaced.
        writeFileSync(file, privatePem, { mode: 0o600, flag: 'wx' })
      } catch (error) {
        throw new CallError(`--out names '${file}', where no new file can be made: ${errorMessage(error)}.`, {
          cause: error,
        })
      }
      context.plain.write(`${publicKey}\n`)
    })
  feed
    .command('schema')
    .description('Write the JSON Schema of a feed.')
    .option(...out)
    .action(({ out: file }: { out?: string }) =>
      write(context, file, `${JSON.stringify(feedSchema(), undefined, 2)}\n`),
    )
}

interface BuildOptions {
  readonly advisory?: string[]
  readonly advisoriesOf?: string
  readonly expires?: string
  readonly out?: string
}

function write(context: CommandContext, file: string | undefined, text: string): void {
  if (file === undefined) context.plain.write(text)
  else writeText('--out', file, text)
}

/** Reads YAML, or JSON, which is YAML as well. */
function readYaml(option: string, file: string): unknown {
  const text = readText(option, file)
  try {
    return parse(text)
  } catch (error) {
    throw new CallError(`${file} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
    })
  }
}

function daysIn(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= 3_660) return days
  throw new CallError(`--expires is '${text}'; give a whole number of days from 1 to 3660.`)
}

const bytesOf = (option: string, file: string) => Buffer.from(readText(option, file))

function parsedFeed(option: string, file: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readText(option, file))
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>
  } catch (error) {
    if (error instanceof CallError) throw error
  }
  throw new CallError(`${file} is not a feed: it is not a JSON object.`)
}

/** Returns the product and the time of a feed as they are written: what is wrong with them, the check says. */
function productOf(option: string, file: string): { readonly product: string; readonly issued: string } {
  const content = parsedFeed(option, file)
  try {
    const feed =
      'payload' in content
        ? JSON.parse(Buffer.from(String(content['payload']), 'base64').toString())
        : content
    return { product: String(feed.product), issued: String(feed.issued) }
  } catch {
    return { product: '', issued: '' }
  }
}

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { documentsIn, type FoundDocument } from '../../src/maintainer/insights/import/documents.ts'
import { findFiles } from '../../src/maintainer/insights/import/import-files.ts'
import { scratchDirectory } from '../gateway/scratch.ts'

async function read(file: string): Promise<FoundDocument[]> {
  const found: FoundDocument[] = []
  for await (const each of documentsIn(file)) found.push(each)
  return found
}

const shown = ({ location, text, problem }: FoundDocument) => `${location}: ${text ?? problem}`

/** A message as the Collector's file exporter writes it with `compression: zstd`. */
function message(text: string): Buffer {
  const packed = zstdCompressSync(Buffer.from(text))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(packed.length)
  return Buffer.concat([length, packed])
}

const lines = '{"a":1}\n\n{"b":2}\n'
const ofLines = ['line 1: {"a":1}', 'line 3: {"b":2}']

test('a file is read in every form that a Collector and its rotation leave', async (t) => {
  const directory = await scratchDirectory(t)
  const forms: readonly (readonly [name: string, bytes: Buffer, found: readonly string[]])[] = [
    ['2026-03-01-1.jsonl', Buffer.from(lines), ofLines],
    ['without-last-end.jsonl', Buffer.from(lines.trimEnd()), ofLines],
    ['usage-2026-03-01T10-00-00.000.jsonl.gz', gzipSync(lines), ofLines],
    ['packed-by-lines.gz', Buffer.concat([gzipSync('{"a":1}\n\n'), gzipSync('{"b":2}\n')]), ofLines],
    ['day.jsonl.zst', zstdCompressSync(Buffer.from(lines)), ofLines],
    [
      'frames.zst',
      Buffer.concat([message('{"a":1}'), message('{"b":2}')]),
      ['message 1: {"a":1}', 'message 2: {"b":2}'],
    ],
    ['export.json', Buffer.from('{\n"a": 1\n}'), ['the document: {\n"a": 1\n}']],
    ['export.json.gz', gzipSync('{\n"a": 1\n}'), ['the document: {\n"a": 1\n}']],
    ['empty.jsonl', Buffer.alloc(0), []],
  ]
  for (const [name, bytes, found] of forms) {
    const file = path.join(directory, name)
    await writeFile(file, bytes)
    assert.deepEqual((await read(file)).map(shown), found, name)
  }
})

test('a damaged or truncated file is refused with its location, and what can be read of it is read', async (t) => {
  const directory = await scratchDirectory(t)
  const many = Array.from(
    { length: 4_000 },
    (_, index) => `{"n":"${createHash('md5').update(`${index}`).digest('hex')}"}\n`,
  ).join('')
  const cases: readonly (readonly [name: string, bytes: Buffer, last: RegExp, read: number])[] = [
    [
      'cut.gz',
      gzipSync(many).subarray(0, 60_000),
      /^line \d+: the compressed file is damaged or ends too early behind it: /,
      1_000,
    ],
    [
      'cut.zst',
      zstdCompressSync(Buffer.from(many)).subarray(0, 80_000),
      /^line \d+: the compressed file is damaged or ends/,
      0,
    ],
    [
      'torn.gz',
      Buffer.concat([gzipSync(lines).subarray(0, 20), Buffer.alloc(20, 7)]),
      /^its beginning: the compressed file is damaged/,
      0,
    ],
    [
      'frames.zst',
      Buffer.concat([message('{"a":1}'), message('{"b":2}').subarray(0, 9)]),
      /^message 2: the file ends within it$/,
      1,
    ],
    [
      'frames-lie.zst',
      Buffer.concat([message('{"a":1}'), Buffer.alloc(8, 255)]),
      /^message 2: it is said to have 4294967295 bytes; what follows/,
      1,
    ],
    [
      'no-text.jsonl',
      Buffer.concat([Buffer.from('{"a":1}\n'), Buffer.from([0xff, 0xfe, 0x80])]),
      /^line 2: it is not UTF-8$/,
      1,
    ],
  ]
  for (const [name, bytes, last, least] of cases) {
    const file = path.join(directory, name)
    await writeFile(file, bytes)
    const found = await read(file)
    assert.match(shown(found.at(-1) as FoundDocument), last, name)
    const good = found.filter(({ text }) => text !== undefined).length
    assert.ok(good >= least && good === found.length - 1, `${name}: ${good}`)
  }
})

test('a document that unpacks to more than 16 MiB is refused, and the rest of the file is read', async (t) => {
  const directory = await scratchDirectory(t)
  const zeros = gzipSync(Buffer.alloc(8 * 1_048_576))
  const bomb = Buffer.concat([gzipSync('{"a":1}\n'), ...Array(3).fill(zeros), gzipSync('\n{"b":2}')])
  const bombs: readonly (readonly [name: string, bytes: Buffer, found: readonly string[]])[] = [
    [
      'bomb.jsonl.gz',
      bomb,
      ['line 1: {"a":1}', 'line 2: it has more than 16777216 bytes', 'line 3: {"b":2}'],
    ],
    ['bomb.json.gz', bomb, ['the document: it has more than 16777216 bytes']],
    [
      'frame.zst',
      Buffer.concat([message('0'.repeat(20_000_000)), message('{"b":2}')]),
      [
        'message 1: it cannot be unpacked: Cannot create a Buffer larger than 16777216 bytes',
        'message 2: {"b":2}',
      ],
    ],
  ]
  for (const [name, bytes, found] of bombs) {
    const file = path.join(directory, name)
    await writeFile(file, bytes)
    assert.deepEqual((await read(file)).map(shown), found, name)
  }
})

test('what is not a file, cannot be read, or has another checksum than beside it, is refused before anything waits for it', async (t) => {
  const directory = await scratchDirectory(t)
  const at = (name: string) => path.join(directory, name)
  const right = '{"resourceMetrics":[]}'
  const sum = (text: string, name: string) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`
  await writeFile(at('right.json'), right)
  await writeFile(at('right.json.sha256'), sum(right, 'right.json'))
  await writeFile(at('damaged.json'), '{"resourceMetrics":[ ]}')
  await writeFile(at('damaged.json.sha256'), sum(right, 'damaged.json'))
  await writeFile(at('odd.json'), right)
  await writeFile(at('odd.json.sha256'), 'nothing')
  await writeFile(at('notes.txt'), 'no data')
  await mkdir(at('folder.jsonl'))
  await mkdir(at('nothing'))
  if (process.platform !== 'win32') execFileSync('mkfifo', [at('pipe.jsonl')])
  const problems = async (...names: string[]) =>
    (await findFiles(names.map(at))).map(
      ({ file, problem }) => `${path.relative(directory, file)}: ${problem?.replaceAll(directory, '')}`,
    )
  assert.deepEqual(await problems('', 'right.json'), [
    'damaged.json: its SHA-256 is another one than in /damaged.json.sha256: it is damaged; copy it again',
    'folder.jsonl: it is not a regular file',
    'odd.json: /odd.json.sha256 holds no SHA-256',
    ...(process.platform === 'win32' ? [] : ['pipe.jsonl: it is not a regular file']),
    'right.json: undefined',
  ])
  assert.deepEqual(await problems('nowhere.json', 'nothing'), [
    'nowhere.json: it does not exist',
    'nothing: it is a folder without .jsonl or .json files',
  ])
  if (process.getuid?.() !== 0) {
    await chmod(at('right.json'), 0)
    assert.match(shown((await read(at('right.json')))[0] as FoundDocument), /this user may not read it$/)
  }
})

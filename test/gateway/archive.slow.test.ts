import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { pruneArchive } from '../../src/maintainer/stack/archive.ts'
import {
  report,
  rowsOf,
  runClickHouse,
  runGateway,
  sampleOf,
  send,
  untilRows,
  uuid,
} from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const overlay = path.resolve('collector-config/archive.yaml')

/** A gateway with the archive as it is deployed, and a sender that goes by new ids. */
async function archivingGateway(
  t: Parameters<typeof runGateway>[0],
  { directory, nativeEndpoint }: { directory: string; nativeEndpoint?: string },
) {
  const lines: string[] = []
  const gateway = await runGateway(t, {
    ...{ directory, archive: overlay, onLine: (line) => lines.push(line) },
    ...(nativeEndpoint !== undefined && { nativeEndpoint }),
  })
  const archive = path.join(gateway.directory, 'archive')
  return {
    ...{ gateway, archive, lines },
    /** Sends a report and returns the answer's status and the installation's id. */
    one: async () => {
      const id = uuid('4')
      const { status } = await send(gateway.url, report({ attributes: { 'service.instance.id': id } }))
      return { id, status }
    },
    untilArchived: (id: string) =>
      until(`${id} is in the archive`, async () => (await textOf(archive)).includes(id)),
    failed: () => sampleOf(gateway, 'otelcol_exporter_send_failed_metric_points', 'file/archive'),
  }
}

async function textOf(archive: string): Promise<string> {
  const files = await readdir(archive).catch(() => [])
  return (
    await Promise.all(files.map((file) => readFile(path.join(archive, file), 'utf8').catch(() => '')))
  ).join('')
}

test('the archive in files of a day has every report, over a restart too, and the store knows nothing of it', async (t) => {
  const directory = await scratchDirectory(t)
  const clickHouse = await runClickHouse(t, directory)
  const { nativeEndpoint } = clickHouse
  for (let start = 0; start < 2; start += 1) {
    const { gateway, one, untilArchived } = await archivingGateway(t, { directory, nativeEndpoint })
    const { status, id } = await one()
    assert.equal(status, 200)
    await untilArchived(id)
    await gateway.stop()
  }
  const files = await readdir(path.join(directory, 'gateway', 'archive'))
  assert(files.length > 0 && files.every((file) => /^\d{4}-\d\d-\d\d-[12]\.jsonl$/.test(file)), files.join())
  await archivingGateway(t, { directory, nativeEndpoint })
  await untilRows(clickHouse, 'points', 2)
  const rows = await rowsOf<{ n: number }>(
    clickHouse,
    "SELECT countIf(mapContains(ResourceAttributes, 'usage.archive.file')) AS n FROM points",
  )
  assert.deepEqual(rows, [{ n: 0 }])
})

// The archive shared an answer with the store: 500, although the report was stored, and so for as long as the archive failed.
test('an archive that cannot be written costs no installation its 200; the log and the counts say so', async (t) => {
  const directory = await scratchDirectory(t)
  const archive = path.join(directory, 'gateway', 'archive')
  // What is in the way of the files of the day, and tomorrow's, should midnight pass.
  for (const day of [0, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)))
    for (const turn of [1, 2]) await mkdir(path.join(archive, `${day}-${turn}.jsonl`), { recursive: true })
  const { one, lines, failed } = await archivingGateway(t, { directory })
  for (let sent = 0; sent < 50; sent += 1) assert.equal((await one()).status, 200)
  await until('the failure is counted', async () => (await failed()) >= 50)
  await until('the log says why', () => lines.some((line) => /file\/archive.+is a directory/.test(line)))
})

// A pipe that nobody reads takes 64 KiB, and then holds up whoever writes: as a network's disk that hangs.
test('an archive on a disk that hangs delays no answer', {
  skip: process.platform === 'win32' && 'there are no named pipes in the file system',
}, async (t) => {
  const directory = await scratchDirectory(t)
  const archive = path.join(directory, 'gateway', 'archive')
  await mkdir(archive, { recursive: true })
  const day = new Date().toISOString().slice(0, 10)
  const pipes = [1, 2].map((turn) => path.join(archive, `${day}-${turn}.jsonl`))
  for (const pipe of pipes) execFileSync('mkfifo', [pipe])
  const { gateway } = await archivingGateway(t, { directory })
  const large = report({ gauges: Array(400).fill({ name: 'usage.withheld', value: 3 }) })
  const statuses = new Set<number>()
  for (let sent = 0; sent < 400; sent += 1) statuses.add((await send(gateway.url, large)).status)
  // It waits for the pipe when it is told to end.
  process.kill(gateway.pid, 'SIGKILL')
  assert.deepEqual([...statuses], [200])
})

test('after somebody has removed the archive it is made again, with the same gateway', async (t) => {
  const directory = await scratchDirectory(t)
  const { archive, one, untilArchived } = await archivingGateway(t, { directory })
  await untilArchived((await one()).id)
  await rm(archive, { recursive: true })
  await until('reports are in the archive again', async () => {
    assert.equal((await one()).status, 200)
    return (await textOf(archive)) !== ''
  })
})

test('a file of the archive is there for 30 days, and nothing else is touched', async (t) => {
  const directory = await scratchDirectory(t)
  const archive = path.join(directory, 'archive')
  await mkdir(archive)
  const over = ['2026-03-01-1.jsonl', '2026-03-01.jsonl']
  const kept = [
    '2026-01-01.txt',
    '2026-03-02-2.jsonl',
    '2026-03-31-1.jsonl',
    'forgotten.jsonl',
    'usage.jsonl',
  ]
  for (const name of [...over, ...kept]) await writeFile(path.join(archive, name), '')
  await pruneArchive(directory, Date.parse('2026-03-31T23:00:00Z'))
  assert.deepEqual(await readdir(archive), kept)
  await pruneArchive(path.join(directory, 'nowhere'), Date.now())
})

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { pruneArchive } from '../../src/gateway/archive.ts'
import { report, rowsOf, runClickHouse, runGateway, send, untilRows, uuid } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

const overlay = path.resolve('collector-config/archive.yaml')

test('the archive in files of a day has every report, over a restart too, and the store knows nothing of it', async (t) => {
  const directory = await scratchDirectory(t)
  const clickHouse = await runClickHouse(t, directory)
  const { nativeEndpoint } = clickHouse
  const ids = [uuid('4'), uuid('4')]
  for (const id of ids) {
    const gateway = await runGateway(t, { directory, archive: overlay, nativeEndpoint })
    const answer = await send(gateway.url, report({ attributes: { 'service.instance.id': id } }))
    assert.equal(answer.status, 200)
    await gateway.stop()
  }
  const archive = path.join(directory, 'gateway', 'archive')
  const files = await readdir(archive)
  assert(files.length > 0 && files.every((file) => /^\d{4}-\d\d-\d\d\.jsonl$/.test(file)), files.join())
  const text = (await Promise.all(files.map((file) => readFile(path.join(archive, file), 'utf8')))).join('')
  assert(ids.every((id) => text.includes(id)))
  await runGateway(t, { directory, archive: overlay, nativeEndpoint })
  await untilRows(clickHouse, 'points', 2)
  const rows = await rowsOf<{ n: number }>(
    clickHouse,
    "SELECT countIf(mapContains(ResourceAttributes, 'usage.archive.day')) AS n FROM points",
  )
  assert.deepEqual(rows, [{ n: 0 }])
})

test('a file of the archive is there for 30 days, and nothing else is touched', async (t) => {
  const directory = await scratchDirectory(t)
  const archive = path.join(directory, 'archive')
  await mkdir(archive)
  const names = ['2026-03-01.jsonl', '2026-03-02.jsonl', '2026-03-31.jsonl', 'usage.jsonl', '2026-01-01.txt']
  for (const name of names) await writeFile(path.join(archive, name), '')
  await pruneArchive(directory, Date.parse('2026-03-31T23:00:00Z'))
  assert.deepEqual(
    await readdir(archive),
    ['2026-01-01.txt', '2026-03-02.jsonl', '2026-03-31.jsonl', 'usage.jsonl'].sort(),
  )
  await pruneArchive(path.join(directory, 'nowhere'), Date.now())
})

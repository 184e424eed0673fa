import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { scratchDirectory } from './scratch.ts'

const folder = path.resolve(import.meta.dirname, '../../collector-config/grafana')
const dashboards = ['usage', 'usage-facts', 'usage-gateway'].map((name) =>
  JSON.parse(readFileSync(path.join(folder, `dashboards/${name}.json`), 'utf8')),
)

test('no panel of a dashboard lies on another one or beside the grid, and each says what it shows', () => {
  for (const { panels, uid } of dashboards) {
    const taken = new Set<string>()
    const ids = new Set<number>()
    for (const { id, type, title, description, gridPos, targets = [] } of panels) {
      ids.add(id)
      assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, `${uid}: ${title}`)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!taken.has(`${x} ${y}`), `${uid}: ${title} lies on another panel`)
          taken.add(`${x} ${y}`)
        }
      if (type === 'row') continue
      assert.ok(title && description && targets.length > 0, `${uid}: ${title}`)
      for (const target of targets) assert.equal(target.datasource.uid, '$'.concat('{datasource}'))
    }
    assert.equal(ids.size, panels.length)
  }
})

test('`gateway grafana --out` writes dashboards, alerts and provisioning, and replaces no file that somebody has changed', async (t) => {
  const out = path.join(await scratchDirectory(t), 'grafana')
  const first = await runCommand(['gateway', 'grafana', '--out', out])
  assert.equal(first.code, 0, first.stderr)
  for (const file of [
    'dashboards/usage.json',
    'provisioning/alerting/usage.yaml',
    'provisioning/datasources/usage.yaml',
  ])
    assert.equal(readFileSync(path.join(out, file), 'utf8'), readFileSync(path.join(folder, file), 'utf8'))
  assert.match(first.stdout, /USAGE_READER_PASSWORD/)
  assert.equal((await runCommand(['gateway', 'grafana', '--out', out])).code, 0)
  assert.match((await runCommand(['gateway', 'grafana'])).stderr, /--out is missing/)
})

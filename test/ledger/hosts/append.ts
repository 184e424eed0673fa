/**
 * A process that writes reports into a ledger that is cut all the time: `node append.ts DIRECTORY MAX_SIZE NAME COUNT`. It says each
 * report's id when that is written down.
 */
import { createLedger } from '../../../src/library/ledger/index.ts'
import { createDirectoryStore } from '../../../src/state/index.ts'
import { entry } from '../stores.ts'

const [directory = '', maxSize, name, count] = process.argv.slice(2)
const ledger = createLedger(createDirectoryStore(directory), { maxSize: Number(maxSize) })
for (let number = 0; number < Number(count); number++) {
  const reportId = `${name}.${number}`
  const bytes = Buffer.from(JSON.stringify({ reportId, of: 'x'.repeat((number * 131) % 3_000) }))
  await ledger.append(entry({ reportId, bytes }))
  process.stdout.write(`${reportId}\n`)
}

/**
 * A process that reports when it is told to: `node keep.ts MACHINE`; it says `ready`, then for each line with a directory it
 * proposes, keeps, and says who its report would be from.
 */
import { createInterface } from 'node:readline'
import { createInstallation } from '../../../src/library/identity/index.ts'
import { systemClock } from '../../../src/platform/index.ts'
import { createDirectoryStore } from '../../../src/state/index.ts'

const [machine] = process.argv.slice(2)
process.stdout.write('ready\n')
for await (const directory of createInterface({ input: process.stdin })) {
  const installation = createInstallation(createDirectoryStore(directory), systemClock, {
    machine: () => machine,
  })
  await installation.propose()
  await installation.keep()
  const { id } = await installation.propose()
  process.stdout.write(`${id} ${await installation.secret()}\n`)
}

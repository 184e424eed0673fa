/** A process that waits for its turn and chooses: `node choose.ts DIRECTORY CHOICE BY`; it says `ready` and waits for a line. */
import { once } from 'node:events'
import { consentIn } from '../running.ts'

const [directory = '', choice = '', by = ''] = process.argv.slice(2)
const consent = consentIn(directory)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const { state, level } = await consent.set(choice, { by })
process.stdout.write(`${state} ${level}\n`)
process.stdin.destroy()

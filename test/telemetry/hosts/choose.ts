/** A process that chooses and ends: `node choose.ts STATE CHOICE BY`. Says nothing unless it fails. */
import { createAcme } from '../../support/acme.ts'

const [state = '', choice = '', by = ''] = process.argv.slice(2)
await createAcme({ state }).consent.set(choice, { by })

/**
 * A host in which some library has given a property to every object: node polluted.ts. Prints what was thrown, and what rejected
 * unheard, by the name and the kind of the property.
 */
import { createAcme } from '../../support/acme.ts'

/** Names that a library adds, that the library here leaves out of its own objects, and that functions of JavaScript look for. */
const NAMES = [
  ...[
    'x',
    'extend',
    'value',
    'reason',
    'failure',
    'error',
    'cause',
    'answer',
    'current',
    'unwritten',
    'total',
  ],
  ...[
    'since',
    'random',
    'newer',
    'unit',
    'useGrouping',
    'toJSON',
    'hold',
    'final',
    'account',
    'kept',
    'lineage',
  ],
]

const KINDS: Readonly<Record<string, PropertyDescriptor>> = {
  text: { value: 'polluted', writable: true },
  number: { value: 7, writable: true },
  function: { value: () => 'polluted', writable: true },
}

const found: string[] = []
let place = ''
const note = (what: string) => found.push(`${place}: ${what}`)
process.on('unhandledRejection', (error) => note(`unheard ${error}`))
process.on('uncaughtException', (error) => note(`uncaught ${error}`))

async function life(acme: ReturnType<typeof createAcme>) {
  acme.set('acme.edition', async () => 'community' as const)
  acme.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  for (const step of ['start', 'preview', 'report', 'shutdown'] as const)
    await acme[step]().catch((error: unknown) => note(`${step} ${error}`))
}

await life(createAcme())
const alive = setInterval(() => {}, 1_000)
for (const name of NAMES) {
  for (const [kind, descriptor] of Object.entries(KINDS)) {
    place = `${name} (${kind})`
    const acme = createAcme()
    Object.defineProperty(Object.prototype, name, { ...descriptor, configurable: true, enumerable: true })
    await life(acme)
    await new Promise((resolve) => setImmediate(resolve))
    Reflect.deleteProperty(Object.prototype, name)
  }
}
Object.defineProperty(Array.prototype, 'last', { value: () => {}, configurable: true, enumerable: true })
place = 'Array.prototype.last'
await life(createAcme())
clearInterval(alive)
process.stdout.write(JSON.stringify(found))

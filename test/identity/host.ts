import { createInstallation, type IdentityPolicy } from '../../src/library/identity/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'

export const DAY = 86_400_000

export const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A machine that has no machine id: copies are not detected. */
export const unknownMachine = () => undefined

/** A state store that several installations share, that counts what is written and lists what was done. */
export function createHost(inner: StateStore = createMemoryStore()) {
  const done: string[] = []
  const store: StateStore = {
    ...inner,
    write(name, data) {
      done.push(`write ${name}`)
      return inner.write(name, data)
    },
    async create(name, data) {
      const made = await inner.create(name, data)
      if (made) done.push(`create ${name}`)
      return made
    },
    remove(name) {
      done.push(`remove ${name}`)
      return inner.remove(name)
    },
  }
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  return {
    store,
    clock,
    /** What was done to the store since it was asked last. */
    done: () => done.splice(0),
    install: (policy: IdentityPolicy = {}) =>
      createInstallation(store, clock, { machine: unknownMachine, ...policy }),
    stored: async (): Promise<unknown> => {
      const bytes = await store.read('installation.json')
      return bytes && JSON.parse(new TextDecoder().decode(bytes))
    },
  }
}

export type Host = ReturnType<typeof createHost>

/** An installation that has reported once. */
export async function reported(host: Host, policy: IdentityPolicy = {}) {
  const installation = host.install(policy)
  await installation.propose()
  await installation.keep()
  return { installation, ...(await installation.propose()), secret: await installation.secret() }
}

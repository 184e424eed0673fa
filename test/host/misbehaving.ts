/** Answers of a host's functions that none of them should give. Each is made when it is asked for. */
export const MISBEHAVIOURS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error('as planned')
  },
  'throws nothing': () => {
    throw undefined
  },
  'throws what cannot be shown': () => {
    throw Object.create(null)
  },
  'throws an error that throws': () => {
    throw Object.defineProperty(new Error(), 'message', {
      get() {
        throw new Error('as planned')
      },
    })
  },
  rejects: () => Promise.reject(new Error('as planned')),
  'rejects with nothing': () => Promise.reject(),
  'rejects later': async () => {
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('as planned')
  },
  'never settles': () => new Promise(() => {}),
  'has a then that throws when it is read': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    get then() {
      throw new Error('as planned')
    },
  }),
  'has a then that throws': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then() {
      throw new Error('as planned')
    },
  }),
  'has an async then that rejects': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    async then() {
      throw new Error('as planned')
    },
  }),
  'has a then that never calls back': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then() {},
  }),
  'resolves to itself': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then(resolve: (value: unknown) => void) {
      resolve(this)
    },
  }),
  'resolves to itself again and again': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then(resolve: (value: unknown) => void) {
      for (let times = 0; times < 100; times++) resolve(this)
    },
  }),
  'resolves to itself, each time a turn later': () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then(resolve: (value: unknown) => void) {
      setImmediate(() => resolve(this))
    },
  }),
  'is a function with a then that rejects': () =>
    Object.assign(() => {}, {
      // biome-ignore lint/suspicious/noThenProperty: that is what is tried
      then: (_: unknown, reject: (error: unknown) => void) => reject('as planned'),
    }),
}

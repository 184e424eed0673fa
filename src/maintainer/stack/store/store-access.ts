/** Address and login with which the Collector reaches the store. */
export interface StoreAccess {
  /** `tcp://host:port` for the native protocol, or an HTTP address. */
  readonly address: string
  readonly user: string
  readonly password: string
  readonly database: string
}

/** The store has answered with a refusal. */
export class StoreRefusal extends Error {
  override readonly name = 'StoreRefusal'
}

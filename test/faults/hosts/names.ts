import dns from 'node:dns'

export interface NameTrouble {
  /** What a look-up takes, in milliseconds. */
  readonly delay?: number
  /** What it fails with, such as `EAI_AGAIN`. Default: it succeeds. */
  readonly code?: string
}

/** Makes the look-ups of this process slow, or vain: Node.js calls `dns.lookup` for each connection to a name. */
export function troubleNames({ delay = 0, code }: NameTrouble): void {
  const lookup = dns.lookup as unknown as (...args: unknown[]) => void
  const troubled = (...args: unknown[]) => {
    setTimeout(() => {
      if (code === undefined) return lookup(...args)
      const callback = args.at(-1) as (error: Error) => void
      callback(Object.assign(new Error(`getaddrinfo ${code}`), { code, syscall: 'getaddrinfo' }))
    }, delay).unref()
  }
  dns.lookup = troubled as unknown as typeof dns.lookup
}

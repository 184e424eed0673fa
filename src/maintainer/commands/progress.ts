import type { CommandContext } from './command-io.ts'

export interface Progress {
  /** Adds a text behind the time. */
  say(text: string): void
  stop(): void
}

/** Tells a person on a terminal, once a second, that the store is asked. */
export function showProgress(stderr: CommandContext['stderr']): Progress {
  if (stderr.isTTY !== true) return { say: () => {}, stop: () => {} }
  const started = performance.now()
  let more = ''
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1_000)
    stderr.write(`\rAsking the store: ${seconds} s ${more}\u001b[K`)
  }, 1_000)
  return {
    say(text) {
      more = text
    },
    stop() {
      clearInterval(timer)
      if (performance.now() - started >= 1_000) stderr.write('\r\u001b[K')
    },
  }
}

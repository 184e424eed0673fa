import type { Writable } from 'node:stream'

/** Shows that something takes its time. */
export interface Progress {
  /** Names what happens now, such as `compiling`. */
  phase(text: string): void
  /** Ends the display and leaves a last line, if one is given. */
  end(text?: string): void
}

export interface ProgressOptions {
  /** What the whole is about: the beginning of each line. */
  readonly title: string
  /** Where to write. Default: standard error. A terminal gets one line that changes, anything else plain lines. */
  readonly output?: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Milliseconds between two signs of life where the output is no terminal. Default: 15000. */
  readonly interval?: number
  /** The time in milliseconds. Default: the process's monotonic clock. */
  readonly now?: () => number
}

/** A progress display. It writes nothing before the first phase, and does not keep the process alive. */
export function createProgress(options: ProgressOptions): Progress {
  const { title, output = process.stderr, interval = 15_000, now = () => performance.now() } = options
  const terminal = output.isTTY === true
  const startedAt = now()
  let current: string | undefined
  let timer: NodeJS.Timeout | undefined

  const elapsed = () => duration(now() - startedAt)
  const draw = () => {
    if (current === undefined) return
    if (!terminal) return void output.write(`${title}: ${current} (${elapsed()})\n`)
    const line = `${title}: ${current} ${elapsed()}`
    output.write(`\r\u001b[2K${line.slice(0, (output.columns ?? 80) - 1)}`)
  }

  return {
    phase(text) {
      if (text === current) return
      current = text
      timer ??= setInterval(draw, terminal ? 250 : interval).unref()
      draw()
    },
    end(text) {
      clearInterval(timer)
      if (terminal && current !== undefined) output.write('\r\u001b[2K')
      if (text !== undefined && current !== undefined) output.write(`${title}: ${text} (${elapsed()})\n`)
      current = undefined
    },
  }
}

function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

import type { Writable } from 'node:stream'

/** Display of the progress of long work. */
export interface Progress {
  /** Shows the current phase, such as `compiling`. */
  phase(text: string): void
  /** Ends the display, and leaves a last line if one is given. */
  end(text?: string): void
}

export interface ProgressOptions {
  /** Beginning of each line: the name of the work. */
  readonly title: string
  /** Stream for the lines. Default: standard error. A terminal gets one line that changes, any other stream plain lines. */
  readonly output?: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Milliseconds between two lines if the stream is not a terminal. Default: 15000. */
  readonly interval?: number
  /** Returns the time in milliseconds. Default: the monotonic clock of the process. */
  readonly now?: () => number
}

/** Creates a progress display. It writes nothing before the first phase, and does not keep the process alive. */
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

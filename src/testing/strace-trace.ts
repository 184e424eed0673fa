/** A system call in the trace. */
export interface SystemCall {
  /** Id of the process or thread that made the call. */
  readonly pid: number
  readonly name: string
  /** Arguments as strace prints them. */
  readonly args: string
  /** Return value, such as `3</etc/hosts>` or `-1 ENOENT (…)`; empty when the call never returned. */
  readonly result: string
}

/**
 * Parses the output of `strace -f -o` into system calls, in the order in which they began. A call that another thread interrupts is on two
 * lines (`<unfinished ...>`, `<... connect resumed>`); a call that ended with its process is on one line, without a result.
 */
export function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = []
  const waiting = new Map<number, { readonly index: number; readonly begun: string }>()

  for (const line of trace.split('\n')) {
    const { pid: digits, body = '' } = LINE.exec(line)?.groups ?? {}
    const pid = Number(digits)
    const begun = UNFINISHED.exec(body)?.groups?.['begun']
    const resumed = RESUMED.exec(body)?.groups?.['rest']
    if (begun !== undefined) {
      waiting.set(pid, { index: calls.length, begun })
      calls.push(callOf(pid, begun) ?? { pid, name: '', args: '', result: '' })
    } else if (resumed !== undefined) {
      const half = waiting.get(pid)
      const call = half && callOf(pid, half.begun + resumed)
      if (half && call) calls[half.index] = call
      waiting.delete(pid)
    } else {
      const call = callOf(pid, body)
      if (call) calls.push(call)
    }
  }
  return calls
}

/** Returns the quoted texts in the arguments of a call, each with the directory that strace prints before it, if any (`from`). */
export function quotedIn(args: string): Array<{ readonly from?: string; readonly text: string }> {
  return [...args.matchAll(QUOTED)].map(({ groups }) => ({
    ...(groups?.['from'] !== undefined && { from: withoutEscapes(groups['from']) }),
    text: withoutEscapes(groups?.['text'] ?? ''),
  }))
}

/** Returns the path of the file that a call opened; `undefined` when the call opened none. */
export function openedFile(result: string): string | undefined {
  const file = OPENED.exec(result)?.groups?.['file']
  return file === undefined ? undefined : withoutEscapes(file)
}

const LINE = /^(?<pid>\d+)\s+(?<body>.*)$/
const UNFINISHED = /^(?<begun>\w+\(.*)<unfinished \.\.\.>$/
const RESUMED = /^<\.\.\. \w+ resumed>(?<rest>.*)$/
const COMPLETE = /^(?<name>\w+)\((?<args>.*)\)\s+= (?<result>.*)$/
const BEGUN = /^(?<name>\w+)\((?<args>.*)$/
const QUOTED = /(?:\w+<(?<from>\/[^>]*)>, )?"(?<text>(?:[^"\\]|\\.)*)"/g
const OPENED = /^\d+<(?<file>\/.*)>/

function callOf(pid: number, text: string): SystemCall | undefined {
  const { name, args = '', result = '' } = (COMPLETE.exec(text) ?? BEGUN.exec(text))?.groups ?? {}
  return name === undefined ? undefined : { pid, name, args, result }
}

/** Decodes strace's escapes: `\"`, `\n`, and bytes as octal numbers. */
function withoutEscapes(text: string): string {
  const bytes = text.replaceAll(/\\(?:([0-7]{1,3})|(.))/g, (_, octal?: string, letter = '') =>
    octal === undefined ? (LETTERS[letter] ?? letter) : String.fromCharCode(Number.parseInt(octal, 8)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' }

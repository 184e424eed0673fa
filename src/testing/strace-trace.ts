/** One system call of the trace. */
export interface SystemCall {
  /** The process or thread that made it. */
  readonly pid: number
  readonly name: string
  /** Its arguments as strace prints them. */
  readonly args: string
  /** What it returned, such as `3</etc/hosts>` or `-1 ENOENT (…)`; empty where it never did. */
  readonly result: string
}

/**
 * The system calls in what `strace -f -o` has written, in the order in which they were made. A call that another thread
 * interrupts stands on two lines (`<unfinished ...>`, `<... connect resumed>`); one that ended with its process, on one.
 */
export function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = []
  const waiting = new Map<number, { readonly place: number; readonly begun: string }>()

  for (const line of trace.split('\n')) {
    const { pid: digits, body = '' } = LINE.exec(line)?.groups ?? {}
    const pid = Number(digits)
    const begun = UNFINISHED.exec(body)?.groups?.['begun']
    const resumed = RESUMED.exec(body)?.groups?.['rest']
    if (begun !== undefined) {
      waiting.set(pid, { place: calls.length, begun })
      calls.push(callOf(pid, begun) ?? { pid, name: '', args: '', result: '' })
    } else if (resumed !== undefined) {
      const half = waiting.get(pid)
      const call = half && callOf(pid, half.begun + resumed)
      if (half && call) calls[half.place] = call
      waiting.delete(pid)
    } else {
      const call = callOf(pid, body)
      if (call) calls.push(call)
    }
  }
  return calls
}

/** The texts among the arguments of a call, each with the directory that it starts from where strace names that. */
export function quotedIn(args: string): Array<{ readonly from?: string; readonly text: string }> {
  return [...args.matchAll(QUOTED)].map(({ groups }) => ({
    ...(groups?.['from'] !== undefined && { from: withoutEscapes(groups['from']) }),
    text: withoutEscapes(groups?.['text'] ?? ''),
  }))
}

/** The path of the file that a call has opened, where it has. */
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

/** A text without strace's escapes: `\"`, `\n`, and bytes as octal numbers. */
function withoutEscapes(text: string): string {
  const bytes = text.replaceAll(/\\(?:([0-7]{1,3})|(.))/g, (_, octal?: string, letter = '') =>
    octal === undefined ? (LETTERS[letter] ?? letter) : String.fromCharCode(Number.parseInt(octal, 8)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' }

import { Writable } from 'node:stream'

/** Stream that holds back its output until it is opened, so that the progress of one step does not mix with the text of another. */
export interface Gate {
  readonly output: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  open(): void
}

export function createGate(target: NodeJS.WriteStream): Gate {
  let isOpen = false
  const held: Buffer[] = []
  const output = new Writable({
    write(chunk, _, done) {
      if (isOpen) target.write(chunk)
      else held.push(chunk)
      done()
    },
  })
  return {
    output: Object.assign(output, { isTTY: target.isTTY, columns: target.columns }),
    open() {
      isOpen = true
      for (const chunk of held.splice(0)) target.write(chunk)
    },
  }
}

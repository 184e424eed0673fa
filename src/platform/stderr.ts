import { process, setImmediate } from './natives.ts'

let writing = 0
const ignore = () => {}

/**
 * Writes to the process's standard error. Where nobody reads it any more, or its disk is full, the text is lost and nothing else
 * happens: Node.js would end the host for an `error` event that nobody listens to. So this listens while it writes, and no longer;
 * what the host itself writes there fails as ever.
 */
export function systemStderr(text: string): void {
  const { stderr } = process
  if (writing++ === 0) stderr.on('error', ignore)
  stderr.write(text, () => {
    // The event comes after this.
    setImmediate(() => {
      if (--writing === 0) stderr.removeListener('error', ignore)
    })
  })
}

import { process, setImmediate } from './natives.ts'

let writing = 0
const ignore = () => {}

/**
 * Writes to the process's standard error. If its reader is gone or its disk is full, only the text is lost: an `error` event without a
 * listener would end the host, so this function listens while it writes. Failures of the host's own writes are not hidden.
 */
export function systemStderr(text: string): void {
  const { stderr } = process
  if (writing++ === 0) stderr.on('error', ignore)
  stderr.write(text, () => {
    // Node.js emits `error` after this callback.
    setImmediate(() => {
      if (--writing === 0) stderr.removeListener('error', ignore)
    })
  })
}

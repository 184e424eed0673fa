/** A command was called in a way that cannot be carried out. The message is a sentence with the fix. Ends the process with 2. */
export class CallError extends Error {
  override readonly name = 'CallError'
  readonly code = 'ERR_USAGE_CALL'
}

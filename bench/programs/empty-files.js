/** Loads three empty files: the cost in Node.js of loading anything. */
export async function start() {
  await import('./empty/one.js')
  await import('./empty/two.js')
}

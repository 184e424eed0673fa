/** Three files with nothing in them: what Node.js takes for having loaded anything. */
export async function start() {
  await import('./empty/one.js')
  await import('./empty/two.js')
  await import('./empty/three.js')
}

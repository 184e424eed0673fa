/** Repeats a check until it returns `true`, until the time is over, or until the server has ended. */
export async function eventually(
  ask: () => Promise<boolean>,
  within: number,
  ended: Promise<unknown>,
): Promise<'yes' | 'ended' | 'late'> {
  const deadline = performance.now() + within
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver) {
    if ((await ask()) && !isOver) return 'yes'
    if (performance.now() > deadline) return 'late'
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 50)), ended])
  }
  return 'ended'
}

/** Returns `true` if an HTTP server answers with a success. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

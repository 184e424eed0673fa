/**
 * A copy of plain data that nobody can change any more, down to its last list: own properties only, in objects without a prototype, so
 * that nothing is in it that was not written there.
 */
export function frozenCopy<T>(value: T, depth = 0): T {
  // No catalog is deeper; what refers to itself is refused by the rules.
  if (typeof value !== 'object' || value === null || depth > 8) return value
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (one) => frozenCopy(one, depth + 1))) as T
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, one] of Object.entries(value))
    if (one !== undefined) copy[name] = frozenCopy(one, depth + 1)
  return Object.freeze(copy) as T
}

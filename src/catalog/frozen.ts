/**
 * Returns a deeply frozen copy of plain data: own properties only, in objects without a prototype, so that a polluted
 * `Object.prototype` adds nothing to the copy.
 */
export function frozenCopy<T>(value: T, depth = 0): T {
  // No catalog is deeper. The rules refuse a value that refers to itself.
  if (typeof value !== 'object' || value === null || depth > 8) return value
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (one) => frozenCopy(one, depth + 1))) as T
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, one] of Object.entries(value))
    if (one !== undefined) copy[name] = frozenCopy(one, depth + 1)
  return Object.freeze(copy) as T
}

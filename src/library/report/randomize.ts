import { createHmac } from 'node:crypto'
import type { AttributeFact, AttributeValue } from '../../catalog/index.ts'

/**
 * Applies randomized response (S. L. Warner, 1965; k-ary form, Kairouz et al., 2014): returns the true value with the probability
 * e^ε / (e^ε + k - 1), otherwise one of the other values with equal probability.
 *
 * The result depends only on the installation's secret and the value. The same value always gives the same result, so daily reports do
 * not reveal the true value by their average (memoization as in RAPPOR, Erlingsson et al., 2014).
 */
export function randomized(
  fact: AttributeFact,
  name: string,
  value: AttributeValue,
  secret: string,
): AttributeValue {
  if (!('randomize' in fact) || fact.randomize === undefined || value === null) return value
  const values: readonly AttributeValue[] = fact.type === 'enum' ? fact.values : [true, false]
  const others = values.filter((other) => other !== value)
  if (others.length === values.length || others.length === 0) return value
  const [first, second] = dice(secret, `${name}=${value}`)
  const truth = Math.exp(fact.randomize.epsilon) / (Math.exp(fact.randomize.epsilon) + others.length)
  return first < truth ? value : (others[Math.floor(second * others.length)] as AttributeValue)
}

/** Returns two numbers from 0 to 1, 1 excluded, that depend only on the secret and the subject. */
function dice(secret: string, subject: string): [number, number] {
  const bytes = createHmac('sha256', secret).update(subject).digest()
  return [bytes.readUIntBE(0, 6) / 2 ** 48, bytes.readUIntBE(6, 6) / 2 ** 48]
}

import { createHmac } from 'node:crypto'
import type { AttributeFact, AttributeValue } from '../../catalog/index.ts'

/**
 * Randomized response (S. L. Warner, 1965; in its form for k values "k-ary", Kairouz et al., 2014): the truth with the probability
 * e^ε / (e^ε + k - 1), otherwise one of the other values, each as likely as the next.
 *
 * The dice are the installation's secret and the value: the same value always gives the same answer, so that asking every day
 * does not wear the lie off (the memoization of RAPPOR, Erlingsson et al., 2014).
 */
export function randomized(
  fact: AttributeFact,
  name: string,
  value: AttributeValue,
  noise: string,
): AttributeValue {
  if (!('randomize' in fact) || fact.randomize === undefined || value === null) return value
  const values: readonly AttributeValue[] = fact.type === 'enum' ? fact.values : [true, false]
  const others = values.filter((other) => other !== value)
  if (others.length === values.length || others.length === 0) return value
  const [first, second] = dice(noise, `${name}=${value}`)
  const truth = Math.exp(fact.randomize.epsilon) / (Math.exp(fact.randomize.epsilon) + others.length)
  return first < truth ? value : (others[Math.floor(second * others.length)] as AttributeValue)
}

/** Two numbers from 0 to 1 that depend on the secret and the subject alone. */
function dice(secret: string, subject: string): [number, number] {
  const bytes = createHmac('sha256', secret).update(subject).digest()
  return [bytes.readUIntBE(0, 6) / 2 ** 48, bytes.readUIntBE(6, 6) / 2 ** 48]
}

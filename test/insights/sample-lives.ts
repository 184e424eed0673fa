import { uuid } from '../gateway/running-gateway.ts'
import type { StoredReport } from '../gateway/stored-reports.ts'
import { createRandom } from '../support/random.ts'
import type { DayOfLife, Life } from './truth.ts'

/** Made-up lives of installations over some days up to today, and the reports that they sent: one a day at most. */
export function sampleLives(installations: number, days: number): { lives: Life[]; reports: StoredReport[] } {
  const random = createRandom('lives', 1)
  const reports: StoredReport[] = []
  const lives = Array.from({ length: installations }, (): Life => {
    const installation = uuid('4')
    const first = random.between(0, days - 1)
    const life = new Map<string, DayOfLife>()
    let version = random.one(['2.3.4', '2.5.0'])
    for (let back = first; back >= 0; back--) {
      if (back !== first && random.chance(0.3)) continue
      if (random.chance(0.2)) version = random.one(['2.5.1', '3.0.0', '3.1.0'])
      const day = new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)
      const attributes = {
        'service.version': version,
        'usage.consent.state': 'enabled',
        'usage.consent.level': random.one(['basic', 'full']),
        'acme.edition': random.one(['community', 'team', 'enterprise']),
        ...(random.chance(0.5) && { 'acme.storage': random.one(['heap', 'memory']) }),
      }
      const said = [
        ['acme.tables', {}, random.between(0, 400)],
        ['acme.users', {}, 2 ** random.between(0, 5)],
        ['acme.starts', {}, random.between(0, 3)],
        ['acme.commands', { command: 'find', result: 'ok' }, random.between(0, 9)],
        ['acme.commands', { command: 'insert', result: 'ok' }, random.between(0, 9)],
      ] as const
      const numbers: Record<string, Record<string, { last: number; sum: number }>> = {}
      for (const [fact, by, value] of said) {
        numbers[fact] ??= {}
        numbers[fact][JSON.stringify(by)] = { last: value, sum: value }
      }
      life.set(day, { attributes, numbers })
      reports.push({
        ...{ installation, reportId: uuid('7'), at: `${day} 00:00:01`, attributes },
        points: said.map(([name, by, value]) => ({ name, by, value })),
      })
    }
    return life
  })
  return { lives, reports }
}

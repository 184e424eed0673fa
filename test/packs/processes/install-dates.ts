/** Prints the months and days of moments that are another day, month or year elsewhere. */
import { installPack } from '../../../src/library/packs/index.ts'

for (const installedAt of [
  Date.UTC(2024, 1, 29, 23, 59, 59),
  Date.UTC(2025, 11, 31, 23, 59, 59),
  Date.UTC(2026, 0, 1),
]) {
  const [month, day] = (['month', 'day'] as const).map((precision) =>
    installPack({ since: 1, prefix: 'acme', installedAt, precision }).sources['acme.install.date'](),
  )
  console.log(await month, await day)
}

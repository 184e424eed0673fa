import { catalog, packs } from '../../examples/dependency-track/catalog.ts'
import { DATABASES, takeReport } from '../../examples/dependency-track/mapping.ts'
import { product } from '../../examples/dependency-track/product.ts'
import { defineSeedSystem } from './seed-system.ts'

const nameOf = (database: unknown) =>
  Object.entries(DATABASES).find(([, name]) => name === database)?.[0] ?? 'other'

const original = {
  system_id: '2b2a6b2e-5a25-4f0a-93ce-8d1a9a1c2f61',
  dt_version: '4.13.2',
  db_type: 'PostgreSQL',
  db_version: '15.4 (Debian 15.4-1.pgdg120+1)',
  /** Not in the body: `Dependency-Track v4.13.2 (amd64; Linux; 6.1.0-18-amd64) ManagedHttpClient/<system_id>`. */
  user_agent: { os_arch: 'amd64', os_name: 'Linux', os_version: '6.1.0-18-amd64' },
}

export const dependencyTrack = defineSeedSystem({
  name: 'dependency-track',
  product,
  catalog,
  packs,
  original,
  frameOf: ({ system_id, dt_version }) => ({ id: system_id, version: dt_version }),
  host: takeReport,
  refused: {},
  pages: [
    {
      // The page's table of examples, under the names of the body that is sent.
      name: 'getting-started/telemetry.md of its documentation (4.13)',
      document: {
        system_id: '78701907-3044-493d-92b5-6a45e08aecd3',
        dt_version: '4.13.0',
        db_type: 'PostgreSQL',
        db_version: '15.2',
      },
      refused: {},
    },
  ],
  places: {
    system_id: 'service.instance.id',
    dt_version: 'service.version',
    db_type: (report) => nameOf(report['db.system.name']),
    db_version: 'dependency_track.db.version',
    'user_agent/os_arch': 'host.arch',
    'user_agent/os_name': {
      kept: (name: string) => name.toLowerCase(),
      is: (report) => report['os.type'],
    },
    'user_agent/os_version': {
      kept: (version: string) => version.split('-')[0],
      is: (report) => report['dependency_track.os.kernel'],
    },
  },
  unset: {},
})

/** Which versions a CSAF 2.0 document says to be affected: each kind of `product_status` (3.2.3.9), as vendors write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advisoriesIn } from '../../src/maintainer/feed/advisories.ts'

const version = (name: string) => ({
  category: 'product_version',
  name,
  product: { product_id: `CSAFPID-${name}`, name: `Acme DB ${name}` },
})

const VERSIONS = ['1.9.0', '2.0.0', '2.4.2', '2.4.3', '3.0.0', '3.1.1', '3.1.2']

const csaf = (product_status: Readonly<Record<string, readonly string[]>>) => ({
  document: { category: 'csaf_security_advisory', csaf_version: '2.0', tracking: { id: 'ACME-SA-7' } },
  product_tree: {
    branches: [
      {
        ...{ category: 'vendor', name: 'Acme' },
        branches: [
          {
            ...{ category: 'product_name', name: 'Acme DB' },
            branches: [
              ...VERSIONS.map(version),
              {
                ...{ category: 'product_version_range', name: 'vers:semver/>=2.0.0|<2.4.3' },
                product: { product_id: 'CSAFPID-range', name: 'Acme DB 2' },
              },
            ],
          },
        ],
      },
    ],
    relationships: [
      {
        category: 'installed_on',
        product_reference: 'CSAFPID-range',
        relates_to_product_reference: 'CSAFPID-os',
        full_product_name: { product_id: 'CSAFPID-range-on-os', name: 'Acme DB 2 on Acme OS' },
      },
    ],
  },
  vulnerabilities: [
    {
      cve: 'CVE-2026-1234',
      product_status: Object.fromEntries(
        Object.entries(product_status).map(([kind, names]) => [kind, names.map((name) => `CSAFPID-${name}`)]),
      ),
      scores: [{ products: [], cvss_v3: { baseSeverity: 'HIGH' } }],
    },
  ],
})

const read = (status: Readonly<Record<string, readonly string[]>>) =>
  advisoriesIn(csaf(status), { file: 'csaf.json' }).map(({ affected, fixedIn }) => [affected, fixedIn ?? []])

for (const [what, status, affected, fixedIn] of [
  ['a range', { known_affected: ['range'], fixed: ['2.4.3'] }, '>=2.0.0 <2.4.3', ['2.4.3']],
  ['a range on an operating system', { known_affected: ['range-on-os'] }, '>=2.0.0 <2.4.3', []],
  ['single versions', { known_affected: ['2.0.0', '2.4.2'] }, '=2.0.0 || =2.4.2', []],
  [
    'a first and a last affected version',
    { first_affected: ['2.0.0'], last_affected: ['2.4.2'], first_fixed: ['2.4.3'] },
    '>=2.0.0 <=2.4.2',
    ['2.4.3'],
  ],
  ['a last affected version only', { last_affected: ['2.4.2'] }, '<=2.4.2', []],
  ['a first affected version only', { first_affected: ['2.0.0'] }, '>=2.0.0', []],
  [
    'a first affected and a first fixed version',
    { first_affected: ['2.0.0'], first_fixed: ['2.4.3'] },
    '>=2.0.0 <2.4.3',
    ['2.4.3'],
  ],
  [
    'two lines of releases',
    { first_affected: ['2.0.0', '3.0.0'], last_affected: ['2.4.2', '3.1.1'], fixed: ['2.4.3', '3.1.2'] },
    '>=2.0.0 <=2.4.2 || >=3.0.0 <=3.1.1',
    ['2.4.3', '3.1.2'],
  ],
  [
    'other versions that are not affected, and others under investigation',
    { known_affected: ['2.0.0'], known_not_affected: ['1.9.0'], under_investigation: ['3.0.0'] },
    '=2.0.0',
    [],
  ],
] as const)
  test(`a CSAF document that names ${what} is imported`, () => {
    assert.deepEqual(read(status), [[affected, fixedIn]])
  })

for (const kind of ['known_not_affected', 'under_investigation', 'fixed', 'first_fixed', 'recommended'])
  test(`a CSAF document whose only status is ${kind} is not imported as an advisory`, () => {
    assert.deepEqual(read({ [kind]: ['2.4.3'] }), [])
  })

test('a CSAF document whose first and last affected versions do not match is refused', () => {
  assert.throws(
    () => read({ first_affected: ['2.0.0', '3.0.0'], last_affected: ['2.4.2'] }),
    /csaf\.json names 2 first and 1 last affected versions/,
  )
})

import { defineCatalog } from '../../src/catalog/index.ts'
import type { GatheredReport, ReportProduct, ReportQuestion } from '../../src/maintainer/community/index.ts'
import type { Answer, QuestionName } from '../../src/maintainer/insights/index.ts'
import { ANSWERS } from '../charts/answers.ts'

export const catalog = defineCatalog({
  version: 2,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.edition': {
      ...{
        kind: 'attribute',
        type: 'enum',
        values: ['community', 'team', 'enterprise'],
        level: 'basic',
        since: 1,
      },
      why: 'Shows which edition the work should go into.',
      example: 'community',
      owner: 'team core',
      review: 'https://acme.example/issues/7',
    },
    'acme.users': {
      ...{ kind: 'gauge', unit: '{user}', round: 'log2', level: 'full', since: 1, example: 8 },
      why: 'Shows for how many people it must stay fast.',
    },
    'acme.commands': {
      ...{ kind: 'count', unit: '{command}', level: 'full', since: 2, expires: '2027-06-30' },
      by: { command: ['find', 'insert', 'drop'], result: ['ok', 'error'] },
      why: 'Shows which commands are used, and how often they fail.',
    },
    'acme.labels': {
      ...{ kind: 'attribute', type: 'metadata', level: 'full', since: 2, example: { purpose: 'test' } },
      why: 'Lets operators say what an installation is for.',
    },
  },
})

export const product: ReportProduct = { name: 'acme-db', title: 'Acme DB', catalog }

const question = (
  ask: QuestionName,
  title: string,
  decision: string,
  more: Partial<ReportQuestion> = {},
) => ({
  ...{ id: `acme-db-${ask.toLowerCase()}`, ask, product, title, decision },
  ...{ link: undefined, before: undefined, after: undefined, options: {} },
  ...more,
  answer: ANSWERS[ask],
})

const factAnswers: Readonly<Record<string, Answer | undefined>> = {
  'acme.edition': ANSWERS.breakdown,
  'acme.users': ANSWERS.distribution,
  'acme.commands': ANSWERS.totals,
}

/** A report as the store would give it. */
export const sampleReport: GatheredReport = {
  definition: {
    title: 'How Acme DB is used',
    about:
      'Acme DB reports its usage where its operators allow it. This is what comes of it, and what we decide by it.\n\nMore is at https://acme.example/telemetry.',
    link: 'https://acme.example/',
    smallestGroup: 20,
    products: [product],
    questions: [],
  },
  lastUpdated: '2026-11-27T03:00:12Z',
  products: [
    {
      ...product,
      until: '2026-11-26',
      active: ANSWERS.active,
      versions: ANSWERS.versions,
      facts: Object.entries(catalog.facts)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, fact]) => ({ name, fact, answer: factAnswers[name] })),
    },
  ],
  questions: [
    question('active', 'How many installations are there?', 'How much care a release needs.'),
    question('growth', 'Is it more each month?', 'Whether the first steps are easy enough.'),
    question('adoption', 'How fast is a new version adopted?', 'How long the version before gets fixes.', {
      link: 'https://acme.example/issues/12',
    }),
    question('versions', 'Which versions are in use?', 'Which versions are supported.'),
    question('supported', 'How many run a supported version?', 'Whether the support of 2.x ends in spring.'),
    question('countries', 'Where is it in use?', 'Into which languages it is translated next.', {
      after: 'Only the country of a connection is kept, never its address.',
    }),
    question('cross', 'Which edition is used where?', 'Where a partner is needed.'),
    question('canIDrop', 'Can the memory storage go?', 'Whether 4.0 has acme.storage=memory.', {
      before: 'It costs a fifth of the tests.',
    }),
    question('retention', 'Who stays?', 'Whether the first week needs work.'),
    question('distribution', 'How many users does one have?', 'For how many users it must stay fast.'),
  ],
}

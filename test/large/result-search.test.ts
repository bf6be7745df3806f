/** Searching a million results: every filter reads a part of them, and the medians are printed. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { createPool } from '../../src/store/pool.ts'
import { createStore } from '../../src/store/store.ts'
import type { ResultFilter } from '../../src/store/types.ts'
import { sharedPostgres, type TestDatabase } from '../helpers/database/postgres.ts'
import { recording, rowsRead, type Statement, scansOf } from '../helpers/database/query-plans.ts'

const ROWS = 1_000_000
const TIMES = 9
const STEP = 50_000
/** Writing takes a busy machine longer than a statement of the service may take. */
const WRITE_MS = 15 * 60_000
const postgres = sharedPostgres()

/** Words of names, from common to rare, so that searches meet both. */
const WORDS = `'{price,index,consumer,producer,exports,imports,labour,energy,housing,credit,deposits,wages,output,orders,stocks,gas}'::text[]`
const TYPES = `'{price,flow,stock,index,ratio,balance,rate,count}'::text[]`
const RULES = `'{name-growth-rate,unit-percent,name-index,head-price,head-flow,head-stock}'::text[]`

const FILTERS: Readonly<Record<string, Omit<ResultFilter, 'codebook' | 'fields'>>> = {
  'no filter': {},
  'a common word': { text: 'price' },
  'two words': { text: 'consumer price' },
  'the beginning of a rare word': { text: 'rare77' },
  'an id': { text: 'S.0500000' },
  'a word that nothing has': { text: 'nothing-has-this' },
  'a common label': { labels: { type: 'price' } },
  'two labels': { labels: { type: 'flow', frequency: 'monthly' } },
  'labels that nothing has together': { labels: { type: 'price', frequency: 'never' } },
  'a rule': { rule: 'head-stock' },
  'a rare source': { source: 'escalation' },
  'a status': { status: 'needs-review' },
  'a low confidence': { below: 0.5 },
  'a small run': { runId: 'run-small' },
  'a catalogue': { catalogue: 'c7' },
  'a catalogue and a word': { catalogue: 'c7', text: 'energy' },
  'word, label and confidence': { text: 'wages', labels: { type: 'rate' }, below: 0.6 },
  'everything at once': {
    ...{ catalogue: 'c3', text: 'index', labels: { type: 'index', frequency: 'monthly' }, rule: 'name-index' },
    ...{ source: 'model', status: 'accepted', below: 0.99 },
  },
}

describe('searching 1,000,000 results', () => {
  let database: TestDatabase
  before(async () => {
    database = await postgres.fresh()
    const log = pino({ level: 'silent' })
    const pool = createPool({ connectionString: database.url, max: 1, statementTimeoutMs: WRITE_MS, log })
    const begun = performance.now()
    for (let from = 0; from < ROWS; from += STEP) {
      await pool.query(
        `insert into results (catalogue, codebook_name, indicator_id, name, codebook, codebook_hash, labels, field_confidence,
           field_source, confidence, source, status, issues, reason, model, prompt_version, run_id, classified_at, input_hash,
           mode, asked_model, unanswered)
         select 'c' || n % 10, 'economic-indicators', 'S.' || lpad(n::text, 7, '0'),
           (${WORDS})[1 + (n * 7) % 16] || ' ' || (${WORDS})[1 + (n / 3) % 16] || ' of country ' || n % 211 || ' series ' || n
             || case when n % 5000 = 0 then ' rare' || n % 777 else '' end,
           'economic-indicators@2', 'hash',
           jsonb_build_object('type', (${TYPES})[1 + (n / 5) % 8], 'frequency', case n % 3 when 0 then 'monthly' when 1 then 'annual' else 'daily' end,
             'orientation', case n % 2 when 0 then 'higher-is-better' else 'neutral' end, 'unit_scale', 1000, 'unit_currency', null),
           '{"type": 0.9, "frequency": 1}',
           jsonb_build_object('type', (${RULES})[1 + n % 6], 'frequency', 'model'),
           0.4 + (n % 600) / 1000.0, case when n % 500 = 0 then 'escalation' when n % 4 = 0 then 'rules' else 'model' end,
           case when n % 40 = 0 then 'needs-review' else 'accepted' end, '[]', 'because', null, 'p1',
           case when n % 10000 = 0 then 'run-small' else 'run-large' end, now(), 'h', 'hybrid', null, false
         from generate_series($1::int, $2::int) n`,
        [from + 1, from + STEP],
      )
    }
    console.log(`${ROWS} results written in ${((performance.now() - begun) / 1000).toFixed(0)} s`)
    await pool.query('vacuum analyze results')
    await pool.end()
  })
  after(() => database?.drop())

  for (const [what, filter] of Object.entries(FILTERS)) {
    it(`finds by ${what} without reading all`, async () => {
      const statements: Statement[] = []
      const { views } = createStore(recording(database.pool, statements))
      const wanted = { codebook: 'economic-indicators', fields: ['type', 'frequency'], ...filter }
      const first = await views.search(wanted, undefined, 50)
      const read: number[] = []
      const plans: string[] = []
      for (const statement of statements) {
        const scans = await scansOf(database.pool, statement)
        read.push(rowsRead(scans))
        plans.push(scans.map((scan) => `${scan['Node Type']} ${scan['Index Name'] ?? ''}`.trim()).join(' + '))
      }
      const times: number[] = []
      for (let time = 0; time < TIMES; time += 1) {
        const begun = performance.now()
        await views.search(wanted, undefined, 50)
        times.push(performance.now() - begun)
      }
      const median = times.sort((a, b) => a - b)[Math.floor(TIMES / 2)] ?? 0
      console.log(
        `${what}: ${median.toFixed(0)} ms, ${first.found} found, rows read ${read.join(' and ')}; ${plans.join(' | ')}`,
      )
      assert.ok(Math.max(...read) < ROWS / 4, `${what} reads ${read.join(' and ')} rows`)
      if (first.next !== undefined) {
        const second = await views.search(wanted, first.next, 50)
        const ids = new Set(first.results.map((one) => `${one.catalogue} ${one.indicator_id}`))
        assert.ok(
          second.results.length > 0 && second.results.every((one) => !ids.has(`${one.catalogue} ${one.indicator_id}`)),
        )
      }
    })
  }
})

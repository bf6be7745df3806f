/** The console on a real database: what a search finds, who holds which card, and what a decision writes. */
import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes, type SchemeRegistry } from '../../../src/catalogue/schemes.ts'
import { createStore } from '../../../src/store/store.ts'
import type { ResultFilter, Store } from '../../../src/store/types.ts'
import { sharedPostgres, type TestDatabase } from '../../helpers/database/postgres.ts'
import { startTestConsole, type TestConsole } from '../../helpers/servers/console.ts'
import { batch, result } from '../../helpers/store/batches.ts'
import { createBatchPlanner } from '../../helpers/store/planned-batches.ts'

// Registered before the hook of sharedPostgres, which stops the server.
after(async () => {
  await console?.close()
  await database?.drop()
})
const postgres = sharedPostgres()
let database: TestDatabase
let store: Store
let schemes: SchemeRegistry
let console: TestConsole

before(async () => {
  database = await postgres.fresh()
  store = createStore(database.pool)
  schemes = createSchemes(await loadBuiltIns(), store)
  console = await startTestConsole({ store })
})

describe('a search', () => {
  const CODEBOOK = 'economic-indicators'
  const SEARCHED = { catalogue: 'searched' }
  before(async () => {
    const { startedAt, sequence } = await store.openRun('run-search')
    const rows = [
      result('S.1', {
        ...SEARCHED,
        name: 'Consumer prices, all items',
        labels: { type: 'price', unit_scale: 1000, topics: ['a', 'b c'] },
      }),
      result('S.2', {
        ...SEARCHED,
        name: 'Producer price index',
        labels: { type: 'index' },
        confidence: 0.3,
        source: 'escalation',
        status: 'accepted',
      }),
      result("S.3'); --", {
        ...SEARCHED,
        name: `Währung & 'quoted' | (x) :* <-> !y`,
        labels: { type: 'price' },
        field_source: { type: 'name-index' },
        source: 'rules',
        status: 'unverified',
      }),
      result('S.4', { name: 'Exports', catalogue: 'other', labels: { type: 'flow' } }),
    ].map((row) => ({ ...row, classification: { ...row.classification, run_id: 'run-search' } }))
    for (const catalogue of ['searched', 'other']) {
      const results = rows.filter((row) => row.classification.catalogue === catalogue)
      const scope = { catalogue, codebook: CODEBOOK }
      await store.saveBatch(batch(startedAt, results, { runId: 'run-search', scope, batchId: catalogue, sequence }))
    }
  })

  const found = async (filter: Omit<ResultFilter, 'codebook' | 'fields'>) => {
    const { results, found: count } = await store.views.search(
      { codebook: CODEBOOK, fields: ['type', 'topics'], ...filter },
      undefined,
      50,
    )
    assert.equal(count, results.length)
    return results.map(({ indicator_id }) => indicator_id)
  }

  it('finds by the beginnings of words, by ids, and by what means something to a query', async () => {
    assert.deepEqual(await found({}), ['S.4', 'S.1', 'S.2', "S.3'); --"])
    assert.deepEqual(await found({ text: 'price' }), ['S.1', 'S.2'])
    assert.deepEqual(await found({ text: 'PRICES cons' }), ['S.1'])
    assert.deepEqual(await found({ text: 'S.2' }), ['S.2'])
    assert.deepEqual(await found({ text: 'währung' }), ["S.3'); --"])
    for (const text of [`'quoted' | (x)`, `a' or 1=1; --`, ':*', '!y & <->', '\\', '()', '\0', '"', '%_'])
      assert.ok(Array.isArray(await found({ text })), text)
    assert.deepEqual(await found({ text: 'nothing-has-this' }), [])
  })

  it('finds by labels, numbers, lists, rules, sources, statuses, runs, catalogues and confidence, and by all together', async () => {
    assert.deepEqual(await found({ labels: { type: 'price' } }), ['S.1', "S.3'); --"])
    assert.deepEqual(await found({ labels: { unit_scale: '1000' } }), ['S.1'])
    assert.deepEqual(await found({ labels: { topics: 'b c' } }), ['S.1'])
    assert.deepEqual(await found({ labels: { type: 'price', topics: 'a' } }), ['S.1'])
    assert.deepEqual(await found({ labels: { "type' or 1=1": 'x' } }), [])
    assert.deepEqual(await found({ rule: 'name-index' }), ["S.3'); --"])
    assert.deepEqual(await found({ rule: 'no-such-rule' }), [])
    assert.deepEqual(await found({ source: 'escalation' }), ['S.2'])
    assert.deepEqual(await found({ status: 'unverified' }), ["S.3'); --"])
    assert.deepEqual(await found({ catalogue: 'other' }), ['S.4'])
    assert.deepEqual(await found({ below: 0.5 }), ['S.2'])
    assert.deepEqual(await found({ runId: 'run-search', text: 'exp' }), ['S.4'])
    assert.deepEqual(await found({ runId: 'run-none' }), [])
    const all = {
      text: 'producer',
      labels: { type: 'index' },
      source: 'escalation',
      status: 'accepted',
      below: 0.31,
      catalogue: 'searched',
    } as const
    assert.deepEqual(await found(all), ['S.2'])
  })

  it('gives every result once over its pages', async () => {
    const ids: string[] = []
    let next: { catalogue: string; id: string } | undefined
    do {
      const page = await store.views.search({ codebook: CODEBOOK, fields: [] }, next, 1)
      ids.push(...page.results.map(({ indicator_id }) => indicator_id))
      next = page.next
      assert.equal(page.found, 4)
    } while (next !== undefined)
    assert.deepEqual(ids, ['S.4', 'S.1', 'S.2', "S.3'); --"])
  })

  it('shows results, records, runs and codebooks as pages', async () => {
    for (const [path, text] of [
      ['/results?q=price', 'Consumer prices, all items'],
      ['/results?f.type=price&after=%5B%22searched%22%2C%22S.1%22%5D', 'quoted'],
      [`/records/${CODEBOOK}/searched/S.1`, 'What runs said'],
      [`/records/${CODEBOOK}/searched/${encodeURIComponent("S.3'); --")}`, 'Name of S.3'],
      ['/runs', 'run-search'],
      ['/runs/run-search', 'What decided'],
      [`/codebooks/${CODEBOOK}`, 'Rulings'],
      ['/accuracy?run=run-search', 'Certificate'],
    ] as const) {
      const { status, body } = await console.get(path)
      assert.equal(status, 200, `${path}: ${body.slice(-400)}`)
      assert.ok(body.includes(text), path)
    }
    assert.equal((await console.get('/runs/no-such-run')).status, 404)
    assert.equal((await console.get(`/records/${CODEBOOK}/searched/none`)).status, 404)
  })
})

test('a card has one holder at a time, until its decision, its release or the end of its time', async () => {
  const shapes = Array.from({ length: 6 }, (_, index) => `shape-${index}`)
  const claim = (holder: string, most: number, holdMs = 60_000) =>
    store.reviewCards.claim({ codebook: 'cards', holder, shapeHashes: shapes, most, holdMs })
  const [ann, ben] = await Promise.all([claim('ann', 2), claim('ben', 2)])
  assert.equal(new Set([...ann, ...ben]).size, ann.size + ben.size)
  // Of two that claim at one moment one may get fewer; it has them when it asks again.
  const kept = await claim('ann', 2)
  assert.equal(kept.size, 2)
  assert.ok(
    [...ann].every((shape) => kept.has(shape)),
    'a holder that claims again keeps its cards',
  )
  const all = new Set<string>()
  for (const holder of ['c', 'd', 'e', 'f']) for (const shape of await claim(holder, 2)) all.add(shape)
  assert.ok([...all].every((shape) => !kept.has(shape) && !ben.has(shape)))
  const [first = ''] = kept
  await store.reviewCards.release('cards', 'ben', [first])
  assert.ok(!(await claim('ben', 6)).has(first), 'nobody releases the card of another')
  await store.reviewCards.release('cards', 'ann', [first])
  assert.ok((await claim('ben', 6, 0)).has(first))
  assert.ok((await claim('g', 6)).has(first), 'the time of the card is over')
})

describe('a review in the console', () => {
  const sitting = 'review-20261129080000-0a1b2c3d'
  const scope = { codebook: '', catalogue: 'default', unverified: true, holder: 'page-of-a-test' }
  const cards = async (holder = scope.holder, more: object = {}) => {
    const { status, body } = await console.post('/review/cards', { ...scope, holder, most: 2, ...more })
    assert.equal(status, 200, body)
    return JSON.parse(body) as {
      cards: {
        indicator_id: string
        catalogue: string
        shape_hash: string
        same_shape: number
        siblings: { name: string }[]
        labels: Record<string, unknown>
        texts: { name: string; text: string }[]
      }[]
      left: { shapes: number; indicators: number }
    }
  }
  before(async () => {
    const { plan, finish } = createBatchPlanner(store, schemes)
    const names = ['Zorbic attainment', 'Vorbic drift', 'Quandle flow', 'Mimsy balance']
    const rows = names.flatMap((name, at) =>
      [1, 2].map((twin) => ({
        indicator_id: `R.${at}.${twin}`,
        name: `${name} of the plain`,
        units: 'Index',
        periodicity: 'Monthly',
        long_name: `${name} in full`,
      })),
    )
    await finish(await plan(rows))
  })

  it('gives two pages different cards, and says how many records each settles', async () => {
    const mine = await cards()
    const theirs = await cards('page-of-another')
    const hashes = [...mine.cards, ...theirs.cards].map(({ shape_hash }) => shape_hash)
    assert.equal(new Set(hashes).size, 4)
    assert.ok(
      mine.cards.every(
        (card) =>
          card.same_shape === 2 && card.siblings.length === 2 && card.siblings[0]?.name.endsWith('of the plain'),
      ),
    )
    assert.deepEqual(
      (await cards()).cards.map(({ shape_hash }) => shape_hash),
      mine.cards.map(({ shape_hash }) => shape_hash),
      'a reload shows the same cards',
    )
    await console.post('/review/release', {
      ...scope,
      holder: 'page-of-another',
      hashes: theirs.cards.map(({ shape_hash }) => shape_hash),
    })
  })

  it('shows all texts that the codebook judges by, counts without what the page has decided, and gives the card of one record', async () => {
    const { cards: mine, left } = await cards()
    assert.deepEqual(
      mine[0]?.texts.map(({ name }) => name),
      ['units', 'periodicity', 'long_name'],
    )
    const [first, second] = mine
    assert.ok(first !== undefined && second !== undefined)
    const without = await cards(scope.holder, { without: [first.shape_hash], later: [second.shape_hash] })
    // What is put aside is still to be decided, and what was decided is not, though nothing has been stored yet.
    assert.deepEqual([without.left.shapes, without.left.indicators], [left.shapes - 1, left.indicators - 2])
    assert.ok(without.cards.every(({ shape_hash: own }) => ![first.shape_hash, second.shape_hash].includes(own)))
    await console.post('/review/release', { ...scope, hashes: without.cards.map(({ shape_hash: own }) => own) })
    for (const unverified of [true, false]) {
      const of = async (record: string, more: object = {}) =>
        (await cards(scope.holder, { record, unverified, ...more })).cards.map((one) => [
          one.indicator_id,
          one.same_shape,
          one.siblings.length,
        ])
      // A card of the record itself, also where the list does not hold it.
      assert.deepEqual(await of('R.3.2'), [['R.3.2', 2, 2]])
      assert.deepEqual(await of('R.9.9'), [])
    }
    const [card] = (await cards(scope.holder, { record: 'R.3.2' })).cards
    assert.deepEqual((await cards(scope.holder, { record: 'R.3.2', without: [card?.shape_hash] })).cards, [])
    await console.post('/review/release', { ...scope, hashes: [card?.shape_hash] })
  })

  it('writes a decision as review apply does, once however often it is sent, and takes it from the cards', async () => {
    const [card] = (await cards()).cards
    assert.ok(card !== undefined)
    const { indicator_id, catalogue, shape_hash } = card
    const seen = Object.fromEntries(Object.entries(card.labels).filter(([, label]) => label !== null))
    const record = {
      indicator_id,
      catalogue,
      shape_hash,
      corrections: { type: 'stock', temporal_aggregation: 'point-in-time', orientation: 'neutral' },
      note: 'by the console',
      seen,
    }
    const decision = { ...scope, sitting, id: 'decision-0001', records: [record] }
    for (let time = 0; time < 3; time += 1) {
      const { status, body } = await console.post('/review/decisions', decision)
      // A page that did not hear the answer sends the same again, and is told that it is stored.
      assert.equal(status, 200, body)
      if (time === 0) assert.deepEqual(JSON.parse(body), { run_id: sitting, accepted: 0, corrected: 1 })
    }
    const { rows } = await database.pool.query(
      'select run_id, indicator_id, decision, note, decided_by, after from review_decisions',
    )
    assert.deepEqual(
      rows.map(({ run_id, decision: what, note }) => [run_id, what, note]),
      [[sitting, 'correct', 'by the console']],
    )
    const labels = rows[0]?.['after'] as Record<string, string> | undefined
    assert.equal(labels?.['type'], 'stock')
    const [stored] = await store.findClassifications(indicator_id, {})
    assert.deepEqual([stored?.source, stored?.labels['type'], stored?.status], ['person', 'stock', 'accepted'])
    const after = await cards()
    assert.ok(after.cards.every((one) => one.shape_hash !== shape_hash))
    assert.equal(after.left.shapes, 3)
  })

  it('keeps the decisions of a sitting in one run, each with its own time, and replaces one that was taken back in a run of its own', async () => {
    const [card] = (await cards()).cards
    assert.ok(card !== undefined)
    const { indicator_id, catalogue, shape_hash } = card
    const send = async (run: string, id: string, type: string) => {
      const record = {
        indicator_id,
        catalogue,
        shape_hash,
        corrections: {
          type,
          temporal_aggregation: type === 'stock' ? 'point-in-time' : 'period-average',
          orientation: 'neutral',
        },
        seen: {},
      }
      const { status, body } = await console.post('/review/decisions', {
        ...scope,
        sitting: run,
        id,
        records: [record],
      })
      assert.equal(status, 200, body)
    }
    await send(sitting, 'decision-0002', 'stock')
    await send('review-20261129080100-0a1b2c3e', 'decision-0003', 'index')
    const { rows } = await database.pool.query(
      'select run_id, decided_at, indicator_id from review_decisions order by decided_at',
    )
    assert.deepEqual(
      rows.map(({ run_id }) => run_id),
      [sitting, sitting, 'review-20261129080100-0a1b2c3e'],
    )
    assert.equal(new Set(rows.map(({ decided_at }) => String(decided_at))).size, 3)
    const [stored] = await store.findClassifications(indicator_id, {})
    assert.equal(stored?.labels['type'], 'index')
    const run = await store.findRun(sitting)
    assert.deepEqual([run?.batches, run?.bySource.person], [2, 2])
    const answers = await database.pool.query('select labels from human_answers order by decided_at')
    assert.deepEqual(
      answers.rows.map(({ labels }) => (labels as Record<string, string>)['type']),
      ['stock', 'index'],
    )
  })

  it('refuses what the codebook does not have, with its sentence, and stores nothing', async () => {
    const [card] = (await cards()).cards
    assert.ok(card !== undefined)
    const { indicator_id, catalogue, shape_hash } = card
    const before = (await database.pool.query('select from review_decisions')).rowCount
    for (const corrections of [{ type: 'nonsense' }, { nonsense: 'x' }, { family: 'index' }, { type: null }]) {
      const record = { indicator_id, catalogue, shape_hash, corrections }
      const { status, body } = await console.post('/review/decisions', {
        ...scope,
        sitting,
        id: 'decision-bad1',
        records: [record],
      })
      assert.equal(status, 422, body)
      assert.match((JSON.parse(body) as { message: string }).message, /nothing was stored/i)
    }
    const bad = { indicator_id, catalogue, shape_hash, corrections: { unit_currency: 'Taler!!' } }
    const { body } = await console.post('/review/decisions', { ...scope, sitting, id: 'decision-bad3', records: [bad] })
    assert.equal(
      (JSON.parse(body) as { message: string }).message,
      `Nothing was stored:\n  "${indicator_id}", Unit currency: "Taler!!" is wrong: it must be three capital letters or INTL`,
    )
    const seen = { type: 'another-than-stored' }
    const { status } = await console.post('/review/decisions', {
      ...scope,
      sitting,
      id: 'decision-bad2',
      records: [{ indicator_id, catalogue, shape_hash, seen }],
    })
    assert.equal(status, 422)
    assert.equal((await database.pool.query('select from review_decisions')).rowCount, before)
  })
})

/** The view of a codebook's results: names that PostgreSQL keeps whole, and identifiers and texts that cannot leave their quotes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resultViewOf, viewNameOf } from '../../../src/store/codebooks/result-view.ts'

const LONGEST = `a${'-b'.repeat(29)}c`

test('the view is named after its codebook', () => {
  assert.equal(viewNameOf('economic-indicators'), 'results_economic_indicators')
  assert.equal(resultViewOf('x', []).name, '"results_x"')
})

test('names that are too long for PostgreSQL stay apart and are as long as they may be', () => {
  assert.equal(LONGEST.length, 60)
  const names = [LONGEST, `${LONGEST.slice(0, -1)}d`, LONGEST.slice(0, -1)].map(viewNameOf)
  assert.equal(new Set(names).size, 3)
  for (const name of names) assert.match(name, /^results_a(_b)+[a-z0-9_]*_[0-9a-f]{8}$/)
  for (const name of names) assert.equal(Buffer.byteLength(name), 63)
  const fits = LONGEST.slice(0, 55)
  assert.equal(viewNameOf(fits), `results_${fits.replaceAll('-', '_')}`)
})

test('a field becomes a column of its type, also where its name holds quotes', () => {
  const { query } = resultViewOf(`it's`, [
    { name: 'a"b', type: 'text' },
    { name: `c'd`, type: 'double precision' },
    { name: 'e', type: 'text[]' },
  ])
  assert.match(query, /labels ->> 'a"b' as "a""b"/)
  assert.match(
    query,
    /jsonb_typeof\(labels -> 'c''d'\) = 'number' then \(labels ->> 'c''d'\)::double precision end as "c'd"/,
  )
  assert.match(query, /array\(select jsonb_array_elements_text\(labels -> 'e'\)\) end as "e"/)
  assert.ok(query.endsWith(`from results where codebook_name = 'it''s'`), query)
})

test('the fingerprint differs where a column, its type or the order differs, and nowhere else', () => {
  const a = { name: 'a', type: 'text' } as const
  const b = { name: 'b', type: 'text' } as const
  const views = [[a, b], [b, a], [a], [a, { ...b, type: 'text[]' as const }]].map((fields) => resultViewOf('x', fields))
  assert.equal(new Set(views.map((view) => view.fingerprint)).size, 4)
  assert.equal(resultViewOf('x', [a, b]).fingerprint, views[0]?.fingerprint)
  assert.match(views[0]?.fingerprint ?? '', /^classify: [0-9a-f]{64}$/)
})

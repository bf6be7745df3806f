/** How the store builds statements that write many rows, and which pool options it refuses. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import {
  type Column,
  Parameters,
  storableJson,
  storableText,
  uniqueByKey,
  unnestRows,
} from '../../../src/store/bulk.ts'
import { createPool } from '../../../src/store/pool.ts'

const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils.js') as { prepareValue(value: unknown): string }

describe('bulk writing', () => {
  it('binds every column as one array', () => {
    const columns: readonly Column<{ id: string; n: number }>[] = [
      { name: 'id', type: 'text', value: (row) => row.id },
      { name: 'n', type: 'int4', value: (row) => row.n },
    ]
    const parameters = new Parameters()
    parameters.bind('before')
    const rows = [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ]
    assert.equal(unnestRows(parameters, columns, rows), 'unnest($2::text[], $3::int4[]) as given (id, n)')
    assert.deepEqual(parameters.values, ['before', '{"a","b"}', '{1,2}'])
  })

  it('writes arrays of texts as the driver does', () => {
    const columns: readonly Column<string | null>[] = [{ name: 'text', type: 'text', value: (row) => row }]
    const odd = fc.constantFrom('', 'NULL', '"', '\\', '{a,b}', ' x ', '\n', 'a"b\\"c')
    fc.assert(
      fc.property(fc.array(fc.oneof(odd, fc.string({ unit: 'binary' }), fc.constant(null))), (rows) => {
        const parameters = new Parameters()
        unnestRows(parameters, columns, rows)
        assert.equal(parameters.values[0], prepareValue(rows))
      }),
    )
  })

  it('writes arrays of JSON as the driver does', () => {
    const columns: readonly Column<unknown>[] = [{ name: 'json', type: 'jsonb', value: (row) => storableJson(row) }]
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.object())), (rows) => {
        const parameters = new Parameters()
        unnestRows(parameters, columns, rows)
        assert.equal(parameters.values[0], prepareValue(rows.map(storableJson)))
      }),
    )
  })

  it('keeps the JSON of an object that nobody can change, and reads any other anew', () => {
    const open = { a: 1 }
    const texts = [storableJson(open)]
    open.a = 2
    texts.push(storableJson(open), storableJson(Object.freeze(open)), storableJson(open))
    assert.deepEqual(texts, ['{"a":1}', '{"a":2}', '{"a":2}', '{"a":2}'])
  })

  it('keeps the newest row of each key, in order of the key', () => {
    const rows = ['b1', 'a2', 'b3', 'a1', 'c1']
    const kept = uniqueByKey(
      rows,
      (row) => row.slice(0, 1),
      (row, than) => row >= than,
    )
    assert.deepEqual(kept, ['a2', 'b3', 'c1'])
  })

  it('makes any text storable and leaves good text alone', () => {
    assert.equal(storableText('a\0b\ud83dc'), 'ab\ufffdc')
    assert.equal(storableText('Ünïcödé 👩‍👩‍👧'), 'Ünïcödé 👩‍👩‍👧')
    assert.equal(storableJson({ a: ['x\0', { b: '\udc00' }], n: 1 }), '{"a":["x",{"b":"\ufffd"}],"n":1}')
  })
})

describe('createPool', () => {
  const log = pino({ level: 'silent' })

  it('refuses an address it cannot read without repeating it', () => {
    for (const connectionString of [
      '',
      'classify:secret@host/db',
      'mysql://u:secret@host/db',
      'postgres://u:secret@ho st/db',
    ]) {
      assert.throws(
        () => createPool({ connectionString, log }),
        (error: Error) => {
          assert.equal('code' in error && error.code, 'config-invalid')
          assert.doesNotMatch(`${error.message} ${JSON.stringify(error)} ${error.cause}`, /secret/)
          return true
        },
      )
    }
  })

  it('refuses sizes and bounds that are not whole numbers from 1', () => {
    const connectionString = 'postgres://u:p@127.0.0.1:1/d'
    for (const wrong of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => createPool({ connectionString, max: wrong, log }), {
        message: new RegExp(`max .* got ${wrong}$`),
      })
      assert.throws(() => createPool({ connectionString, statementTimeoutMs: wrong, log }), { code: 'config-invalid' })
      assert.throws(() => createPool({ connectionString, connectionTimeoutMs: wrong, log }), { code: 'config-invalid' })
    }
  })
})

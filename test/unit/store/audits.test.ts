/** How the audits of a batch are written and read: once for each run, indicator and field, and in their order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Parameters } from '../../../src/store/bulk.ts'
import { findAudits, writeAudits } from '../../../src/store/evidence/audits.ts'
import type { DatabasePool } from '../../../src/store/pool.ts'
import type { AuditToSave, BatchToSave } from '../../../src/store/types.ts'
import { classification } from '../../helpers/store/batches.ts'

const AUDIT: AuditToSave = { field: 'type', rule: 'r', agreed: false, indicatorId: 'a\u0000', rank: 0.25, model: 'm' }

/** The part of a batch that its audits are written from. */
function batchOf(audits: readonly AuditToSave[] | undefined, hash = 'h1'): BatchToSave {
  const result = { classification: { ...classification('a'), codebook_hash: hash } }
  const given = audits === undefined ? {} : { audits }
  return {
    runId: 'run-1',
    scope: { catalogue: 'c', codebook: 'b' },
    results: [result],
    ...given,
  } as unknown as BatchToSave
}

test('audits are one insert of all columns, which leaves those that are there as they are', () => {
  const parameters = new Parameters()
  const [sql = '', ...rest] = writeAudits(parameters, batchOf([AUDIT, { ...AUDIT, field: 'frequency', rank: null }]))
  assert.deepEqual(rest, [])
  assert.match(
    sql,
    /insert into audits \(catalogue, codebook_hash, run_id, field, indicator_id, rule, agreed, rank, model\)/,
  )
  assert.match(sql, /on conflict do nothing/)
  const [fields, ids, rules, agreed, ranks, models, ...place] = parameters.values
  assert.deepEqual(
    [fields, rules, agreed, ranks, models],
    ['{"type","frequency"}', '{"r","r"}', '{false,false}', '{0.25,NULL}', '{"m","m"}'],
  )
  assert.ok(!JSON.stringify(ids).includes('u0000'), 'PostgreSQL stores no zero byte')
  assert.deepEqual(place, ['c', 'h1', 'run-1'])
})

test('nothing is written where there is no audit, or no codebook that audits could count for', () => {
  for (const batch of [batchOf(undefined), batchOf([]), batchOf([AUDIT], ''), { ...batchOf([AUDIT]), results: [] }]) {
    const parameters = new Parameters()
    assert.deepEqual([writeAudits(parameters, batch), parameters.values], [[], []])
  }
})

/** A pool that gives these rows for every statement. */
const poolOf = (rows: readonly object[]) => ({ query: async () => ({ rows }) }) as unknown as DatabasePool

test('audits are read with the number of all, also where none is new', async () => {
  const place = { number: 7, run_id: 'run-1', by_people: false }
  const stored = { ...place, field: 'type', indicator_id: 'a', rule: 'r', agreed: true, model: 'm' }
  const scope = { catalogue: 'c', codebookHash: 'h1' }
  assert.deepEqual(await findAudits(poolOf([{ total: 3, ...stored, rank: null }]), scope, 0), {
    audits: [
      {
        ...{ number: 7, runId: 'run-1', byPeople: false, field: 'type', indicatorId: 'a' },
        ...{ rule: 'r', agreed: true, rank: null, model: 'm' },
      },
    ],
    total: 3,
  })
  const nothing = Object.fromEntries([...Object.keys(stored), 'rank'].map((name) => [name, null]))
  assert.deepEqual(await findAudits(poolOf([{ total: 3, ...nothing }]), scope, 7), { audits: [], total: 3 })
})

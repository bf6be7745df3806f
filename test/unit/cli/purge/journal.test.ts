/** How a purge looks for the invocations of a run and removes them, against an admin API that is made up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { AdminClient } from '../../../../src/cli/client/admin.ts'
import { forEachId, queryByIds } from '../../../../src/cli/client/admin-work.ts'
import { findInvocationsOf, purgeInvocations } from '../../../../src/cli/purge/journal.ts'

interface Known {
  readonly id: string
  readonly key?: string
  /** Whether the body names the run; undefined where the journal is gone. */
  readonly isNamed?: boolean
}

/** An admin API with these invocations, which all have ended. One that is removed is still listed at the next look. */
function createAdmin(known: readonly Known[]) {
  const left = new Map(known.map((one) => [one.id, one]))
  const gone = new Set<string>()
  const searched: string[] = []
  const inFlight = { now: 0, most: 0 }
  const rowsOf = (sql: string) => {
    const ids = [...sql.matchAll(/'(inv_\w+)'/g)].map(([, id = '']) => id)
    if (sql.includes('sys_journal')) {
      searched.push(...ids)
      return ids.flatMap((id) => {
        const isNamed = left.get(id)?.isNamed
        return isNamed === undefined ? [] : [{ id, is_named: isNamed }]
      })
    }
    const listed = [...left.values()].filter(({ id }) => ids.length === 0 || ids.includes(id))
    for (const id of gone) left.delete(id)
    return listed.map(({ id, key }) => ({ id, status: 'completed', idempotency_key: key ?? null }))
  }
  const admin: AdminClient = {
    url: 'http://admin',
    query: async (sql, row) => z.array(row).parse(rowsOf(sql)),
    endInvocation: async () => true,
    resumeInvocation: async () => true,
    purgeInvocation: async (id) => {
      inFlight.now += 1
      inFlight.most = Math.max(inFlight.most, inFlight.now)
      await new Promise((resolve) => setImmediate(resolve))
      inFlight.now -= 1
      gone.add(id)
      return true
    },
  }
  return { admin, gone, searched, inFlight }
}

test('a body is searched once, however often a purge looks', async () => {
  const { admin, gone, searched } = createAdmin([
    { id: 'inv_keyed', key: 'run-20261129043132-f31dbcbc-0', isNamed: true },
    { id: 'inv_posted', isNamed: true },
    { id: 'inv_other', key: 'mine', isNamed: false },
    { id: 'inv_saved', key: 'of somebody' },
  ])
  const run = 'run-20261129043132-f31dbcbc'
  const find = findInvocationsOf(admin, run, ['inv_saved', 'inv_never'])
  assert.deepEqual((await find()).ended, ['inv_keyed', 'inv_posted', 'inv_saved'])
  assert.equal(await purgeInvocations(admin, run, find, new AbortController().signal), 3)
  assert.deepEqual([...gone].sort(), ['inv_keyed', 'inv_posted', 'inv_saved'])
  const times = (id: string) => searched.filter((one) => one === id).length
  assert.deepEqual([times('inv_keyed'), times('inv_posted'), times('inv_other')], [0, 1, 1])
})

test('many ids are asked about in parts, and requests for them run at the same time, but not all', async () => {
  const ids = Array.from({ length: 450 }, (_, n) => `inv_${n}`)
  const { admin, gone, inFlight } = createAdmin(ids.map((id) => ({ id })))
  const parts: number[] = []
  const sqlOf = (list: string) => {
    parts.push(list.split(', ').length)
    return `select id from sys_invocation where id in (${list})`
  }
  assert.equal((await queryByIds(admin, ids, sqlOf, z.object({ id: z.string() }))).length, 450)
  assert.deepEqual(parts, [200, 200, 50])
  await forEachId(ids, admin.purgeInvocation)
  assert.equal(gone.size, 450)
  assert.equal(inFlight.most, 16)
})

test('a request that fails ends the work, and its failure is thrown', async () => {
  const ids = Array.from({ length: 450 }, (_, n) => `inv_${n}`)
  let begun = 0
  const work = async () => {
    begun += 1
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error(`no ${begun}`)
  }
  await assert.rejects(forEachId(ids, work), /no \d+/)
  assert.equal(begun, 16)
})

/** The contract of claims on shapes, which holds for the store directly on PostgreSQL and through PgBouncer. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Store } from '../../../src/store/types.ts'
import { answer, batch } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

const HOLD_MS = 60_000
const LONG_AGO = '2020-01-01T00:00:00.000Z'

export function claimsContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`claims: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    const claim = async (owner: string, hashes: readonly string[], holdMs = HOLD_MS) =>
      [...(await store.claimShapes(owner, hashes, holdMs)).claimed].sort()
    const end = (owner: string, shapeHash: string, failure: { code: string; message: string; fatal: boolean } | null) =>
      store.saveAnswers({
        runId: 'run-1',
        answers: failure === null ? [answer(shapeHash)] : [],
        answeredAt: '2026-01-02T03:04:05.678Z',
        end: { owner, claims: [{ shapeHash, failure }] },
      })

    it('gives a shape to one of many who claim at once, whatever the order they name them in', async () => {
      const hashes = Array.from({ length: 50 }, (_, index) => `many-${index}`)
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, owner) => {
          const mixed = hashes.toSorted((a, b) => ((a.length * 7 + owner) % 3) - ((b.length * 5 + owner) % 2))
          return claim(`owner-${owner}`, owner % 2 === 0 ? mixed : mixed.toReversed())
        }),
      )
      assert.deepEqual(won.flat().sort(), hashes.toSorted())
    })

    it('leaves a claim to its owner: a step that runs twice gets the same, others nothing', async () => {
      assert.deepEqual(await claim('a', ['own-1', 'own-2', 'own-1']), ['own-1', 'own-2'])
      assert.deepEqual(await claim('a', ['own-1', 'own-2']), ['own-1', 'own-2'])
      assert.deepEqual(await claim('b', ['own-2', 'own-3']), ['own-3'])
      const nothing = await store.claimShapes('b', ['own-1'], HOLD_MS)
      assert.deepEqual(nothing.claimed, [])
      assert.match(nothing.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    })

    it('lets a claim that ran out be taken over, and its owner then neither renew nor end it', async () => {
      assert.deepEqual(await claim('a', ['out'], 0), ['out'])
      assert.deepEqual(await claim('b', ['out']), ['out'])
      await store.renewClaims('a', ['out'], HOLD_MS)
      await end('a', 'out', { code: 'no-answer', message: 'late', fatal: false })
      assert.deepEqual((await store.findClaims(['out'], LONG_AGO)).get('out'), {
        shapeHash: 'out',
        heldBy: 'b',
        ended: null,
      })
      assert.deepEqual(await claim('c', ['out']), [])
      await store.releaseClaims('b', ['out'])
      assert.deepEqual(await claim('c', ['out']), ['out'])
    })

    it('holds a claim that is renewed in time', async () => {
      await claim('a', ['renewed'], 0)
      await store.renewClaims('a', ['renewed'], HOLD_MS)
      assert.deepEqual(await claim('b', ['renewed']), [])
    })

    it('frees all claims of owners that were killed, and no other', async () => {
      await claim('killed', ['left-1', 'left-2'])
      await claim('lives', ['kept'])
      await claim('killed', ['over'], 0)
      await end('killed', 'left-2', null)
      assert.equal(await store.releaseClaimsOf(['killed', 'unknown']), 1)
      assert.equal(await store.releaseClaimsOf([]), 0)
      assert.deepEqual(await claim('b', ['left-1', 'left-2', 'kept', 'over']), ['left-1', 'left-2', 'over'])
    })

    it('shows how a claim ended to an owner that waited for it, and not to one that claims later', async () => {
      const { at } = await store.claimShapes('a', ['ended', 'failed'], HOLD_MS)
      await end('a', 'ended', null)
      await end('a', 'failed', { code: 'model-auth', message: 'no\0key', fatal: true })
      const found = await store.findClaims(['ended', 'failed', 'unknown'], at)
      assert.deepEqual([...found.keys()].sort(), ['ended', 'failed'])
      assert.deepEqual(found.get('ended'), {
        shapeHash: 'ended',
        heldBy: null,
        ended: { shapeHash: 'ended', failure: null },
      })
      assert.deepEqual(found.get('failed')?.ended?.failure, { code: 'model-auth', message: 'nokey', fatal: true })
      assert.equal((await store.findAnswers(['ended'])).size, 1)

      const later = await store.claimShapes('b', ['failed'], HOLD_MS)
      assert.deepEqual(later.claimed, ['failed'])
      assert.deepEqual((await store.findClaims(['failed'], later.at)).get('failed'), {
        shapeHash: 'failed',
        heldBy: 'b',
        ended: null,
      })
      await end('b', 'failed', null)
      assert.deepEqual((await store.findClaims(['failed'], later.at)).get('failed')?.ended?.failure, null)
    })

    it('ends the claims of a batch with its answers', async () => {
      const { startedAt } = await store.openRun('run-claims')
      const { at } = await store.claimShapes('a', ['with-batch'], HOLD_MS)
      const claims = [{ shapeHash: 'with-batch', failure: null }]
      const saved = batch(startedAt, [], {
        runId: 'run-claims',
        answers: [answer('with-batch')],
        end: { owner: 'a', claims },
      })
      await store.saveBatch(saved)
      await store.saveBatch(saved)
      assert.equal((await store.findClaims(['with-batch'], at)).size, 1)
      assert.deepEqual(await claim('b', ['with-batch']), ['with-batch'])
    })

    it('clears claims that ended long ago, and no other', async () => {
      await claim('a', ['old', 'held'])
      await under.rows(`update claims set expires_at = now() - interval '1 day' where shape_hash = 'old'`)
      await claim('b', ['prunes'])
      const rows = await under.rows(`select shape_hash from claims where shape_hash in ('old', 'held') order by 1`)
      assert.deepEqual(rows, [{ shape_hash: 'held' }])
    })

    it('claims, renews and releases nothing without an error', async () => {
      assert.deepEqual(await claim('a', []), [])
      await store.renewClaims('a', [], HOLD_MS)
      await store.releaseClaims('a', [])
      await store.saveAnswers({ runId: 'run-1', answers: [], answeredAt: LONG_AGO, end: { owner: 'a', claims: [] } })
    })
  })
}

/** What every budget store must do, with the service's own lease decision inside its renewals. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { pauseOf } from '../../../src/rate/lease/cluster-budget.ts'
import { decideLease } from '../../../src/rate/lease/lease-decision.ts'
import type { BudgetStore, LeaseRequest } from '../../../src/rate/types.ts'
import { waitUntil } from '../../helpers/wait.ts'

export interface BudgetStoreUnderTest {
  readonly store: BudgetStore
  /** Deletes the budget and all leases. */
  readonly empty: () => Promise<void>
  readonly close: () => Promise<void>
}

const CONFIGURED = { rpm: 1_000, tpm: 50_000, safety: 1, by: 'test' }

export function budgetStoreContract(
  name: string,
  makeStore: () => Promise<BudgetStoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`budget store: ${name}`, options, () => {
    let under: BudgetStoreUnderTest
    let store: BudgetStore
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    const renew = (request: Partial<LeaseRequest> & Pick<LeaseRequest, 'replicaId' | 'number'>) =>
      store.renew((state, now) =>
        decideLease(
          state,
          {
            name: `name of ${request.replicaId}`,
            heldNumber: null,
            demand: 10,
            pauseMs: 0,
            pauseReason: '',
            inFlight: 0,
            account: null,
            knownAccount: null,
            ...request,
          },
          now,
        ),
      )
    const begin = async (budget: Partial<typeof CONFIGURED> = {}) => {
      await under.empty()
      await store.configure({ ...CONFIGURED, ...budget })
    }
    const stateNow = async () => {
      const found = await store.read()
      assert.ok(found)
      return found
    }
    const countedOf = async () => {
      const { state, now } = await stateNow()
      const living = state.holders.filter((holder) => holder.expiresAt > now)
      return living.reduce((sum, { countedRpm }) => sum + countedRpm, 0)
    }

    it('knows nothing and grants nothing before a budget is configured', async () => {
      await under.empty()
      assert.equal(await store.read(), null)
      assert.equal(await renew({ replicaId: 'a', number: 1 }), null)
      assert.equal(await store.read(), null)
    })

    it('takes the environment where it says something new, and an operator until then', async () => {
      await begin()
      await store.set({ rpm: 60, by: 'operator' })
      assert.equal((await stateNow()).state.budget.rpm, 60)
      assert.equal((await stateNow()).state.budget.tpm, 50_000)
      await Promise.all(Array.from({ length: 5 }, () => store.configure(CONFIGURED)))
      assert.equal((await stateNow()).state.budget.rpm, 60)
      await store.set({ tpm: null, by: 'operator' })
      assert.deepEqual([(await stateNow()).state.budget.rpm, (await stateNow()).state.budget.tpm], [60, null])
      await store.configure({ ...CONFIGURED, rpm: 2_000 })
      const { rpm, tpm } = (await stateNow()).state.budget
      assert.deepEqual([rpm, tpm], [2_000, 50_000])
      await store.configure({ ...CONFIGURED, tpm: null, rpm: 2_000 })
      assert.equal((await stateNow()).state.budget.tpm, null)
    })

    it('gives back what it was given, number for number', async () => {
      await begin({ safety: 0.99 })
      await store.renew((state, now) => {
        const decision = decideLease(
          state,
          {
            replicaId: 'a',
            name: 'it\'s "a" ü',
            number: 7,
            heldNumber: null,
            demand: 1 / 3,
            pauseMs: 1_500,
            pauseReason: 'slow "down", ü',
            inFlight: 7,
            account: { requestsPerMinute: 500, tokensPerMinute: null },
            knownAccount: null,
          },
          now,
        )
        assert.ok(decision)
        stored = decision
        return decision
      })
      const { state } = await stateNow()
      assert.ok(stored)
      // The database keeps points in time to the microsecond, and the process more exactly.
      const rounded = (value: unknown) => JSON.parse(JSON.stringify(value, (_, v) => (v > 1e12 ? Math.round(v) : v)))
      assert.deepEqual(rounded(state.holders), rounded([stored.holder]))
      assert.deepEqual(rounded(state.budget), rounded(stored.budget))
    })
    let stored: ReturnType<typeof decideLease> = null

    it('never grants more than the budget to eight that renew at once, over and over, and each gets a part', async () => {
      await begin()
      const held = new Map<string, number>()
      const names = Array.from({ length: 8 }, (_, index) => `r${index}`)
      let round = 0
      const renewAll = async (demandOf: (index: number) => number) => {
        round += 1
        await Promise.all(
          names.map(async (replicaId, index) => {
            const grant = await renew({
              replicaId,
              number: round,
              heldNumber: held.get(replicaId) ?? null,
              demand: demandOf(index),
            })
            assert.ok(grant)
            held.set(replicaId, grant.number)
          }),
        )
        const counted = await countedOf()
        assert.ok(counted <= 1_000 * (1 + 1e-9), `${counted} in round ${round}`)
      }
      while (round < 6) await renewAll((index) => (index * round) % 5)
      // A part is free only once its holder has confirmed that it gave it up, so the order of the renewals, which the
      // database decides, says in which round the last replica gets one.
      await waitUntil('each of eight equal replicas has a part', async () => {
        await renewAll(() => 5)
        const { holders } = (await stateNow()).state
        assert.equal(holders.length, 8)
        return holders.every((holder) => holder.leasedRpm > 0)
      })
    })

    it("frees a dead replica's part when its lease ends by the database's clock, and one that is given back at once", async () => {
      await begin()
      const dead = await renew({ replicaId: 'dead', number: 1 })
      assert.equal(dead?.lease.requestsPerMinute, 1_000)
      assert.equal((await renew({ replicaId: 'b', number: 1 }))?.lease.requestsPerMinute, 0)
      let number = 1
      const granted = await waitUntil('the part of the dead replica is granted', async () => {
        number += 1
        const grant = await renew({ replicaId: 'b', number, heldNumber: number - 1 })
        const rpm = grant?.lease.requestsPerMinute ?? 0
        const { state, now } = await stateNow()
        const end = state.holders.find((holder) => holder.replicaId === 'dead')?.expiresAt ?? 0
        if (rpm > 0) assert.ok(now >= end, 'granted before the lease had ended')
        return rpm > 0 && rpm
      })
      assert.equal(granted, 1_000)
      await store.release('b')
      assert.equal((await renew({ replicaId: 'c', number: 1 }))?.lease.requestsPerMinute, 1_000)
    })

    it('gives a pause that one replica reported to every replica, drops the pace once, and keeps the account limit', async () => {
      await begin()
      await renew({ replicaId: 'a', number: 1 })
      await renew({ replicaId: 'a', number: 2, pauseMs: 60_000, pauseReason: 'slow down', inFlight: 3 })
      await renew({
        replicaId: 'a',
        number: 3,
        inFlight: 3,
        pauseMs: 60_000,
        pauseReason: 'slower still',
        account: { requestsPerMinute: 100, tokensPerMinute: null },
      })
      for (const replicaId of ['b', 'c']) {
        const grant = await renew({ replicaId, number: 1 })
        assert.ok(grant && grant.pausedMs > 50_000 && grant.pausedMs <= 60_000, `${grant?.pausedMs}`)
        assert.equal(grant.paceFactor, 0.8)
        assert.equal(grant.budget.requestsPerMinute, 80)
      }
      const { state, now } = await stateNow()
      const pause = pauseOf(state.budget, now)
      assert.equal(pause?.reason, 'slower still')
      assert.ok(pause.forMs >= 0 && pause.forMs < 60_000, `${pause.forMs}`)
      assert.deepEqual(state.holders.map(({ inFlight }) => inFlight).toSorted(), [0, 0, 3])
    })

    it('keeps what an operator sets while renewals run', async () => {
      await begin()
      await Promise.all([
        ...Array.from({ length: 10 }, (_, index) => renew({ replicaId: `r${index}`, number: 1 })),
        store.set({ rpm: 77, by: 'operator' }),
        ...Array.from({ length: 10 }, (_, index) => renew({ replicaId: `s${index}`, number: 1 })),
      ])
      assert.equal((await stateNow()).state.budget.rpm, 77)
    })

    it('leaves nothing behind where the decision throws', async () => {
      await begin()
      const failing = store.renew(() => {
        throw new RangeError('no')
      })
      await assert.rejects(failing)
      assert.ok(await renew({ replicaId: 'a', number: 1 }))
      assert.equal((await stateNow()).state.holders.length, 1)
    })
  })
}

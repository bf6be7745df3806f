/** The limit of a run's cost while the run goes on: told by the driver, set anew by a person, refused, and met by batches in flight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCatalogue } from '../../../../src/cli/classify/run.ts'
import type { RunJournal } from '../../../../src/cli/classify/run-journal.ts'
import { createCostLimit, openCostLimit } from '../../../../src/cli/runs/cost-limit.ts'
import { holdRun } from '../../../../src/cli/runs/hold.ts'
import { formatWant } from '../../../../src/cli/runs/want.ts'
import { batchDone, failedInvocation, type Reply, startScriptedIngress } from '../../../helpers/servers/ingress.ts'
import { waitUntil } from '../../../helpers/wait.ts'

const never = new AbortController().signal

/** A limit whose service is told `seen` by others. */
function world(usd: number | undefined, check: () => Promise<void> = async () => undefined) {
  const state = { seen: usd, looks: 0, checks: 0, said: [] as string[], noted: [] as number[] }
  const hold = {
    get maxUsd() {
      return state.seen
    },
    look: async () => {
      state.looks += 1
    },
  }
  const options = {
    hold,
    journal: { maxCostUsd: undefined, noteMaxCost: async (limit: number) => void state.noted.push(limit) },
    check: async () => {
      state.checks += 1
      await check()
    },
    say: (line: string) => void state.said.push(line),
  }
  return { state, options, limit: createCostLimit({ ...options, usd }) }
}

test('a limit that somebody sets counts from the next batch on, is kept in the journal, and is said once', async () => {
  const { state, limit } = world(1)
  assert.equal(await limit.now(), 1)
  state.seen = 2
  assert.deepEqual(await Promise.all([limit.now(), limit.now()]), [2, 2])
  assert.equal(await limit.now(), 2)
  assert.deepEqual([state.noted, state.checks, state.said.length], [[2], 0, 1])
  assert.match(state.said[0] ?? '', /may cost USD 2 in all/)
  // A lower one counts as well.
  state.seen = 0.5
  assert.equal(await limit.now(), 0.5)
  assert.equal(await limit.isRaisedAbove(0.5), false)
  state.seen = 0.6
  assert.equal(await limit.isRaisedAbove(0.5), true)
  assert.equal(state.looks, 2)
})

test('a run that began without a limit takes one where the service can keep it, and else says once why it goes on without', async () => {
  const able = world(undefined)
  able.state.seen = 3
  assert.equal(await able.limit.now(), 3)
  assert.equal(able.state.checks, 1)
  const unable = world(undefined, async () => {
    throw new Error('the price of the model m is not known')
  })
  unable.state.seen = 3
  assert.equal(await unable.limit.now(), undefined)
  assert.equal(await unable.limit.now(), undefined)
  assert.deepEqual([unable.state.checks, unable.state.said.length], [1, 1])
  assert.match(unable.state.said[0] ?? '', /without a limit of its cost: the price of the model m/)
})

test('a run that is taken on goes by what somebody has set since it ended, and else by what it was given', async () => {
  const { state, options } = world(undefined)
  const begin = { ...options, isNew: false, spentUsd: 0.25 }
  assert.equal(await (await openCostLimit({ ...begin, given: 1 })).now(), 1)
  state.seen = 2
  assert.equal(await (await openCostLimit({ ...begin, given: 1 })).now(), 2)
  assert.equal(state.checks, 0, 'a given limit was checked before')
  await openCostLimit({ ...begin, given: undefined })
  assert.equal(state.checks, 1)
})

interface Drive {
  readonly take?: { readonly driver: { readonly token: string } }
  readonly renew?: string
  readonly max_cost_usd?: number
}

/** A service that leases one run and keeps its limit; one of an earlier release refuses to keep it. */
async function leasing(initial: number | null, isEarlier = false) {
  const kept = { limit: initial, told: [] as number[] }
  let token = ''
  const ingress = await startScriptedIngress((_, body): Reply => {
    const { take, max_cost_usd: limit } = body as Drive
    token = take?.driver.token ?? token
    if (limit !== undefined && isEarlier) return failedInvocation(400, 'input-invalid: unrecognized key "max_cost_usd"')
    if (limit !== undefined) kept.told.push(limit)
    kept.limit = limit ?? kept.limit
    const driver = { token, host: 'h', pid: 1, since: '2026-11-29T10:00:00.000Z', expires_in_ms: 10_000 }
    const known = isEarlier ? {} : { max_cost_usd: kept.limit }
    return { body: { run_id: 'r', state: 'running', wanted: 'running', ...known, driver } }
  })
  const hold = (maxUsd?: number) =>
    holdRun({
      ...{ urls: [ingress.url], runId: 'r', signal: never, renewEveryMs: 5, say: () => undefined, maxUsd },
      run: { catalogue: 'c', codebook: 'b@1', command: 'classify', size: 3 },
    })
  return { kept, hold, close: () => ingress.close() }
}

test('the driver tells its limit, which counts more than an older one, and sees the one that somebody sets', async () => {
  const service = await leasing(9)
  try {
    const hold = await service.hold(1)
    assert.deepEqual([hold.maxUsd, service.kept.told], [1, [1]])
    service.kept.limit = 2
    await waitUntil('the driver has seen it', () => hold.maxUsd === 2)
    service.kept.limit = 4
    await hold.look()
    assert.equal(hold.maxUsd, 4)
    await hold.release('complete')
    const later = await service.hold()
    assert.deepEqual([later.maxUsd, service.kept.told], [4, [1]])
    await later.release('complete')
  } finally {
    await service.close()
  }
})

test('a service of an earlier release keeps no limit, and the run goes by its own', async () => {
  const service = await leasing(null, true)
  try {
    const hold = await service.hold(1)
    await hold.look()
    assert.equal(hold.maxUsd, undefined)
    await hold.release('complete')
    assert.equal(
      await (await openCostLimit({ ...world(undefined).options, given: 1, isNew: true, spentUsd: 0 })).now(),
      1,
    )
  } finally {
    await service.close()
  }
})

interface Body {
  readonly indicators: readonly { readonly indicator_id: string }[]
  readonly options: { readonly max_cost_usd?: number }
}

/** One batch of one indicator on a service that stops it under any limit below `needsUsd`. */
async function submitted(needsUsd: number, set: (limit: ReturnType<typeof world>['state']) => void) {
  const { state, limit } = world(1)
  const failed: number[] = []
  const limits: (number | undefined)[] = []
  const ingress = await startScriptedIngress((_, body): Reply => {
    const { indicators, options } = body as Body
    limits.push(options.max_cost_usd)
    set(state)
    const reply = batchDone(body)
    if ((options.max_cost_usd ?? 0) >= needsUsd) return reply
    const stopped = {
      ...{ code: 'cost-limit', message: 'spent' },
      indicator_ids: indicators.map(({ indicator_id: id }) => id),
    }
    return { body: { ...(reply.body as object), results: [], stopped } }
  })
  const journal = {
    header: {
      ...{ run_id: 'run-1', file: '/x.csv', fingerprint: 'f', batch_size: 1, force: false },
      options: { mode: 'hybrid', reuse: true, trust: 'catalogue' },
    },
    ...{ done: () => undefined, failures: () => 0, noteDone: async () => undefined, part: 1 },
    noteFailed: async (index: number) => void failed.push(index),
    notePart: async () => undefined,
  } as unknown as RunJournal
  try {
    const report = await runCatalogue(
      journal,
      async function* () {
        yield { index: 0, indicators: [{ indicator_id: 'i', name: 'x', sample_values: [] }], isAudit: false }
      },
      {
        ...{ urls: [ingress.url], patienceMs: 60_000, codebook: 'b@1', limit, say: () => undefined },
        ...{ onProgress: () => undefined, stopSubmitting: never, abandon: never },
      },
    )
    return { report, limits, failed }
  } finally {
    await ingress.close()
  }
}

test('a batch that an old limit stopped is submitted again under the new one, and the run goes on', async () => {
  const { report, limits, failed } = await submitted(3, (state) => {
    state.seen = Math.min(3, (state.seen ?? 0) + 1)
  })
  assert.deepEqual(limits, [1, 2, 3])
  // Each failure that the journal has makes another key.
  assert.deepEqual(failed, [0, 0])
  assert.deepEqual([report.classified, report.failed, report.max_cost?.usd, report.max_cost?.reached], [1, 0, 3, false])
})

test('a limit that nobody has raised ends the run, and so does one that was lowered', async () => {
  for (const after of [1, 0.5]) {
    const { report, limits } = await submitted(3, (state) => {
      state.seen = after
    })
    assert.deepEqual(limits, [1])
    assert.deepEqual([report.failed, report.max_cost?.reached], [1, true])
  }
})

test('a person who sets a limit is told it, and how a run that has ended goes on under it', () => {
  const report = { run_id: 'run-1', state: 'incomplete', wanted: 'running', max_cost_usd: 2, driver: null } as const
  assert.equal(
    formatWant(report),
    'Run run-1: no process drives it (incomplete); it may cost USD 2 in all. Take it on with: npm run classify -- --resume run-1',
  )
})

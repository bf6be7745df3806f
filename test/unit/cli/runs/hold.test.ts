/** The lease of a run on the side of the process that drives it, against a scripted service. */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { holdRun, type RunHold } from '../../../../src/cli/runs/hold.ts'
import { readMachine } from '../../../../src/embedded/pids.ts'
import type { DriveResponse } from '../../../../src/restate/contract.ts'
import { failedInvocation, type Reply, startScriptedIngress } from '../../../helpers/servers/ingress.ts'
import { waitUntil } from '../../../helpers/wait.ts'

const RUN = { catalogue: 'c', codebook: 'b@1', command: 'classify', size: 3 }
const SINCE = '2026-11-29T10:00:00.000Z'

interface Drive {
  readonly take?: {
    readonly driver: { readonly token: string; readonly host: string; readonly pid: number }
    readonly replaces?: string
  }
  readonly renew?: string
  readonly release?: { readonly token: string; readonly outcome: string }
}

type Holder = NonNullable<DriveResponse['driver']>

/** A service with one run, whose holder and wanted state a test sets. */
async function world(initial: Partial<Holder> | null, replies: { next?: Reply } = {}) {
  let holder: Holder | null =
    initial === null ? null : { token: 'other', host: 'far', pid: 9, since: SINCE, expires_in_ms: 10_000, ...initial }
  const state = {
    is: 'running' as DriveResponse['state'],
    wanted: 'running' as DriveResponse['wanted'],
    asked: [] as Drive[],
    said: [] as string[],
  }
  const ingress = await startScriptedIngress((_, body) => {
    const drive = body as Drive
    state.asked.push(drive)
    if (replies.next !== undefined) return replies.next
    if (
      drive.take !== undefined &&
      (holder === null || holder.expires_in_ms <= 0 || drive.take.replaces === holder.token)
    )
      holder = { ...drive.take.driver, since: SINCE, expires_in_ms: 10_000 }
    if (drive.release !== undefined && drive.release.token === holder?.token) holder = null
    return { body: { run_id: 'r', state: state.is, wanted: state.wanted, driver: holder } }
  })
  const controller = new AbortController()
  return {
    ...{ state, replies, controller },
    holder: () => holder,
    give: (next: Partial<Holder> | null) => {
      holder =
        next === null ? null : { token: 'other', host: 'far', pid: 9, since: SINCE, expires_in_ms: 10_000, ...next }
    },
    hold: () =>
      holdRun({
        ...{ urls: [ingress.url], runId: 'r', run: RUN, signal: controller.signal, renewEveryMs: 5 },
        say: (line) => state.said.push(line),
      }),
    close: () => ingress.close(),
  }
}

async function during(initial: Partial<Holder> | null, work: (w: Awaited<ReturnType<typeof world>>) => Promise<void>) {
  const w = await world(initial)
  try {
    await work(w)
  } finally {
    await w.close()
  }
}

/** Whether `untilWanted` resolves while the lease is renewed twice more. */
async function mayGoOn(w: Awaited<ReturnType<typeof world>>, hold: RunHold): Promise<boolean> {
  let isOpen = false
  void hold.untilWanted().then(() => {
    isOpen = true
  })
  const before = w.state.asked.length
  await waitUntil('the lease is renewed', () => w.state.asked.length > before + 2)
  return isOpen
}

test('a paused run waits and goes on, a stopped one submits nothing more, and the run is let go with its outcome', async () => {
  await during(null, async (w) => {
    const hold = await w.hold()
    assert.equal(w.holder()?.host, hostname())
    assert.equal(await mayGoOn(w, hold), true)
    w.state.wanted = 'paused'
    await waitUntil('the pause is seen', () => w.state.said.some((line) => /paused.*npm run resume -- r/.test(line)))
    assert.equal(await mayGoOn(w, hold), false)
    w.state.wanted = 'running'
    await hold.untilWanted()
    assert.equal(hold.stop.aborted, false)
    w.state.wanted = 'paused'
    await waitUntil(
      'the second pause is seen',
      () => w.state.said.filter((line) => line.includes('paused')).length === 2,
    )
    w.state.wanted = 'stopped'
    await hold.untilWanted()
    assert.equal(hold.stop.aborted, true)
    assert.equal(hold.stoppedBy, 'command')
    await hold.release('stopped')
    assert.equal(w.holder(), null)
    assert.equal(w.state.asked.at(-1)?.release?.outcome, 'stopped')
  })
})

test('a pause that was there before the driver holds from the first batch on', async () => {
  await during(null, async (w) => {
    w.state.wanted = 'paused'
    const hold = await w.hold()
    assert.equal(await mayGoOn(w, hold), false)
    w.controller.abort()
    await hold.untilWanted()
    await hold.release('interrupted')
  })
})

test('a holder that renews its lease is named with host, pid and since, and keeps the run', async () => {
  await during({ expires_in_ms: 8_000 }, async (w) => {
    const refused = w.hold()
    await waitUntil('the holder is looked at', () => w.state.said.length > 0)
    w.give({ expires_in_ms: 9_900 })
    await assert.rejects(refused, {
      code: 'input-invalid',
      message: /r is driven already \(host far, pid 9, since 2026-11-29T10:00:00\.000Z\): .*npm run stop -- r/,
    })
    assert.equal(w.holder()?.token, 'other')
  })
})

test('the run of a dead process is taken: at once on this machine, elsewhere when its lease has run out', async () => {
  const machine = await readMachine()
  assert.ok(machine !== undefined, 'this test needs /proc')
  // The pid is above what the system gives, so that no such process runs.
  await during({ machine, pid: 2 ** 30 }, async (w) => {
    const hold = await w.hold()
    assert.equal(w.state.asked[1]?.take?.replaces, 'other')
    assert.deepEqual(w.state.said, [])
    await hold.release('complete')
  })
  await during({ machine: 'another boot', pid: 2 ** 30, expires_in_ms: 900 }, async (w) => {
    const taken = w.hold()
    await waitUntil('the holder is looked at', () => w.state.said.length > 0)
    w.give({ expires_in_ms: -1 })
    const hold = await taken
    assert.ok(w.state.asked.every(({ take }) => take?.replaces === undefined))
    await hold.release('complete')
  })
})

test('a driver whose run another process has taken submits nothing more, and leaves the lease of the other alone', async () => {
  await during(null, async (w) => {
    const hold = await w.hold()
    w.give({})
    await waitUntil('the other is seen', () => hold.stop.aborted)
    assert.equal(hold.stoppedBy, 'takeover')
    assert.match(w.state.said.at(-1) ?? '', /Another process has taken the run \(host far, pid 9/)
    await hold.release('stopped')
    assert.equal(w.holder()?.token, 'other')
  })
})

test('a lease that ran out while the service was away is taken again', async () => {
  await during(null, async (w) => {
    const hold = await w.hold()
    w.replies.next = failedInvocation(500, 'database-unavailable: away')
    const before = w.state.asked.length
    await waitUntil('some renewals fail', () => w.state.asked.length > before + 2)
    w.give(null)
    delete w.replies.next
    await waitUntil('the run is held again', () => w.holder()?.host === hostname())
    assert.equal(hold.stop.aborted, false)
    await hold.release('complete')
  })
})

test('a run that another process has taken and let go again is not taken back', async () => {
  await during(null, async (w) => {
    const hold = await w.hold()
    w.state.is = 'complete'
    w.give(null)
    await waitUntil('the end is seen', () => hold.stop.aborted)
    assert.equal(hold.stoppedBy, 'takeover')
    assert.equal(w.holder(), null)
    await hold.release('complete')
  })
})

test('a run that began without a lease takes it as soon as the service can say', async () => {
  const w = await world(null, { next: failedInvocation(503, 'database-unavailable: no answer') })
  const hold = await w.hold()
  assert.equal(w.holder(), null)
  delete w.replies.next
  await waitUntil('the run is held', () => w.holder()?.host === hostname())
  await hold.release('complete')
  assert.equal(w.holder(), null)
  await w.close()
})

test('a service of an earlier release and a database that is away let the run begin without a lease', async () => {
  const unknown = { status: 404, body: { message: "service handler 'classify-api/drive' not found" } }
  for (const [reply, said] of [
    [unknown, 0],
    [failedInvocation(503, 'database-unavailable: no answer'), 1],
  ] as const) {
    const w = await world(null, { next: reply })
    const hold = await w.hold()
    await hold.untilWanted()
    assert.equal(hold.stop.aborted, false)
    assert.equal(w.state.said.length, said, w.state.said.join('\n'))
    await hold.release('complete')
    await w.close()
  }
})

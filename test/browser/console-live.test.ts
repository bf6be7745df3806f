/** Pages of the console that change each second: nothing on them moves, and what their scripts take is printed. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { ListedRun, Store } from '../../src/store/types.ts'
import { freePorts } from '../helpers/ports.ts'
import { emptyStore, startTestConsole, type TestConsole, TOKEN } from '../helpers/servers/console.ts'
import { findChromium } from './chromium.ts'
import { type ConsoleBrowser, openConsole } from './console-pages.ts'

/** So many looks a page is watched for, which come once a second at most. */
const LOOKS = 12
/** Numbers that grow to the left move so little in all looks together. What makes place for something moves ten times as much at once. */
const MOST_SHIFT = 0.004

/** What a page has recorded of itself. */
interface Seen {
  readonly tasks: readonly number[]
  readonly shifts: readonly { readonly at: number; readonly value: number; readonly what: readonly string[] }[]
  readonly updates: number
}

const SIZE = 1_000_000
const STARTED = Date.parse('2026-11-29T10:00:00.000Z')
let looks = 0

/** A run that gets on by a large step with each look: from nothing at all, by way of all orders of magnitude. */
function runOf(runId: string): ListedRun {
  const done = Math.min(SIZE - 1, looks === 0 ? 0 : Math.floor(3 ** looks * 1.9))
  const each = Math.floor(done / 5)
  return {
    ...{
      runId,
      startedAt: new Date(STARTED).toISOString(),
      updatedAt: new Date(STARTED + looks * 60_000).toISOString(),
    },
    ...{
      answered: done,
      batches: looks,
      indicators: done,
      classified: done - each,
      unchanged: each,
      needsReview: each,
    },
    ...{ unverified: Math.floor(done / 2), modelRequests: done, inputTokens: done * 3_000, cachedInputTokens: 0 },
    ...{
      outputTokens: done * 700,
      costUsd: done / 900,
      estimatedRequests: 0,
      estimatedCostUsd: 0,
      perMinute: done / 7,
    },
    ...{ catalogue: 'made up', codebook: 'economic-indicators@2', command: 'classify', size: SIZE },
    bySource: { rules: each, reuse: each, model: each, escalation: each, person: each },
    ...{ wanted: 'running', outcome: null, maxCostUsd: null, refusal: null },
    driver: { token: 't', host: 'laptop', pid: 1, since: new Date(STARTED).toISOString(), expiresInMs: 9_000 },
  }
}

function liveStore(): Store {
  const empty = emptyStore()
  const FIELDS = ['type', 'frequency', 'unit_kind', 'unit_scale', 'orientation', 'family']
  return {
    ...empty,
    listRuns: async () => {
      looks += 2
      return Array.from({ length: 40 }, (_, at) => runOf(`run-20261129-${at}`))
    },
    findRun: async (id) => {
      looks += 1
      return runOf(id)
    },
    views: {
      ...empty.views,
      findPace: async () =>
        Array.from({ length: looks > 2 ? Math.min(looks, 60) : 0 }, (_, at) => ({
          at: new Date(STARTED + (looks + at) * 10_000).toISOString(),
          ...{
            started: 40 + ((at * 7 + looks) % 30),
            refused: at % 5,
            failed: at % 3,
            indicators: at * 90,
            reused: at,
          },
        })),
      findRunDetail: async () => ({
        outcomes: looks < 2 ? {} : { ok: looks * 9, 'model-rate-limited': looks },
        models: looks < 3 ? [] : ['offline-rules'],
        sampled: looks < 2 ? 0 : 5_000,
        confidence: looks < 2 ? [] : FIELDS.map((field) => ({ field, mean: 0.8, low: 0.1 })),
        issues: looks < 2 ? [] : ['unverified', 'low-confidence'].map((code) => ({ code, results: looks * 50 })),
      }),
    },
  }
}

/** The budget runs into a pause now and then, and requests wait for it between. */
function answerOf(handler: string): unknown {
  if (handler === 'health') return { model: 'offline-rules' }
  looks += handler === 'budget' ? 1 : 0
  const replica = {
    share: 1,
    rpm: 990,
    tpm: null,
    demand: looks % 3 === 0 ? 9 : 0,
    in_flight: looks,
    expires_in_ms: 3_000,
  }
  return {
    ...{ rpm: 1_000, tpm: null, safety: 0.99, pace_factor: 1, account: { rpm: null, tpm: null } },
    paused_ms: looks % 4 === 0 ? 9_000 : 0,
    replicas: [{ ...replica, name: 'replica-1', memory_bytes: 9e7 + looks * 7e6, version: '0.1.0' }],
  }
}

let served: TestConsole
let browser: ConsoleBrowser
let page: Page
let base: string

const chromium = await findChromium()
const skip = chromium === undefined ? 'skipped: there is no chromium in PATH (apt-get install chromium)' : false

describe('pages of the console that change', { skip }, () => {
  before(async () => {
    const [port = 0] = await freePorts(1)
    base = `http://127.0.0.1:${port}`
    served = await startTestConsole({
      ...{ url: base, store: liveStore() },
      ingress: { ask: async (handler, _body, schema) => schema.parse(answerOf(handler)) },
      commands: {
        run: async () => {
          const backlog = [{ service: 'classify-api', handler: 'batch', status: 'running', count: looks }]
          return { code: 0, stdout: JSON.stringify({ backlog }), stderr: '' }
        },
      },
    })
    await served.app.listen({ port, host: '127.0.0.1' })
    browser = await openConsole(`${base}/sign-in?token=${TOKEN}`)
    page = browser.page
    await browser.context.addInitScript(record)
  })
  after(async () => {
    await browser?.close()
    await served?.close()
  })

  for (const [name, path, width] of [
    ['a run', '/runs/run-1', 1280],
    ['a run on a phone', '/runs/run-2', 390],
    ['the list of runs', '/runs', 1280],
    ['the cluster', '/cluster', 1280],
  ] as const) {
    test(`nothing moves on the page of ${name}`, async () => {
      looks = 0
      await page.setViewportSize({ width, height: 900 })
      await page.goto(base + path)
      const loopMs = await page.evaluate(loop)
      const wanted = path === '/runs' ? 3 : LOOKS
      await page.waitForFunction((most) => (window as unknown as { seen: Seen }).seen.updates >= most, wanted, {
        timeout: 120_000,
        polling: 500,
      })
      const { tasks, shifts } = await page.evaluate<Seen>('seen')
      const moved = shifts.reduce((sum, { value }) => sum + value, 0)
      console.log(
        `${name}: moved ${moved.toFixed(5)}; tasks over 50 ms: ${tasks.join(', ') || 'none'}; ` +
          `a loop that takes a calm machine about 8 ms took ${loopMs.toFixed(0)}`,
      )
      const seen = shifts.map(({ at, value, what }) => `${at} ms: ${value.toFixed(5)} ${what.join(' | ')}`).join('\n')
      assert.ok(moved < MOST_SHIFT, `moved ${moved}:\n${seen}`)
      assert.deepEqual(browser.faults, [])
    })
  }
})

/** A loop of the same work on every machine; gives the milliseconds that it takes. */
function loop(): number {
  const begun = performance.now()
  let value = 0
  for (let step = 0; step < 5e6; step += 1) value = (value * 31 + step) | 0
  return performance.now() - begun + (value === 1 ? 1 : 0)
}

/** Runs in each page before its own scripts: keeps its long tasks, what moves in it, and how often it was told something. */
function record(): void {
  const seen = { tasks: [] as number[], shifts: [] as object[], updates: 0 }
  Object.assign(window, { seen })
  const watch = (type: string, take: (entry: PerformanceEntry) => void) => {
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true })
  }
  watch('longtask', ({ duration }) => seen.tasks.push(Math.round(duration)))
  watch('layout-shift', (entry) => {
    const { startTime, value, sources } = entry as PerformanceEntry & {
      value: number
      sources: { node: Node | null }[]
    }
    const textOf = (node: Node | null) => (node instanceof Element ? node.outerHTML : (node?.nodeValue ?? ''))
    const what = sources.map(({ node }) => textOf(node).slice(0, 80))
    seen.shifts.push({ at: Math.round(startTime), value, what })
  })
  const Source = window.EventSource
  window.EventSource = class extends Source {
    constructor(...args: ConstructorParameters<typeof Source>) {
      super(...args)
      this.addEventListener('data', () => {
        seen.updates += 1
      })
    }
  }
}

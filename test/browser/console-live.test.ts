/** Pages of the console while a run is under way: nothing on them moves, and what their scripts take is measured. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { findChromium } from './chromium.ts'
import { type ConsoleBrowser, openConsole } from './console-pages.ts'

const ROWS = 1_500
const WORDS = ['Zorbic attainment', 'Vorbic drift', 'Quandle flow', 'Mimsy balance', 'Frob share']
const FILE = [
  'Code,Indicator Name,Unit',
  ...Array.from(
    { length: ROWS },
    (_, at) => `L.${at},${WORDS[at % 5]} of region ${at},${at % 2 === 0 ? 'Index' : '%'}`,
  ),
].join('\n')
/** So long a page is watched, which is told something new about once a second. */
const WATCHED_MS = 15_000
/** What moves less than this share of the window is the width of a figure. */
const MOST_SHIFT = 0.001
/** A task is long where it takes this many times as long as the loop, which takes a calm machine about 8 ms. */
const LONG_LOOPS = 12

/** What a page has recorded of itself. */
interface Seen {
  readonly tasks: readonly number[]
  readonly shifts: readonly { readonly at: number; readonly value: number; readonly what: readonly string[] }[]
  readonly updates: number
}

let stack: TestStack
let browser: ConsoleBrowser
let page: Page
let base: string
let run: string

const chromium = await findChromium()
const skip = chromium === undefined ? 'skipped: there is no chromium in PATH (apt-get install chromium)' : false

describe('the console beside a run that is under way', { skip }, () => {
  before(async () => {
    stack = await startTestStack({ OFFLINE_MODEL_LATENCY_MS: '500', RATE_RPM: '40' }, {}, { withConsole: true })
    browser = await openConsole(stack.consoleLink ?? '')
    page = browser.page
    base = new URL(stack.consoleLink ?? '').origin
    await browser.context.addInitScript(record)
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })

  test('a run is started whose pages can be watched', async () => {
    await page.goto(`${base}/start`)
    await page.setInputFiles('#file', { name: 'live.csv', mimeType: 'text/csv', buffer: Buffer.from(FILE) })
    await page.waitForURL(/\/start\/[0-9a-f]{24}/)
    await page.getByText('Start the run').waitFor({ timeout: 120_000 })
    await page.getByRole('button', { name: /^Classify / }).click()
    await page.waitForURL(/\/runs\/run-/, { timeout: 120_000 })
    run = new URL(page.url()).pathname
  })

  for (const [name, pathOf] of [
    ['the run from its beginning', () => run],
    ['the list of runs', () => '/runs'],
    ['the cluster', () => '/cluster'],
    ['the run in its midst', () => run],
  ] as const) {
    test(`nothing moves on the page of ${name}`, async () => {
      await page.goto(base + pathOf())
      const loopMs = await page.evaluate(loop)
      await page.waitForTimeout(WATCHED_MS)
      const { tasks, shifts, updates } = await page.evaluate<Seen>('seen')
      const long = tasks.filter((ms) => ms > LONG_LOOPS * loopMs)
      const moved = shifts.reduce((sum, { value }) => sum + value, 0)
      console.log(
        `${name}: moved ${moved.toFixed(5)}, ${updates} updates, tasks over 50 ms: ${tasks.join(', ') || 'none'}; ` +
          `the loop took ${loopMs.toFixed(0)} ms, ${long.length} tasks took over ${LONG_LOOPS} times as long`,
      )
      assert.ok(updates > 0, 'the page was told something')
      const seen = shifts.map(({ at, value, what }) => `${at} ms: ${value.toFixed(5)} ${what.join(' | ')}`).join('\n')
      assert.ok(moved < MOST_SHIFT, `moved ${moved}:\n${seen}`)
    })
  }
})

/** A loop of the same work on every machine. */
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
    const what = sources.map(
      ({ node }) => (node instanceof Element ? node.outerHTML : node?.nodeValue)?.slice(0, 80) ?? '',
    )
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

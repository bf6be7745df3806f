/** Opens pages of the console in chromium, keeps what went wrong in them, and takes pictures in light, dark and narrow. */

import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { findChromium } from './chromium.ts'

export interface ConsoleBrowser {
  readonly context: BrowserContext
  readonly page: Page
  /** What pages printed as errors, what their policy refused, and what left their origin. */
  readonly faults: string[]
  close(): Promise<void>
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Opens a browser signed in by the link. */
export async function openConsole(link: string): Promise<ConsoleBrowser> {
  const executablePath = await findChromium()
  if (executablePath === undefined) throw new Error('There is no chromium in PATH: apt-get install chromium')
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: false })
  // Far longer than anything takes, since a slow machine is no failure.
  context.setDefaultTimeout(120_000)
  const faults: string[] = []
  const { origin } = new URL(link)
  context.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== origin) faults.push(`a request left the origin: ${url.href}`)
  })
  const page = await context.newPage()
  watch(page, faults)
  context.on('page', (opened) => watch(opened, faults))
  await page.goto(link)
  return { context, page, faults, close: () => browser.close() }
}

function watch(page: Page, faults: string[]): void {
  page.on('pageerror', (error) => faults.push(`an error in ${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (?:4|5)\d\d|ERR_/.test(message.text()))
      faults.push(`${page.url()}: ${message.text()}`)
  })
}

export interface Violation {
  readonly id: string
  readonly nodes: readonly string[]
}

/** What axe-core finds on the page. It is put in by the browser's own tools, since the policy of the page forbids foreign scripts. */
export async function axeViolations(page: Page): Promise<readonly Violation[]> {
  const session = await page.context().newCDPSession(page)
  await session.send('Runtime.evaluate', { expression: await readFile(AXE, 'utf8') })
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      JSON.stringify(violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 5).map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + (failureSummary ?? '').slice(0, 300)) }))))`,
    awaitPromise: true,
    returnByValue: true,
  })
  await session.detach()
  return JSON.parse(String(result.value)) as Violation[]
}

/** The folder that takes pictures, which the test prints. With CONSOLE_PICTURES it is another; docs/pictures came of it. */
export const PICTURES = process.env['CONSOLE_PICTURES'] ?? join(tmpdir(), 'classify-console-pictures')

/** Takes pictures of the page as it is: wide in light and dark, and as wide as a phone. */
export async function takePictures(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true })
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await page.screenshot({ path: join(PICTURES, `${name}-${scheme}.png`), fullPage: true })
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 390, height: 844 })
  await page.screenshot({ path: join(PICTURES, `${name}-390.png`), fullPage: true })
  await page.setViewportSize({ width: 1280, height: 900 })
}

/** The paths that links of a page lead to. */
export async function pathsOf(page: Page, url: string, selector: string): Promise<string[]> {
  await page.goto(url)
  const hrefs = await page
    .locator(selector)
    .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
  return hrefs
}

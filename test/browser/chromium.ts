/** Debian's chromium without a window, driven through playwright-core, and what its pages have asked and been answered. */
import { constants } from 'node:fs'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { REDIRECT, SCRIPT } from './attacker.ts'
import type { Target } from './targets.ts'

/** Names that the attacker's DNS lets point to this machine. */
export const ATTACKER_HOST = 'attacker.example'
export const REBOUND_HOST = 'rebound.example'
/** After this many milliseconds without a request nothing is expected any more, such as a beacon. */
const CALM_MS = 400

/** What a page could read of an answer. */
export interface Reading {
  readonly way: string
  readonly what: string
  readonly text: string
}

/** An answer that reached the browser, whether a page could read it or not. */
export interface Answered {
  readonly method: string
  readonly url: string
  readonly status: number
}

export interface Attack {
  readonly read: readonly Reading[]
  readonly answered: readonly Answered[]
}

export interface Chromium {
  /** Opens a page that the attacker serves at `origin`, which tries everything on the targets. */
  attackFrom(origin: string, targets: readonly Target[]): Promise<Attack>
  /**
   * The same after DNS rebinding: the page is of the very host and port that it asks, and its name points to this machine.
   * All targets are of that one origin.
   */
  attackRebound(origin: string, targets: readonly Target[]): Promise<Attack>
  /** Opens a page as a user does, by its address, and gives it to `use` with the answers so far. Resolves with all of them. */
  visit(url: string, use: (page: Page, answered: readonly Answered[]) => Promise<void>): Promise<readonly Answered[]>
  /** The names of the ways in which a page attacks. */
  ways(): Promise<readonly string[]>
  close(): Promise<void>
}

/** The path of chromium; undefined where this machine has none. */
export async function findChromium(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'chromium')
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return undefined
}

/** `attackerPort` is the port of the attacker's server, which redirects. */
export async function startChromium(attackerPort: number): Promise<Chromium> {
  const executablePath = await findChromium()
  if (executablePath === undefined) {
    throw new Error('There is no chromium in PATH: install it with .ci/tools, or with apt-get install chromium')
  }
  const profile = await mkdtemp(join(tmpdir(), 'classify-chromium-'))
  const browser = await chromium.launch({
    executablePath,
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile } as Record<string, string>,
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      `--host-resolver-rules=MAP ${ATTACKER_HOST} 127.0.0.1, MAP ${REBOUND_HOST} 127.0.0.1`,
      // What the browser itself would keep from the service shall not hide what the service lets in.
      '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessForWorkers,PrivateNetworkAccessSendPreflights,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable',
    ],
  })
  const script = await readFile(SCRIPT, 'utf8')
  const redirect = `http://${ATTACKER_HOST}:${attackerPort}${REDIRECT}`
  return {
    attackFrom: (origin, targets) =>
      attack(browser, async (page) => void (await page.goto(`${origin}/page`)), targets, redirect),
    attackRebound: async (origin, targets) => {
      const open = async (page: Page) => {
        // The first answer is still of the attacker's server. No other request is held up, and so all go out as they would.
        const url = `${origin}/page`
        await page.route(url, (route) =>
          route.fulfill({ contentType: 'text/html', body: '<!doctype html><body></body>' }),
        )
        await page.goto(url)
        await page.unroute(url)
        await page.addScriptTag({ content: script })
      }
      return await attack(browser, open, targets, redirect)
    },
    visit: async (url, use) => {
      const { answered } = await watch(browser, async (page, seen) => {
        await page.goto(url)
        await use(page, seen)
      })
      return answered
    },
    ways: async () => {
      const page = await browser.newPage()
      await page.addScriptTag({ content: script })
      const names = await page.evaluate<string[]>('ways()')
      await page.close()
      return names
    },
    close: async () => {
      await browser.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

async function attack(
  browser: Browser,
  open: (page: Page) => Promise<void>,
  targets: readonly Target[],
  redirect: string,
): Promise<Attack> {
  const { result, answered } = await watch(browser, async (page) => {
    await open(page)
    return await page.evaluate<Reading[]>(`attack(${JSON.stringify(targets)}, ${JSON.stringify(redirect)})`)
  })
  const origins = new Set(targets.map(({ url }) => new URL(url).origin))
  const own = (url: string) =>
    url.startsWith('http') && origins.has(new URL(url).origin) && new URL(url).pathname !== '/page'
  return { read: result, answered: answered.filter(({ url }) => own(url)) }
}

/** Runs `use` with a page of a new profile, waits until the browser is calm, and resolves with all answers that it got. */
async function watch<T>(
  browser: Browser,
  use: (page: Page, answered: readonly Answered[]) => Promise<T>,
): Promise<{ readonly result: T; readonly answered: readonly Answered[] }> {
  const context = await browser.newContext()
  const answered: Answered[] = []
  let lastAt = performance.now()
  context.on('request', () => {
    lastAt = performance.now()
  })
  context.on('response', (response) => {
    lastAt = performance.now()
    answered.push({ method: response.request().method(), url: response.url(), status: response.status() })
  })
  try {
    const result = await use(await context.newPage(), answered)
    while (performance.now() - lastAt < CALM_MS) await sleep(50)
    return { result, answered }
  } finally {
    await context.close()
  }
}

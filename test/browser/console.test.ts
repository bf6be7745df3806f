/** The console as people use it, in a real browser on a real stack: a file dropped, its run watched, reviewed by keys, certified. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import type { Locator, Page } from 'playwright-core'
import { createPool, type DatabasePool } from '../../src/store/pool.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack/stack.ts'
import { waitUntil } from '../helpers/wait.ts'
import { findChromium } from './chromium.ts'
import { axeViolations, type ConsoleBrowser, openConsole, PICTURES, pathsOf, takePictures } from './console-pages.ts'

/** Names of columns that are found, one that is not, and texts that want to be markup. */
const ROWS = 44
const HOSTILE = ['<img src=x onerror=alert(1)>', '</script><script>alert(1)</script>', '\u202egnp.exe', '=cmd|calc!A1']
const FILE = [
  'Code,Indicator Name,Unit,Remark,Colour',
  ...Array.from({ length: ROWS }, (_, at) => {
    const odd = HOSTILE[at] ?? ['Zorbic attainment', 'Vorbic drift', 'Quandle flow', 'Mimsy balance'][at % 4]
    return `X.${at},"${odd} of region ${at}",${at % 3 === 0 ? 'Index' : at % 3 === 1 ? 'USD Million' : '%'},"Remark ${at}",${at % 2 === 0 ? 'red' : 'blue'}`
  }),
].join('\n')

let stack: TestStack
let browser: ConsoleBrowser
let page: Page
let base: string
let run = ''
let pool: DatabasePool

const textOf = async (found: Locator) => (await found.textContent()) ?? ''

const chromium = await findChromium()
const skip = chromium === undefined ? 'skipped: there is no chromium in PATH (apt-get install chromium)' : false

describe('the console in a browser', { skip }, () => {
  before(async () => {
    stack = await startTestStack({ OFFLINE_MODEL_LATENCY_MS: '300' }, {}, { withConsole: true })
    browser = await openConsole(stack.consoleLink ?? '')
    page = browser.page
    base = new URL(stack.consoleLink ?? '').origin
    pool = createPool({ connectionString: stack.databaseUrl, max: 1, log: pino({ level: 'silent' }) })
    console.log(`Pictures: ${PICTURES}`)
  })
  after(async () => {
    await browser?.close()
    await pool?.end()
    await stack?.stop()
  })

  const open = (path: string) => page.goto(base + path)
  const press = async (keys: string) => {
    for (const key of keys.split(' ')) await page.keyboard.press(key)
  }
  const rowsOf = async (text: string) => (await pool.query(text)).rows

  test('the link opens the console signed in, and leaves no token in the address', async () => {
    assert.equal(page.url(), `${base}/runs`)
    assert.equal(await page.getByRole('heading', { name: 'Runs' }).count(), 1)
    await page.reload()
    assert.equal(page.url(), `${base}/runs`)
  })

  test('a file that is chosen before the module of the page is there is not lost', async () => {
    const chosen = Promise.withResolvers<void>()
    await page.route(/browser\/start\.ts/, async (route) => {
      await chosen.promise
      await route.continue()
    })
    await page.goto(`${base}/start`, { waitUntil: 'commit' })
    await page.setInputFiles('#file', { name: 'early.csv', mimeType: 'text/csv', buffer: Buffer.from(FILE) })
    chosen.resolve()
    await page.waitForURL(/\/start\/[0-9a-f]{24}/)
    await page.unroute(/browser\/start\.ts/)
  })

  test('a dropped file shows how it is read, takes another mapping, and becomes a run that is watched to its end', async () => {
    await open('/start')
    await page.setInputFiles('#file', { name: 'made up.csv', mimeType: 'text/csv', buffer: Buffer.from(FILE) })
    await page.waitForURL(/\/start\/[0-9a-f]{24}/)
    await page.getByText('Start the run').waitFor()
    await takePictures(page, 'upload')
    await page.selectOption('#map-description', 'Remark')
    await page.getByRole('button', { name: 'Read the file again with this mapping' }).click()
    await page.getByText('Remark 0').first().waitFor()
    // What is changed and not read yet puts the start off, and is not lost.
    await page.selectOption('#map-topic', 'Colour')
    await page.locator('input[name=catalogue]').fill('made up')
    await page.getByRole('button', { name: `Classify ${ROWS} records` }).click()
    await page.getByText('Nothing was started yet: the mapping was changed').waitFor()
    await page.getByText('Start the run').waitFor()
    assert.equal(await page.locator('#map-topic').inputValue(), 'Colour')
    assert.equal(await page.locator('#map-description').inputValue(), 'Remark')
    assert.equal(await page.locator('input[name=catalogue]').inputValue(), 'made up')
    assert.match(await textOf(page.locator('main')), /The offline model answers here/)
    await page.getByRole('button', { name: `Classify ${ROWS} records` }).click()
    await page.waitForURL(/\/runs\/run-/)
    run = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1) ?? '')
    await page.locator('.head .badge', { hasText: 'complete' }).waitFor()
    assert.match(await textOf(page.locator('.wide .num')), new RegExp(`^${ROWS} of ${ROWS}`))
  })

  test('twenty cards are decided by keys alone, one is taken back, and a reload in the middle loses nothing', async () => {
    await open('/review?catalogue=made+up&unverified=1')
    await page.locator('.review-card h2').waitFor()
    const first = await textOf(page.locator('.review-card h2'))
    await press('1')
    assert.ok((await page.locator('.field.changed').count()) <= 1)
    await press('Enter')
    await page.waitForFunction((name) => document.querySelector('.review-card h2')?.textContent !== name, first)
    await press('u')
    await page.waitForFunction((name) => document.querySelector('.review-card h2')?.textContent === name, first)
    for (let card = 0; card < 20; card += 1) {
      const name = await textOf(page.locator('.review-card h2'))
      await decideByKeys(page)
      await page.waitForFunction((before) => document.querySelector('.review-card h2')?.textContent !== before, name)
      if (card === 9) {
        await page.reload()
        await page.locator('.review-card h2').waitFor()
      }
    }
    assert.match(await textOf(page.locator('.review-bar .dim')), /^20 decided/)
    const stored = () => rowsOf('select indicator_id, decided_at from review_decisions order by decided_at')
    try {
      // A call that is not answered is given up after 20 s, and the decision is sent again.
      await waitUntil('all decisions are stored', async () => (await stored()).length === 20)
    } catch (error) {
      const waiting = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))
      throw new Error(`${JSON.stringify(await stored())}\n${await textOf(page.locator('main'))}\n${waiting}`, {
        cause: error,
      })
    }
  })

  test('a card shows what it is judged by, takes what is typed and nothing that cannot be, and keeps its bar in place', async () => {
    await open('/review?unverified=1')
    const card = page.locator('.review-card')
    await card.locator('h2').waitFor()
    assert.match(await textOf(card.locator('.record-texts')), /units.*description.*Remark/)
    assert.match(
      (await card.locator('.record-line a').getAttribute('href')) ?? '',
      /^\/records\/economic-indicators\/made%20up\/X/,
    )
    await card.locator('.field', { hasText: 'Type' }).first().click()
    await press('Escape /')
    await page.keyboard.type('flow')
    await press('Enter')
    assert.match(await textOf(card.locator('.field', { hasText: 'Type' }).first()), /Type\s*flow/)
    await card.locator('.field', { hasText: 'Unit currency' }).click()
    await press('Escape /')
    await page.keyboard.type('Taler!!')
    const fault = page.locator('#search-fault')
    assert.match(
      await textOf(fault),
      /“Taler!!” is no label of Unit currency: it must be three capital letters or INTL, such as/,
    )
    await press('Enter')
    assert.match(await textOf(page.locator('.said')), /it must be three capital letters/)
    assert.doesNotMatch(await textOf(card.locator('.field', { hasText: 'Unit currency' })), /Taler/)
    await page.locator('#review-search').fill('chf')
    await press('Enter')
    assert.match(await textOf(card.locator('.field', { hasText: 'Unit currency' })), /CHF/)
    await takePictures(page, 'review-card')
    // A comment is written at the end of the card, and the next card is shown from its top.
    const places = async () =>
      JSON.stringify(
        await page
          .locator('.review-bar button')
          .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().left)),
      )
    const [before, left] = [await places(), await textOf(page.locator('#left'))]
    const name = await textOf(card.locator('h2'))
    await page.setViewportSize({ width: 1280, height: 420 })
    await press('c')
    await page.keyboard.type('seen')
    await press('Escape s')
    await page.waitForFunction((old) => document.querySelector('.review-card h2')?.textContent !== old, name)
    await page.waitForFunction(() => {
      const { top = -1, bottom = 9_999 } = document.querySelector('.review-card h2')?.getBoundingClientRect() ?? {}
      return top >= 0 && bottom <= window.innerHeight
    })
    await page.setViewportSize({ width: 1280, height: 900 })
    assert.equal(await places(), before)
    assert.equal(await textOf(page.locator('#left')), left, 'a card that was put aside is still to be decided')
    await decideByKeys(page)
    await page.waitForFunction((old) => document.querySelector('#left')?.textContent !== old, left)
  })

  test('a record leads to its own card', async () => {
    await open('/results?catalogue=made+up&status=unverified')
    const [path = ''] = await pathsOf(page, page.url(), 'tbody th a')
    await open(path)
    const name = await textOf(page.locator('h1'))
    await page.getByRole('link', { name: 'Review this record' }).click()
    await page.locator('.review-card h2').waitFor()
    assert.equal(await textOf(page.locator('.review-card h2')), name)
    await open(`${path}`)
    await takePictures(page, 'record-page')
  })

  test('a file that is dropped again says how many records that people decided are asked again by another mapping', async () => {
    await open('/start')
    await page.setInputFiles('#file', { name: 'made up.csv', mimeType: 'text/csv', buffer: Buffer.from(FILE) })
    await page.waitForURL(/\/start\/[0-9a-f]{24}/)
    // The run read the colour as the topic as well.
    await page.getByText(/^\d+ records that people decided have changed since/).waitFor()
    const address = page.url().split('?')[0] ?? ''
    await page.goto(`${address}?map.topic=Colour&map.description=Remark&catalogue=made+up`)
    await page.getByText('Start the run').waitFor()
    await page.waitForTimeout(3_000)
    assert.equal(await page.getByText(/people decided/).count(), 0)
    await open('/start')
    await page.locator('li', { hasText: 'made up.csv' }).getByRole('button', { name: 'Remove' }).first().click()
    await page.waitForURL(/\/start$/)
    assert.equal(await page.locator('li', { hasText: 'made up.csv' }).count(), 0)
  })

  test('a database that is away costs no decision', async () => {
    await open('/review?unverified=1')
    await page.locator('.review-card h2').waitFor()
    const stored = (await rowsOf('select from review_decisions')).length
    const { postgres = 0 } = stack.pids()
    process.kill(postgres, 'SIGSTOP')
    try {
      await decideByKeys(page)
      await page.waitForTimeout(10_000)
    } finally {
      // The supervisor ends a database that hangs, and starts another.
      resume(postgres)
    }
    // A database that was started again refuses connections at first.
    const countStored = async () => (await rowsOf('select from review_decisions').catch(() => [])).length
    await waitUntil('the decision is stored', async () => (await countStored()) === stored + 1)
  })

  test('the budget is set, and what is no number is refused', async () => {
    await open('/cluster')
    await page.locator('input[name=rpm]').fill('777')
    await page.getByRole('button', { name: 'Set the budget' }).click()
    await page.locator('.fact', { hasText: 'Requests a minute' }).getByText('777').waitFor()
    const history = page.locator('figure', { hasText: 'How it was set' })
    await history.locator('tbody tr').nth(1).waitFor()
    assert.match(await textOf(history.locator('tbody tr').first()), new RegExp(`${userInfo().username}.*777`, 's'))
    assert.match(await textOf(history.locator('tbody tr').nth(1)), /the settings of/)
    // The stack's own node and its replica say what they take.
    assert.match(await textOf(page.getByRole('region', { name: 'Nodes of Restate' })), /1\.\d+\.\d+.*MB.*answers/s)
    assert.match(await textOf(page.getByRole('region', { name: 'Replicas' })), /MB/)
    // What somebody is typing outlives what the page is told meanwhile.
    await page.locator('input[name=rpm]').fill('654')
    await callIngress(stack, 'classify-api/budget', { rpm: 888 })
    await page.locator('.fact', { hasText: 'Requests a minute' }).getByText('888').waitFor()
    assert.equal(await page.locator('input[name=rpm]').inputValue(), '654')
    await callIngress(stack, 'classify-api/budget', { rpm: 777 })
  })

  test('a certificate is planned, a row is labelled blind, and the certificate is shown', async () => {
    await open(`/accuracy?run=${run}`)
    await page.getByRole('button', { name: 'Plan it and label the first rows' }).click()
    await page.locator('.review-card').waitFor()
    assert.doesNotMatch(await textOf(page.locator('.review-card')), /rule (?:sure|guesses)|model says/i)
    const fields = await page.locator('.field').count()
    const row = await textOf(page.locator('.review-card h2'))
    assert.match(await textOf(page.locator('.review-bar .stats')), /^0 of about \d+ labelled/)
    await press('Enter')
    assert.match(await textOf(page.locator('.said')), /^No label yet: Type, /)
    const free = page.locator('.field', { hasText: 'Unit divisor' })
    await free.click()
    await press('Escape /')
    await page.keyboard.type('Short Ton')
    await press('Enter')
    assert.match(await textOf(free), /Short Ton/)
    await page.locator('.field').first().click()
    await press('Escape')
    for (let field = 0; field < fields; field += 1) await press('x')
    await takePictures(page, 'label')
    await press('Enter')
    await page.waitForFunction((name) => document.querySelector('.review-card h2')?.textContent !== name, row)
    await press('u')
    await page.waitForFunction((name) => document.querySelector('.review-card h2')?.textContent === name, row)
    await press('Enter')
    assert.match(await textOf(page.locator('.review-bar .stats')), /^1 of about \d+ labelled, 1 of them here/)
    await waitUntil('the label is stored', async () => (await rowsOf('select from evidence_labels')).length > 0)
    await waitUntil('the certificate is shown', async () => {
      await open(`/accuracy?run=${run}`)
      return (await page.getByText('not enough labels').count()) > 0
    })
  })

  test('every page is without violations in both schemes, sends nothing elsewhere, and breaks none of its rules', async () => {
    const [record = ''] = await pathsOf(page, `${base}/results`, 'tbody th a')
    const paths = {
      runs: '/runs',
      run: `/runs/${run}`,
      results: '/results',
      record,
      review: '/review?unverified=1',
      start: '/start',
    }
    const more = {
      accuracy: `/accuracy?run=${run}`,
      codebooks: '/codebooks',
      codebook: '/codebooks/economic-indicators',
      cluster: '/cluster',
    }
    for (const [name, path] of Object.entries({ ...paths, ...more })) {
      await open(path)
      await page.waitForTimeout(name === 'cluster' || name === 'review' ? 2_500 : 300)
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme })
        assert.deepEqual(await axeViolations(page), [], `${name} in ${scheme}`)
      }
      await takePictures(page, name)
      assert.deepEqual(await stickingOut(page), [], `${name} at the width of a phone`)
    }
    await page.context().clearCookies()
    await open('/runs')
    assert.deepEqual(await axeViolations(page), [], 'sign in')
    await takePictures(page, 'sign-in')
    await page.goto(stack.consoleLink ?? '')
    assert.deepEqual(browser.faults, [])
  })

  test('hostile names are text on every page', async () => {
    for (const path of [
      '/results?catalogue=made+up',
      `/runs/${run}`,
      '/records/economic-indicators/made%20up/X.0',
      '/records/economic-indicators/made%20up/X.1',
    ]) {
      await open(path)
      assert.equal(await page.locator('img').count(), 0, path)
      assert.equal(await page.evaluate(() => document.scripts.length), 2, path)
    }
    assert.match(await textOf(page.locator('h1')), /<\/script><script>alert\(1\)<\/script>/)
  })

  test('a run reads without JavaScript', async () => {
    const state = await page.context().storageState()
    const context = await page.context().browser()?.newContext({ javaScriptEnabled: false, storageState: state })
    assert.ok(context !== undefined)
    const plain = await context.newPage()
    await plain.goto(`${base}/runs/${run}`)
    assert.match(await textOf(plain.locator('.wide .num')), new RegExp(`^${ROWS} of ${ROWS}`))
    await plain.goto(`${base}/results?q=zorbic`)
    assert.ok((await plain.locator('tbody tr').count()) > 5)
    await context.close()
  })

  test('a page of another origin reads nothing, changes nothing and frames nothing', async () => {
    const server: Server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><body></body>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const foreign = await page.context().newPage()
    await foreign.goto(`http://127.0.0.1:${port}/`)
    const outcome = await foreign.evaluate(async (target) => {
      const read = await fetch(`${target}/runs`, { credentials: 'include' }).then(
        (response) => response.text(),
        () => 'refused',
      )
      const sent = await fetch(`${target}/cluster/budget`, {
        method: 'POST',
        credentials: 'include',
        mode: 'no-cors',
        body: new URLSearchParams({ rpm: '1' }),
      }).then(
        () => 'sent',
        () => 'refused',
      )
      const frame = document.createElement('iframe')
      frame.src = `${target}/runs`
      document.body.append(frame)
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      const shown = (() => {
        try {
          return frame.contentDocument?.body.textContent ?? ''
        } catch {
          return ''
        }
      })()
      return { read, sent, shown }
    }, base)
    assert.equal(outcome.read, 'refused')
    assert.doesNotMatch(outcome.shown, /Runs/)
    await foreign.close()
    server.close()
    await open('/cluster')
    assert.equal(await page.locator('.fact', { hasText: 'Requests a minute' }).getByText('777').count(), 1)
  })
})

/** What is wider than its card at the width of a phone, and cannot be scrolled to. */
async function stickingOut(onPage: Page): Promise<string[]> {
  await onPage.setViewportSize({ width: 390, height: 844 })
  const found = await onPage.evaluate(() =>
    [...document.querySelectorAll('.card')].flatMap((card) => {
      const edge = Math.min(card.getBoundingClientRect().right, document.documentElement.clientWidth)
      return [...card.querySelectorAll('select, input, td, th')].flatMap((part) => {
        const canScroll = part.closest('.scroll') !== null || getComputedStyle(card).overflowX === 'auto'
        const isControl = part.matches('select, input')
        return part.getBoundingClientRect().right > edge + 1 &&
          (isControl || !canScroll) &&
          part.closest('.unseen') === null
          ? [part.outerHTML.slice(0, 120)]
          : []
      })
    }),
  )
  await onPage.setViewportSize({ width: 1280, height: 900 })
  return found
}

/**
 * Saves the card without a mouse, and chooses a value in every field that has none yet: the first, or where labels do not go
 * together the next.
 */
async function decideByKeys(onPage: Page): Promise<void> {
  const name = await textOf(onPage.locator('.review-card h2'))
  let choice = 1
  for (let turn = 0; turn < 40; turn += 1) {
    await onPage.keyboard.press('Enter')
    // What was said of the choice before is there until the page is drawn again.
    await onPage.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
    const seen = await onPage.waitForFunction((before) => {
      if (document.querySelector('.review-card h2')?.textContent !== before) return 'next'
      const said = document.querySelector('.said')?.textContent ?? ''
      return said.includes('has no label yet') ? 'open' : said.startsWith('Not saved') ? 'refused' : false
    }, name)
    const found = await seen.jsonValue()
    if (found === 'next') return
    choice = found === 'refused' ? (choice % 9) + 1 : 1
    await onPage.keyboard.press(String(choice))
  }
}

function resume(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
  }
}

/** What the browser gets: modules that find each other, little to transfer, and one look at the database for all who watch. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAssets } from '../../../src/console/assets.ts'
import { createLive } from '../../../src/console/live.ts'
import { findView, type View } from '../../../src/console/view.ts'
import { startTestConsole } from '../../helpers/servers/console.ts'

const PAGE_FILE = /^(.+)-page\.ts$/
const VIEWS = readdirSync(new URL('../../../src/console/page', import.meta.url)).flatMap(
  (file) => PAGE_FILE.exec(file)?.[1] ?? [],
)
const MOST_BYTES = 120 * 1024

describe('assets', () => {
  const assets = readAssets()

  it('import nothing that is not served, and hold no types', () => {
    const seen = new Set<string>()
    const visit = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      const asset = assets.find(path)
      assert.ok(asset !== undefined, path)
      const text = asset.plain.toString('utf8')
      for (const [, target = ''] of text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
        if (!/^[./]/.test(target)) assert.doesNotMatch(target, /^[a-z/]+$/, `${path} imports ${target}`)
        else visit(new URL(target, `file:///${path}`).pathname.slice(1))
      }
      assert.doesNotMatch(text, /^(?:export )?(?:interface|type) /m, path)
    }
    visit('browser/main.ts')
    for (const view of VIEWS) assert.ok(seen.has(`page/${view}-page.ts`), `the browser finds the page ${view}`)
  })

  it('take at most 120 KiB with the page for each first view', async () => {
    const console = await startTestConsole()
    const { body } = await console.get('/review')
    await console.close()
    for (const view of VIEWS) {
      const plot = view === 'run' ? ['vendor/uplot.js'] : []
      const paths = [...assets.modulesOf(view), ...plot, 'static/style.css', 'static/icon.svg']
      const bytes = paths.reduce((sum, path) => sum + (assets.find(path)?.brotli.length ?? Number.NaN), body.length)
      assert.ok(bytes < MOST_BYTES, `${view}: ${bytes}`)
    }
  })

  it('are served compressed, for ever, and only under the address of this release', async () => {
    const console = await startTestConsole()
    const path = `/assets/${assets.version}/browser/main.ts`
    const { status, headers } = await console.get(path, { ...console.signedIn, 'accept-encoding': 'gzip, br;q=1' })
    assert.deepEqual([status, headers['content-encoding']], [200, 'br'])
    assert.match(String(headers['content-type']), /^text\/javascript/)
    assert.match(String(headers['cache-control']), /immutable/)
    for (const other of [
      `/assets/other/browser/main.ts`,
      `/assets/${assets.version}/../main.ts`,
      `/assets/${assets.version}/%2e%2e/main.ts`,
    ])
      assert.equal((await console.get(other)).status, 404, other)
    await console.close()
  })
})

describe('a console behind a path', () => {
  it('is found with the path and without it, and links to the path', async () => {
    const console = await startTestConsole({ url: 'https://tools.example/classify' })
    for (const path of ['/classify/runs', '/runs']) {
      const { status, body } = await console.get(path)
      assert.equal(status, 200, path)
      assert.match(body, /href="\/classify\/results"/)
      assert.match(body, /src="\/classify\/assets\//)
    }
    const { headers } = await console.get('/classify/sign-in?token=token-of-the-console-0123456789abcdef', {
      host: 'tools.example',
    })
    assert.equal(headers['location'], '/classify/runs')
    assert.match(String(headers['set-cookie']), /Path=\/classify\/; HttpOnly; Secure; SameSite=Strict/)
    await console.close()
  })
})

describe('live pages', () => {
  it('are looked up once for all who watch, and told only what is new', async () => {
    let looks = 0
    const live = createLive({ maxWatchers: 60, describe: String })
    const load = async () => {
      looks += 1
      return { step: Math.floor(looks / 3) }
    }
    const watchers = Array.from({ length: 50 }, () => fakeResponse())
    for (const response of watchers)
      assert.ok(live.watch({ key: '/runs', everyMs: 20, load }, { response, isAllowed: () => true }))
    while (looks < 12) await sleep(5)
    const events = watchers.map(({ events }) => events().filter((event) => event.startsWith('event: data')))
    // Twelve looks saw five states at the most, whoever watched.
    assert.ok(
      events.every((all) => all.length <= 6 && all.length >= 4),
      JSON.stringify(events.map((all) => all.length)),
    )
    assert.ok(looks < 20)
    for (const { close } of watchers) close()
    const before = looks
    await sleep(80)
    assert.ok(looks - before <= 1, 'nobody watches, and nothing is looked up')
    live.close()
  })

  it('tell a late watcher the state at once, say why they are away, and end with the session', async () => {
    let isAway = false
    let isAllowed = true
    const live = createLive({ maxWatchers: 2, describe: (error) => (error as Error).message })
    const load = async () => {
      if (isAway) throw new Error('the database is away')
      return { state: 'good' }
    }
    const first = fakeResponse()
    const page = { key: '/x', everyMs: 10, load }
    live.watch(page, { response: first, isAllowed: () => isAllowed })
    while (!first.events().some((event) => event.includes('good'))) await sleep(5)
    const second = fakeResponse()
    live.watch(page, { response: second, isAllowed: () => true })
    assert.ok(second.events().some((event) => event.includes('good')))
    assert.equal(live.watch(page, { response: fakeResponse(), isAllowed: () => true }), false)
    isAway = true
    while (!second.events().some((event) => event.includes('the database is away'))) await sleep(5)
    isAllowed = false
    await once(first, 'close')
    live.close()
  })
})

describe('addresses of views', () => {
  it('give decoded parameters, and none for a path that is not whole', () => {
    const view = { path: '/records/:codebook/:catalogue/:id' } as View
    assert.deepEqual(findView([view], '/records/a/b%2Fc/d%20e?x=1')?.params, {
      codebook: 'a',
      catalogue: 'b/c',
      id: 'd e',
    })
    for (const path of ['/records/a/b', '/records/a/b/', '/records/a/b/%zz', '/records/a/b/c/d'])
      assert.equal(findView([view], path), undefined, path)
  })
})

type FakeResponse = ServerResponse & { events(): string[]; close(): void }

function fakeResponse(): FakeResponse {
  const written: string[] = []
  const response = Object.assign(new EventEmitter(), {
    writableNeedDrain: false,
    write: (text: string) => written.push(text),
    end: () => response.emit('close'),
    close: () => response.emit('close'),
    events: () => written,
  })
  return response as unknown as FakeResponse
}

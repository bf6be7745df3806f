/** The console lets in its own users alone, and nothing that a text holds becomes markup. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { toScriptJson } from '../../../src/console/document.ts'
import { findView } from '../../../src/console/view.ts'
import { sha256 } from '../../../src/lib/sha256.ts'
import type { Store } from '../../../src/store/types.ts'
import { emptyStore, startTestConsole, type TestConsole, TOKEN } from '../../helpers/servers/console.ts'

/** Pages that have something to show in a console without runs, and those that have not. */
const GENERAL = ['/runs', '/results', '/review', '/codebooks', '/accuracy', '/start', '/cluster']
const CODEBOOK = '/codebooks/economic-indicators'
const OF_ONE = ['/runs/x', '/records/economic-indicators/c/i', '/label?run=x', '/start/000000000000000000000000']
const PAGES = [...GENERAL, CODEBOOK, ...OF_ONE]
const POSTS = [
  ['/runs/x/want', { wanted: 'paused' }],
  ['/runs/x/resume', {}],
  ['/runs/x/limit', { max_cost: '2' }],
  ['/review/cards', { holder: 'holder-1234' }],
  ['/review/group', {}],
  ['/review/decisions', {}],
  ['/review/release', { holder: 'holder-1234', hashes: [] }],
  ['/start/upload?name=a.csv', 'x'],
  ['/start/sample', {}],
  ['/start/000000000000000000000000', {}],
  ['/start/000000000000000000000000/remove', {}],
  ['/cluster/budget', { rpm: '1' }],
  ['/accuracy/draw', { run: 'x' }],
  ['/accuracy/labels', { run: 'x', records: [] }],
  ['/name', { name: 'x' }],
  ['/sign-out', {}],
] as const

describe('who may use the console', () => {
  let console: TestConsole
  before(async () => {
    console = await startTestConsole()
  })
  after(() => console.close())

  it('knows every route that changes something', () => {
    const routes = console.app.printRoutes({ commonPrefix: false })
    const posts = [...routes.matchAll(/POST/g)].length
    // Signing in is the one that needs no session.
    assert.equal(posts, POSTS.length + 1)
  })

  it('knows every page', () => {
    const found = PAGES.map((path) => findView(console.views, path)?.view.path)
    assert.deepEqual(found.toSorted(), console.views.map(({ path }) => path).toSorted())
  })

  it('shows a page to no one without a session, and sends the person to sign in', async () => {
    for (const path of PAGES) {
      const { status, headers } = await console.get(path, { host: '127.0.0.1:8090', accept: 'text/html' })
      assert.equal(status, 303, path)
      assert.match(String(headers['location']), /^\/sign-in\?next=/)
    }
    assert.equal((await console.get('/live?path=/runs', { host: '127.0.0.1:8090' })).status, 401)
  })

  it('refuses every change without a session, and with a session but without its form', async () => {
    const { 'x-csrf-token': _csrf, ...withoutForm } = console.signedIn
    for (const [path, body] of POSTS) {
      const isUpload = typeof body === 'string'
      const type = isUpload ? { 'content-type': 'application/octet-stream' } : {}
      const nobody = await console.post(path, body, { host: '127.0.0.1:8090', ...type })
      assert.equal(nobody.status, 401, path)
      assert.equal((await console.post(path, body, { ...withoutForm, ...type })).status, 403, path)
      const forged = await console.post(path, body, { ...withoutForm, ...type, 'x-csrf-token': 'a'.repeat(60) })
      assert.equal(forged.status, 403, path)
    }
  })

  it('refuses other names of its host and pages of other origins on every path', async () => {
    for (const path of [...PAGES, '/sign-in', '/health', '/live?path=/runs', '/nowhere']) {
      for (const foreign of [
        { host: 'evil.example' },
        { host: 'evil.example:8090' },
        { origin: 'http://evil.example' },
        { origin: 'null' },
        { origin: 'http://127.0.0.1:9' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        const { status } = await console.get(path, { ...console.signedIn, ...foreign } as Record<string, string>)
        assert.equal(status, 403, `${path} with ${JSON.stringify(foreign)}`)
      }
    }
  })

  it('takes no session whose cookie was changed, and none of another token', async () => {
    const changed = console.signedIn['cookie']?.replace(/(classify_console_8090=.{20})./, '$1~') ?? ''
    assert.equal((await console.get('/runs', { ...console.signedIn, cookie: changed })).status, 303)
    assert.equal(
      (await console.get('/sign-in?token=another-token', { host: '127.0.0.1:8090', accept: 'text/html' })).status,
      401,
    )
  })

  it('answers what is wrong with 400, and nothing of it with 500', async () => {
    for (const path of [
      '/live',
      '/live?path=/runs&path=/x',
      '/sign-in?token=a&token=b',
      '/review/codes',
      '/review/codes?codebook=none&field=x',
    ])
      assert.equal((await console.get(path)).status, 400, path)
    for (const path of ['/live?path=/nowhere', '/accuracy/certificate?run=x', '/start/nothing', '/%zz', '/assets/x']) {
      const { status } = await console.get(path)
      assert.ok(status === 404 || status === 400, `${path} ${status}`)
    }
    for (const [path, body] of [
      ['/runs/x/want', { wanted: 'flying' }],
      ['/runs/x/resume', { max_cost: 'a lot' }],
      ['/runs/x/limit', { max_cost: '' }],
      ['/runs/x/limit', { max_cost: '2000000' }],
      ['/runs/--help/resume', {}],
      ['/review/cards', { holder: '' }],
      ['/review/decisions', { sitting: 'run-1' }],
      ['/accuracy/draw', { run: 'x', target: '1' }],
    ] as const)
      assert.equal((await console.post(path, body)).status, 400, path)
  })

  it('leads from signing in to its own pages alone, and leaves no token in the address', async () => {
    for (const next of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/runs\r\nx: y',
    ]) {
      const { status, headers } = await console.get(`/sign-in?token=${TOKEN}&next=${encodeURIComponent(next)}`, {
        host: '127.0.0.1:8090',
      })
      assert.deepEqual([status, headers['location']], [303, '/runs'], next)
    }
    const { headers } = await console.get(`/sign-in?token=${TOKEN}&next=${encodeURIComponent('/results?q=a')}`, {
      host: '127.0.0.1:8090',
    })
    assert.equal(headers['location'], '/results?q=a')
    assert.match(String(headers['set-cookie']), /HttpOnly; SameSite=Strict/)
  })

  it('permits no inline script or style, no frame and no other origin', async () => {
    for (const path of [...GENERAL, CODEBOOK]) {
      const { status, body, headers } = await console.get(path)
      assert.equal(status, 200, path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none';script-src 'self';style-src 'self'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe|https?:|\*/)
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['cache-control'], 'no-store')
      assert.doesNotMatch(
        body,
        /\sstyle=|\son[a-z]+=|<script(?![^>]*(?:src=|type="application\/json"))|javascript:/i,
        path,
      )
      assert.doesNotMatch(body, /(?:src|href|action)="(?:https?:)?\/\//, path)
    }
  })
})

describe('rights of tokens', () => {
  it('are those of the file, as it is now', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'classify-console-'))
    const file = join(directory, 'tokens')
    await writeFile(file, `ann:${sha256(TOKEN)}:read\n`)
    const console = await startTestConsole({ tokensFile: file })
    try {
      assert.equal((await console.get('/runs')).status, 200)
      assert.equal((await console.get('/review')).status, 403)
      const { 'x-csrf-token': csrf = '' } = console.signedIn
      assert.notEqual(csrf, '')
      for (const [path, body] of POSTS.slice(0, 12)) {
        const type = typeof body === 'string' ? { 'content-type': 'application/octet-stream' } : {}
        assert.equal((await console.post(path, body, { ...console.signedIn, ...type })).status, 403, path)
      }
    } finally {
      await console.close()
      await rm(directory, { recursive: true, force: true })
    }
  })
})

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '\u202egnp.exe',
  '=cmd|calc!A1',
  '<!--<script>',
  '{{constructor.constructor("alert(1)")()}}',
  'a'.repeat(100_000),
]

describe('hostile texts', () => {
  it('are text on every page that shows them, and in the data of the page', async () => {
    for (const hostile of HOSTILE) {
      const console = await startTestConsole({ store: hostileStore(hostile) })
      for (const path of ['/runs', '/runs/x', '/results', '/records/economic-indicators/c/i']) {
        const { status, body } = await console.get(path)
        assert.equal(status, 200, `${path}: ${body.slice(0, 300)}`)
        assert.equal(body.match(/<script/g)?.length, 2, path)
        assert.doesNotMatch(body, /<img|<!--/, path)
        const data = /<script type="application\/json" id="page">([\s\S]*?)<\/script>/.exec(body)?.[1] ?? ''
        assert.doesNotMatch(data, /[<>]/)
        assert.ok(JSON.stringify(JSON.parse(data)).length > 100)
        assert.ok(body.length < 700_000, `${path} takes ${body.length}`)
      }
      await console.close()
    }
  })

  it('cannot leave the data of a page', () => {
    const value = { a: '</script><!--', b: '\u2028\u2029&' }
    assert.deepEqual(JSON.parse(toScriptJson(value)), value)
    assert.doesNotMatch(toScriptJson(value), /[<>&\u2028\u2029]/)
  })
})

/** A store in which every text that comes from outside is `hostile`. */
function hostileStore(whole: string): Store {
  // Names of runs, catalogues and rules are bounded before they are stored; texts of records and models are not so short.
  const hostile = whole.slice(0, 256)
  const classification = {
    ...{
      indicator_id: hostile,
      name: hostile,
      catalogue: hostile,
      codebook: 'economic-indicators@2',
      codebook_hash: '',
    },
    labels: { type: hostile, orientation: [hostile] },
    ...{
      field_confidence: { type: 0.5 },
      field_source: { type: hostile },
      confidence: 0.5,
      source: 'model',
      status: 'needs-review',
    },
    issues: [{ code: hostile, message: whole }],
    ...{
      reason: hostile,
      model: hostile,
      prompt_version: 'p',
      run_id: hostile,
      classified_at: '2026-01-01T00:00:00.000Z',
    },
  }
  const indicator = { indicator_id: hostile, name: whole, units: whole, description: whole, sample_values: [] }
  const run = {
    ...{
      runId: hostile,
      startedAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      answered: 1,
      batches: 1,
    },
    ...{ indicators: 1, classified: 1, unchanged: 0, needsReview: 1, unverified: 0, modelRequests: 1, inputTokens: 1 },
    ...{ cachedInputTokens: 0, outputTokens: 1, costUsd: 0.1, estimatedRequests: 0, estimatedCostUsd: 0, perMinute: 1 },
    bySource: { [hostile]: 1 },
    ...{
      wanted: 'running',
      outcome: null,
      catalogue: hostile,
      codebook: hostile,
      command: hostile,
      size: 2,
      maxCostUsd: 2,
    },
    driver: { token: 't', host: hostile, pid: 1, since: hostile, expiresInMs: 1_000 },
  }
  const empty = emptyStore()
  return {
    ...empty,
    listRuns: async () => [run],
    findRun: async () => run,
    listCatalogues: async () => [hostile],
    findIndicators: async () =>
      new Map([
        [
          'i',
          { indicator, latest: { classification, inputHash: '', mode: 'hybrid', askedModel: null, unanswered: false } },
        ],
      ]),
    views: {
      ...empty.views,
      findRunDetail: async () => ({
        outcomes: { [hostile]: 1 },
        sampled: 1,
        models: [hostile],
        confidence: [{ field: hostile, mean: 0.5, low: 1 }],
        issues: [{ code: hostile, results: 1 }],
      }),
      search: async () => ({
        results: [classification],
        next: { catalogue: hostile, id: hostile },
        found: 1,
        isMore: false,
      }),
      findHistory: async () => [{ ...classification, runStartedAt: '2026-01-01T00:00:00.000Z' }],
      findAlike: async () => [indicator],
    },
  } as unknown as Store
}

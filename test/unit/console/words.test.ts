/** What pages say where they are empty, where people decided, and where a result can be taken along. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { h } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { shellWord } from '../../../src/console/page/format.ts'
import { CertificateCard, type CertifiedShown } from '../../../src/console/plots/accuracy-parts.ts'
import type { ListedRun, Store } from '../../../src/store/types.ts'
import { emptyStore, startTestConsole } from '../../helpers/servers/console.ts'

const FRAME = { base: '', path: '/', visitor: null, csrf: '', zone: 'UTC', away: '', isLive: false }

/** A run of a catalogue whose name a shell would take for more than one word. */
const RUN = {
  ...{ runId: 'run-1', startedAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:01:00.000Z' },
  ...{
    catalogue: "Ann's list; rm",
    codebook: 'economic-indicators@2',
    size: 4,
    classified: 4,
    unchanged: 0,
    batches: 1,
  },
  ...{ needsReview: 0, unverified: 4, costUsd: 0.1, perMinute: 0, bySource: { model: 4 }, modelRequests: 1 },
  ...{ inputTokens: 1, outputTokens: 1, driver: null, maxCostUsd: null, outcome: 'incomplete', wanted: 'running' },
} as unknown as ListedRun
const REVIEW = { ...RUN, runId: 'review-20261129080000-0a1b2c3d' }

function storeOf(runs: readonly ListedRun[], models: readonly string[] = []): Store {
  const store = emptyStore()
  const findRunDetail = async () => ({ outcomes: {}, models, sampled: 0, confidence: [], issues: [] })
  return {
    ...store,
    listRuns: async () => runs,
    findRun: async (id: string) => runs.find(({ runId }) => runId === id),
    views: { ...store.views, findRunDetail },
  } as unknown as Store
}

async function bodiesOf(store: Store, ...paths: readonly string[]): Promise<string[]> {
  const console = await startTestConsole({ store })
  const bodies = []
  for (const path of paths) bodies.push((await console.get(path)).body)
  await console.close()
  return bodies
}

describe('an empty page', () => {
  it('offers to take a filter away only where one is set, and leads to the start', async () => {
    const [plain = '', filtered = '', accuracy = '', ofCatalogue = ''] = await bodiesOf(
      emptyStore(),
      '/results',
      '/results?status=accepted',
      '/accuracy',
      '/runs?catalogue=none',
    )
    assert.doesNotMatch(plain, /Take the filter away/)
    assert.match(plain, /There are no results by this codebook yet\..*href="\/start"/s)
    assert.match(filtered, /Take the filter away/)
    assert.match(accuracy, /There is no run yet\. <a href="\/start"/)
    assert.match(ofCatalogue, /This catalogue has no runs\. <a href="\/runs"/)
  })
})

describe('the page of a run', () => {
  it('tells apart what holds of the catalogue, with the decisions of people, and what the run wrote', async () => {
    const [body = ''] = await bodiesOf(storeOf([RUN]), '/runs/run-1')
    const text = body.replaceAll('&#39;', "'").replaceAll('&amp;', '&')
    assert.ok(
      text.includes(
        `npm run export -- --catalogue 'Ann'\\''s list; rm' --codebook economic-indicators --out results.csv</code> what holds now of the catalogue, with the decisions of people`,
      ),
    )
    assert.ok(text.includes('npm run export -- --run run-1 --out run.csv</code> what this run itself wrote'))
    assert.ok(text.includes('href="/results/download?run=run-1&codebook=economic-indicators"'))
    assert.ok(text.includes("/results/download?catalogue=Ann's%20list%3B%20rm&codebook=economic-indicators"))
    assert.ok(text.includes('>Resume</button>'))
    assert.doesNotMatch(text, /offline model/i)
  })

  it('says where the offline model answered, and what a review among runs is', async () => {
    const store = storeOf([RUN, REVIEW], ['offline-rules'])
    const [run = '', review = '', runs = ''] = await bodiesOf(store, '/runs/run-1', `/runs/${REVIEW.runId}`, '/runs')
    assert.match(run, /Offline model: the answers are the rules(?:'|&#39;) guesses.*gpt-6-luna would cost/)
    assert.match(review, /These are decisions of people in a review/)
    assert.match(runs, /A run in the state &quot;review&quot; holds|A run in the state "review" holds/)
    const heads = [...runs.matchAll(/<th scope="col"[^>]*>([^<]+)</g)].map(([, head]) => head)
    // A narrow window shows the first two.
    assert.deepEqual(heads.slice(0, 3), ['State', 'Progress', 'Run'])
  })
})

describe('a certificate', () => {
  it('says in plain words what its labels show, and keeps the term', () => {
    for (const [state, badge, term] of [
      ['shown', 'target met', 'shown'],
      ['missed', 'target not met', 'missed'],
      ['more', 'not enough labels', 'more labels needed'],
    ] as const) {
      const certified: CertifiedShown = {
        ...{ state, made_at: '2026-01-01T00:00:00.000Z', plan: { target: 0.97, population: 62 } },
        result: { labelled: 1, waiting: 0, claims: [], fields: [], cut: null },
      }
      const text = renderToString(h(CertificateCard, { certified, frame: FRAME }))
      assert.match(text, new RegExp(`<span class="badge [a-z]+">${badge}</span>`))
      assert.ok(text.replaceAll('&quot;', '"').includes(`("${term}")`), text)
    }
  })
})

describe('a word of a shell', () => {
  it('stays one word, whatever it holds, and no option', () => {
    assert.equal(shellWord('made-up_1.csv'), 'made-up_1.csv')
    for (const [text, word] of [
      ['a b', "'a b'"],
      ["it's", "'it'\\''s'"],
      ['$(x)', "'$(x)'"],
      ['', "''"],
      ['-x', "'-x'"],
    ] as const)
      assert.equal(shellWord(text), word)
  })
})

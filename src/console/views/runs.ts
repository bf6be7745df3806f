/** What the pages of runs show: the list of runs, and one run with its pace, its cost and what it met. */
import { ServiceError } from '../../errors.ts'
import { costStopOf, describeCostStop, keptAnswers } from '../../lib/cost-limits.ts'
import { runStateOf } from '../../lib/run-states.ts'
import type { ListedRun, RunDetail, Store } from '../../store/types.ts'
import type { Ingress } from '../ingress.ts'
import * as runPage from '../page/run-page.ts'
import * as runsPage from '../page/runs-page.ts'
import type { Asked, View } from '../view.ts'
import { createModelLook, offlineOf } from './offline-model.ts'
import { createWaits } from './waits.ts'

type RunStore = Pick<Store, 'findRun' | 'listRuns' | 'views'>

const SHOWN = 50
const MAX_SHOWN = 500
/** What takes longer to look up than the sums of a run is looked up this often at most, however many watch. */
const DETAIL_EVERY_MS = 10_000
const KEPT_DETAILS = 50

export function runViews({ store, ingress }: { readonly store: RunStore; readonly ingress: Ingress }): View[] {
  const details = createDetails(store)
  const waits = createWaits(ingress)
  const modelNow = createModelLook(ingress)
  return [
    {
      // The sums of many large runs take a part of a second.
      ...{ path: '/runs', name: 'runs', right: 'read', everyMs: 3_000, page: runsPage },
      load: async ({ query }): Promise<runsPage.RunsData> => {
        const catalogue = query.get('catalogue') ?? ''
        const limit = Math.min(MAX_SHOWN, Math.max(1, Number(query.get('limit') ?? SHOWN) || SHOWN))
        // One more than is shown tells whether there are more.
        const found = await store.listRuns({ limit: limit + 1, ...(catalogue === '' ? {} : { catalogue }) })
        return { catalogue, limit, hasMore: found.length > limit, runs: found.slice(0, limit).map(toRow) }
      },
    },
    {
      ...{ path: '/runs/:run', name: 'run', right: 'read', everyMs: 1_000, page: runPage },
      load: async ({ params }: Asked): Promise<runPage.RunData> => {
        const id = params['run'] ?? ''
        const [run, pace] = await Promise.all([store.findRun(id), store.views.findPace(id)])
        if (run === undefined) throw new ServiceError('input-not-found', `There is no run "${id.slice(0, 200)}"`)
        const row = toRow(run)
        const detail = await details(id, [row.state, row.done > 0, run.modelRequests > 0].join())
        const isLive = runPage.LIVE.has(row.state)
        const waitsFor = row.state === 'running' ? await waits() : null
        // A run that is under way is answered by the model of now, also before its first answer.
        const models = isLive && detail.models.length === 0 ? [await modelNow()] : detail.models
        return { ...row, ...moreOf(run), pace, detail, offline: offlineOf(models), waitsFor }
      },
    },
  ]
}

function toRow(run: ListedRun): runsPage.RunRow {
  return {
    id: run.runId,
    startedAt: run.startedAt,
    updatedAt: run.updatedAt,
    // The decisions of people are a run of their own, which nobody drives.
    state: run.runId.startsWith('review-') ? 'review' : runStateOf(run),
    catalogue: run.catalogue,
    codebook: run.codebook,
    size: run.size,
    done: run.classified + run.unchanged,
    needsReview: run.needsReview,
    unverified: run.unverified,
    costUsd: run.costUsd,
    perMinute: Math.round(run.perMinute),
  }
}

function moreOf(run: ListedRun): runPage.RunMore {
  const { driver } = run
  return {
    // The time until the lease ends changes with each look and would tell every watcher so.
    driver: driver === null ? null : { host: driver.host, pid: driver.pid },
    unchanged: run.unchanged,
    anew: run.classified,
    bySource: run.bySource,
    requests: run.modelRequests,
    tokens: { input: run.inputTokens, output: run.outputTokens },
    maxCostUsd: run.maxCostUsd,
    costStop: costStopShown(run),
  }
}

function costStopShown(run: ListedRun): runPage.RunMore['costStop'] {
  const { costUsd: spentUsd, maxCostUsd, refusal, answered, bySource, size } = run
  const stop = costStopOf({ spentUsd, maxCostUsd, refusal })
  if (stop === null) return null
  const done = run.classified + run.unchanged
  const kept = keptAnswers({ answered, fromModels: bySource.model + bySource.escalation, done, size })
  return { text: describeCostStop(stop), neededUsd: stop.neededUsd, kept }
}

/** Looks up the details of runs, each at most every ten seconds, and anew where its stage is another, so that they agree with the rest. */
function createDetails({ views }: RunStore): (runId: string, stage: string) => Promise<RunDetail> {
  const known = new Map<string, { readonly at: number; readonly stage: string; readonly detail: Promise<RunDetail> }>()
  return (runId, stage) => {
    const found = known.get(runId)
    if (found?.stage === stage && Date.now() - found.at < DETAIL_EVERY_MS) return found.detail
    const detail = views.findRunDetail(runId)
    known.delete(runId)
    known.set(runId, { at: Date.now(), stage, detail })
    // A look that failed is repeated by the next page.
    detail.catch(() => known.delete(runId))
    const [oldest] = known.keys()
    if (known.size > KEPT_DETAILS && oldest !== undefined) known.delete(oldest)
    return detail
  }
}

/** What the page of accuracy shows of one run: its certificate, what labels say of it, and how earlier runs of its catalogue did. */

import type { Codebook } from '../../codebooks/codebook.ts'
import type { ListedRun, RunPart, Store, StoredLabel } from '../../store/types.ts'
import type { Certificates } from '../certificates.ts'
import type { Codebooks } from '../codebooks.ts'
import * as page from '../page/accuracy-page.ts'
import type { View } from '../view.ts'
import { judge } from './judge.ts'
import { offlineOf } from './offline-model.ts'

export interface AccuracyDeps {
  readonly schemes: Codebooks
  readonly store: Pick<Store, 'listRuns' | 'certificates' | 'views'>
  readonly certificates: Certificates
}

const SHOWN_RUNS = 50
const MOST_ROWS = 20_000
/** The newest runs of a catalogue that are held against each other, and the labelled rows of each. */
const RUNS_OVER_TIME = 8
const MOST_ROWS_OVER_TIME = 2_000

export function accuracyView({ store, schemes, certificates }: AccuracyDeps): View<page.AccuracyData> {
  return {
    ...{ path: '/accuracy', name: 'accuracy', right: 'read', everyMs: 0, page },
    load: async ({ query }) => {
      const runs = (await store.listRuns({ limit: SHOWN_RUNS })).filter(isOfRows)
      const runId = query.get('run') ?? runs[0]?.runId ?? ''
      const [part] = runId === '' ? [] : await store.certificates.findRunParts(runId)
      const choices = runs.map((run) => ({ id: run.runId, catalogue: run.catalogue ?? '' }))
      if (part === undefined) return { runs: choices, run: null, offline: '' }
      const [plan, certified, labels, detail] = await Promise.all([
        store.certificates.findPlan({ ...part, runId }),
        certificates.last(runId).catch(() => undefined),
        store.certificates.findLabels({ catalogue: part.catalogue, codebookHash: part.codebookHash }),
        store.views.findRunDetail(runId),
      ])
      const codebook = await codebookOf(schemes, part)
      const { rows: _rows, ...judged } = await judge(store, part, runId, { labels, codebook, most: MOST_ROWS })
      return {
        runs: choices,
        offline: offlineOf(detail.models),
        run: {
          ...{ id: runId, catalogue: part.catalogue, codebook: part.codebook, rows: part.rows },
          plan:
            plan === undefined
              ? null
              : { target: plan.target, delta: plan.delta, fields: plan.fields, by: plan.plannedBy, at: plan.plannedAt },
          certified: certified ?? null,
          ...judged,
          overTime: await readOverTime({ store, certificates }, { part, runId, labels, fields: codebook }),
        },
      }
    },
  }
}

/** The codebook of the labels; undefined for one of an earlier release that is read no more. */
async function codebookOf(schemes: Codebooks, { codebookHash }: RunPart): Promise<Codebook | undefined> {
  return await schemes.findByHash(codebookHash).then(
    ({ codebook }) => codebook,
    () => undefined,
  )
}

/** The decisions of people and the questions of `certify --drift` are runs as well, which nobody certifies. */
function isOfRows({ runId }: ListedRun): boolean {
  return !runId.startsWith('review-') && !runId.startsWith('drift-')
}

interface OverTimeOptions {
  readonly part: RunPart
  readonly runId: string
  readonly labels: readonly StoredLabel[]
  readonly fields: Codebook | undefined
}

/** The newest runs of the catalogue by the same codebook, the oldest first, each by the labels that people gave to its rows. */
async function readOverTime(
  { store, certificates }: Pick<AccuracyDeps, 'store' | 'certificates'>,
  { part, runId, labels, fields }: OverTimeOptions,
): Promise<page.RunOverTime[]> {
  const { catalogue, codebook } = part
  const listed = (await store.listRuns({ catalogue, limit: SHOWN_RUNS })).filter((run) => {
    return isOfRows(run) && (run.codebook === null || run.codebook.split('@')[0] === codebook)
  })
  const runs = listed.filter((run, index) => index < RUNS_OVER_TIME || run.runId === runId).reverse()
  const decisions = await store.views.countDecisions(
    { catalogue, codebook },
    runs.map((run) => run.runId),
  )
  return await Promise.all(
    runs.map(async (run): Promise<page.RunOverTime> => {
      const scope = { labels, codebook: fields, most: MOST_ROWS_OVER_TIME }
      const [{ rows }, certified] = await Promise.all([
        judge(store, part, run.runId, scope),
        certificates.last(run.runId).catch(() => undefined),
      ])
      const { decided = 0, corrected = 0 } = decisions.get(run.runId) ?? {}
      return {
        ...{ id: run.runId, startedAt: run.startedAt, codebook: run.codebook ?? codebook },
        ...{ labelled: rows, decided, corrected, certificate: certified?.state ?? null },
      }
    }),
  )
}

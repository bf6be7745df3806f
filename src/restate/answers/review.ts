/** The handler classify-api/review: checks decisions of people and stores them, as the command `review apply` does. */
import type { Context } from '@restatedev/restate-sdk'
import { askableFields, isSameLabel } from '../../classification/fields.ts'
import type { PreparedScheme, Schemes } from '../../classification/scheme.ts'
import { ServiceError } from '../../errors.ts'
import { type Decided, type DecidedReport, decideAll, reportOf } from '../../review/decide.ts'
import { labelsSeen, listProblems, type ReviewLine, type Wording } from '../../review/review-line.ts'
import { saveDecisions } from '../../review/save-decisions.ts'
import type { Store } from '../../store/types.ts'
import { CALLER_HEADER, type ReviewRequest, type ReviewResponse } from '../contract.ts'
import { databaseStep } from '../options.ts'
import { personOf } from './person.ts'

export interface ReviewDeps {
  readonly store: Store
  readonly schemes: Schemes
}

const WORDING: Wording = {
  line: (index) => `decisions[${index}]`,
  nameCatalogue: 'name one in catalogue',
  nameCodebook: (name) => `name "${name}" in codebook`,
}

/** Stores all decisions, or none. Rejects with ServiceError input-invalid that names each decision, field and value that is wrong. */
export async function answerReview(ctx: Context, deps: ReviewDeps, request: ReviewRequest): Promise<ReviewResponse> {
  const by = personOf(request.by, ctx.request().headers.get(CALLER_HEADER))
  if (by === undefined) throw new ServiceError('input-invalid', 'by must name who decides, because no token does')
  const isDry = request.dry_run === true
  // A step that is tried again stores under the same run, and so nothing twice.
  const runId = isDry ? null : `review-${ctx.rand.uuidv4()}`
  const report = await ctx.run(
    'check the decisions',
    async () => {
      const { scheme, decided } = await decide(deps, request)
      return reportOf(scheme, decided)
    },
    databaseStep,
  )
  if (runId !== null) {
    await ctx.run(
      `store ${request.decisions.length} decisions`,
      () => store(deps, request, { checked: report, runId, by }),
      databaseStep,
    )
  }
  return { run_id: runId, by, ...report, dry_run: isDry }
}

async function store(
  deps: ReviewDeps,
  request: ReviewRequest,
  { checked, runId, by }: { readonly checked: DecidedReport; readonly runId: string; readonly by: string },
): Promise<void> {
  const { scheme, decided } = await decide(deps, request)
  for (const [index, { labels, known }] of decided.entries()) {
    const told = checked.items[index]?.after ?? {}
    const changed = Object.keys(labels).find((name) => !isSameLabel(labels[name], told[name]))
    if (changed === undefined) continue
    const { indicator_id: id } = known.indicator
    const message = `decisions[${index}], ${changed}: "${id}" was classified anew meanwhile; nothing was stored. Look at it again`
    throw new ServiceError('input-invalid', message)
  }
  await saveDecisions(deps.store, scheme, decided, { runId, by })
}

async function decide(
  { store, schemes }: ReviewDeps,
  request: ReviewRequest,
): Promise<{ readonly scheme: PreparedScheme; readonly decided: readonly Decided[] }> {
  const scheme = await schemes.find(request.codebook)
  const fields = askableFields(scheme.codebook).map(({ name }) => name)
  const lines = request.decisions.map((decision, index) => lineOf(decision, index, fields))
  const place = { codebook: scheme.codebook.name, catalogue: request.catalogue, wording: WORDING }
  const { decided, problems } = await decideAll(store, scheme, { lines, problems: [] }, place)
  if (problems.length === 0) return { scheme, decided }
  throw new ServiceError('input-invalid', [
    'These decisions are wrong, and nothing was stored:',
    ...listProblems(problems, WORDING),
  ])
}

function lineOf(
  {
    indicator_id: indicatorId,
    catalogue,
    corrections = {},
    labels = {},
    note = '',
  }: ReviewRequest['decisions'][number],
  index: number,
  fields: readonly string[],
): ReviewLine {
  const corrected = Object.entries(corrections).map(([field, label]) => {
    const written = label === null ? null : Array.isArray(label) ? label.map(String) : String(label)
    return [field.trim().toLowerCase(), written] as const
  })
  return {
    ...{ line: index, indicatorId, catalogue, note: note.trim() },
    decision: corrected.length === 0 ? 'accept' : 'correct',
    corrections: corrected,
    seen: labelsSeen(labels, fields),
  }
}

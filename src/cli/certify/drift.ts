/** Asks the sentinel rows of a catalogue again through the service, and compares the answers with those of before. */
import { showValue } from '../../catalogue/problem-report.ts'
import { SENTINEL_PREFIX } from '../../classification/batch-request.ts'
import { labelsOfBody } from '../../classification/result-body.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Labels } from '../../classification/types.ts'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { compareSentinels, type Drift } from '../../evidence/drift.ts'
import type { ResultBody } from '../../restate/contract.ts'
import type { ResultScope, SentinelRow, Store } from '../../store/types.ts'
import { type GivenCodebook, settleCodebook } from '../classify/run-codebook.ts'
import { createRunId } from '../classify/run-id.ts'
import { createBatchClient } from '../client/batches.ts'
import { packRows } from '../client/pack-rows.ts'
import { createServiceClient } from '../client/service.ts'
import { say } from '../ui/terminal.ts'
import { isRight, judgeRow, type LabelledRow, labelsById } from './row-labels.ts'

/** The change of accuracy since the sentinel rows were kept. The property names are those of `certify --drift --json`. */
export interface DriftReport {
  /** The run that asked the rows again. */
  readonly run: string
  readonly catalogue: string
  readonly before: Setting
  readonly after: Setting
  /** All fields of a row together, by which drift is judged. */
  readonly row: Drift
  /** Each field by itself. */
  readonly fields: Readonly<Record<string, Drift>>
  /** Fields that were compared before and that the codebook has no longer. */
  readonly gone: readonly string[]
}

/** What answers came from. */
interface Setting {
  readonly run: string
  readonly mode: string
  readonly codebook: string
  readonly models: readonly string[]
  readonly prompts: readonly string[]
}

export interface DriftOptions {
  readonly scope: ResultScope
  /** The codebook as it is to be asked by now; undefined for the newest that the service has of this name. */
  readonly codebook: GivenCodebook | undefined
  readonly urls: readonly string[]
}

const BATCH_SIZE = 50
const BATCHES_IN_FLIGHT = 4
/** The milliseconds for which a batch is offered to Restate nodes that do not answer. */
const PATIENCE_MS = 60_000

export async function measureDrift(store: Store, options: DriftOptions, signal: AbortSignal): Promise<DriftReport> {
  const { scope, urls } = options
  const rows = await store.certificates.findSentinels(scope)
  const [first] = rows
  if (first === undefined) {
    const where = `the catalogue ${showValue(scope.catalogue)} by ${scope.codebook}`
    const advice = 'keep some first: npm run certify -- --run RUN --sentinel'
    throw new ServiceError('input-invalid', `There are no sentinel rows of ${where}: ${advice}`)
  }
  const { scheme, reference } = await settleCodebook(createServiceClient({ urls, patienceMs: PATIENCE_MS }), {
    given: options.codebook ?? { reference: scope.codebook },
    earlier: null,
    signal,
  })
  const run = createRunId('drift')
  const truth = await readTruth(store, scope, rows, scheme.codebook)
  // The answers stand in a catalogue of their own only while they are asked, so that no list of results holds them.
  const catalogue = `${SENTINEL_PREFIX}${scope.catalogue}`
  const results = await askAgain(rows, { run, catalogue, reference, urls }, signal).finally(() =>
    store.certificates.forgetResults(catalogue),
  )
  const fields = first.fields.filter((name) => scheme.codebook.field.has(name))
  if (fields.length === 0) {
    const message = `The codebook ${scheme.codebook.name} has none of the fields ${first.fields.join(', ')} any more`
    throw new ServiceError('input-invalid', `${message}: certify a run by it and keep its sentinel rows`)
  }
  const compare = (names: readonly string[]) =>
    compareSentinels(
      rows.map(({ indicator, labels: before }) => {
        const id = indicator.indicator_id
        const label = truth.get(id)
        return {
          id,
          before: areRight(label, before, names),
          after: areRight(label, answersOf(results, id, scheme), names),
        }
      }),
    )
  return {
    run,
    catalogue: scope.catalogue,
    before: {
      run: first.runId,
      mode: first.mode,
      codebook: first.codebook,
      models: distinct(rows.map(({ model }) => model)),
      prompts: distinct(rows.map(({ promptVersion }) => promptVersion)),
    },
    after: {
      run,
      mode: first.mode,
      codebook: `${scheme.codebook.name}@${scheme.codebook.version}`,
      models: distinct([...results.values()].map(({ model }) => model)),
      prompts: distinct([...results.values()].map(({ prompt_version: prompt }) => prompt)),
    },
    row: compare(fields),
    fields: Object.fromEntries(fields.map((name) => [name, compare([name])])),
    gone: first.fields.filter((name) => !fields.includes(name)),
  }
}

/** The labels of the rows by people, by id. */
async function readTruth(
  store: Store,
  { catalogue }: ResultScope,
  rows: readonly SentinelRow[],
  codebook: PreparedScheme['codebook'],
) {
  const [first] = rows
  const scope = { catalogue, codebookHash: first?.codebookHash ?? '' }
  const ids = rows.map(({ indicator }) => indicator.indicator_id)
  const byId = labelsById(await store.certificates.findLabels(scope, ids))
  const truth = new Map<string, LabelledRow>()
  for (const { indicator, inputHash, fields } of rows) {
    const id = indicator.indicator_id
    const own = (byId.get(id) ?? []).filter((label) => label.inputHash === inputHash)
    const judged = judgeRow({ id, labels: own }, codebook, fields)
    if (judged !== undefined) truth.set(id, judged)
  }
  return truth
}

/** Whether all of `names` are right by the labels; a row that the labels do not settle is wrong before and after. */
function areRight(truth: LabelledRow | undefined, answers: Labels, names: readonly string[]): boolean {
  return names.every((name) => {
    const verdict = truth?.fields.find(({ field }) => field === name)
    return verdict !== undefined && isRight(verdict, answers[name])
  })
}

function answersOf(results: ReadonlyMap<string, ResultBody>, id: string, scheme: PreparedScheme): Labels {
  const body = results.get(id)
  if (body === undefined) throw new ServiceError('ingress-unavailable', `The service gave no result for ${id}`)
  return labelsOfBody(body, scheme)
}

interface Asking {
  readonly run: string
  readonly catalogue: string
  readonly reference: string | undefined
  readonly urls: readonly string[]
}

/** Sends the rows through the service as a run of another catalogue, so that no result of their own catalogue changes. */
async function askAgain(
  rows: readonly SentinelRow[],
  { run, catalogue, reference, urls }: Asking,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ResultBody>> {
  const client = createBatchClient({ urls, patienceMs: PATIENCE_MS, say })
  const results = new Map<string, ResultBody>()
  const batches = [...packRows(rows, { size: BATCH_SIZE }).entries()]
  const submit = async (index: number, part: readonly SentinelRow[]) => {
    const mode = part[0]?.mode ?? 'hybrid'
    // Stored answers would repeat what was said before, and audits would count the same rows as evidence again and again.
    const options = { mode, reuse: false, audit: 'none' as const }
    const named = reference === undefined ? {} : { codebook: reference }
    const body = { indicators: part.map(({ indicator }) => indicator), run_id: run, catalogue, force: true, options }
    const response = await client
      .submit({ idempotencyKey: `${run}-${index}`, body: { ...body, ...named } }, signal)
      .catch((error: unknown) => {
        signal.throwIfAborted()
        if (isServiceError(error)) throw error
        throw new ServiceError('ingress-unavailable', `The service failed a batch: ${messageOf(error)}`, {
          cause: error,
        })
      })
    for (const result of response.results) results.set(result.indicator_id, result)
  }
  const worker = async () => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) await submit(...batch)
  }
  await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, worker))
  return results
}

function distinct(names: readonly (string | null)[]): string[] {
  return [...new Set(names.flatMap((name) => name ?? []))].sort()
}

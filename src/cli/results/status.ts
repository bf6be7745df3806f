/** The command `status ID`: shows the latest classification of an indicator, or the totals of a run. */
import type { Command } from 'commander'
import { showValue } from '../../catalogue/problem-report.ts'
import { codebookNameOf } from '../../classification/result-body.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { readConfig } from '../../config/config.ts'
import { isServiceError, ServiceError } from '../../errors.ts'
import { visibleJson } from '../../lib/visible-text.ts'
import { type ResultBody, runSchema } from '../../restate/contract.ts'
import { CATALOGUE_FLAGS, catalogueOption } from '../classify/catalogue-name.ts'
import { formatClassification } from '../classify/format.ts'
import { readStoredCodebook } from '../classify/run-codebook.ts'
import { isCreatedRunId } from '../classify/run-id.ts'
import { createAdminClient } from '../client/admin.ts'
import { createServiceClient, readStatus, type ServiceClient } from '../client/service.ts'
import { openBatchesOfRun } from '../queue/open-batches.ts'
import { describeRun } from '../runs/format.ts'
import { httpUrls } from '../ui/option-values.ts'
import { EXIT_FAILED, printJson, printText, say } from '../ui/terminal.ts'
import { lookAround, type Surroundings } from '../waiting/look.ts'
import { explainWait, formatReason, type WaitReason } from '../waiting/reason.ts'
import { formatWhy, readWhy } from './why.ts'

/**
 * The milliseconds that the command waits for an answer. The service would wait longer for a database that is away, but
 * a person at a terminal does not.
 */
const TIMEOUT_MS = 15_000
/** The milliseconds for the question whether a run has open batches. */
const ADMIN_TIMEOUT_MS = 5_000

interface StatusOptions {
  readonly catalogue?: string
  readonly codebook?: string
  readonly why?: boolean
  readonly json?: boolean
  readonly ingress?: readonly string[]
}

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('Show the latest classification of an indicator, or the totals of a run and what it waits for')
    .argument('[id]', 'an indicator_id, or the id of a run; without it: what the stack waits for')
    .option(
      CATALOGUE_FLAGS,
      'catalogue of the indicator, where several catalogues have an indicator with this id',
      catalogueOption,
    )
    .option('--codebook <name>', 'name of the codebook, where the indicator is classified by several')
    .option(
      '--why',
      'show of an indicator what its result rests on: findings, evidence, what the model is shown, its answer',
    )
    .option('--json', 'print exactly one JSON object on stdout')
    .option('--ingress <urls>', 'Restate ingress URLs, separated by commas', httpUrls)
    .action(async (id: string | undefined, options: StatusOptions) => {
      const { restate } = readConfig()
      const urls = options.ingress ?? restate.ingressUrls
      const around = { ingressUrls: urls, adminUrls: options.ingress === undefined ? restate.adminUrls : [] }
      if (id === undefined) {
        await showWait(around, options.json === true)
        return
      }
      if (id.trim() === '') throw new ServiceError('input-invalid', 'The id is empty: name an indicator or a run')
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const { catalogue, codebook } = options
      const scope = {
        ...(catalogue === undefined ? {} : { catalogue }),
        ...(codebook === undefined ? {} : { codebook: codebookNameOf(codebook) }),
      }
      const findIndicator = () =>
        readStatus(urls, { indicator_id: id, ...scope }, signal).catch(async (error: unknown) => {
          if (isServiceError(error) && error.code === 'ingress-unavailable') await explain(around)
          return withAdvice(error)
        })
      const findRun = () =>
        readStatus(urls, { run_id: id }, signal).catch(async (error: unknown) => {
          await explain(around)
          throw error
        })
      // What is not found stands among the failures of Restate for hours, so that the likelier question is asked first.
      const [first, second] =
        isCreatedRunId(id) && Object.keys(scope).length === 0 ? [findRun, findIndicator] : [findIndicator, findRun]
      const found = (await first()) ?? (await second())
      if (found === undefined) {
        say(`Neither an indicator nor a run ${showValue(id)} is known. Classify it first: npm run classify -- FILE`)
        process.exitCode = EXIT_FAILED
        return
      }
      const isRun = !('indicator_id' in found)
      if (isRun && options.why === true) {
        throw new ServiceError('input-invalid', `--why: ${showValue(id)} is a run: name an indicator, or omit --why`)
      }
      const service = createServiceClient({ urls, patienceMs: TIMEOUT_MS })
      const why = options.why === true ? await readWhy(service, { indicator_id: id, ...scope }, signal) : undefined
      const waits = isRun && (await countOpen(around, id)) > 0 ? await seeWait(around, id) : undefined
      if (options.json === true) {
        const { sentence = null, command = null } = waits ?? {}
        const waitsFor = { waits_for: sentence === null ? null : { reason: sentence, command } }
        printJson({ ...found, ...(why === undefined ? {} : { why }), ...(isRun ? waitsFor : {}) })
      } else if (!isRun) {
        const result = found as ResultBody
        printText(formatClassification(result, await codebookOf(result, service, signal)))
        if (why !== undefined) printText(formatWhy(why))
      } else {
        printText(visibleJson(JSON.stringify(found, null, 2)))
        const run = runSchema.safeParse(found)
        if (run.success) for (const line of describeRun(run.data)) say(line)
        if (waits !== undefined) say(`Waiting: ${formatReason(waits)}`)
      }
    })
}

/** The output of `status --json` without an id, whose property names must not change because scripts use them. */
export interface WaitReport {
  /** The number of invocations that have not ended; null where no admin port told it. */
  readonly open: number | null
  /** What the stack waits for; null where nothing was seen that holds work up. */
  readonly waiting: string | null
  /** The command that helps or tells more; null where there is none. */
  readonly command: string | null
}

async function showWait(around: Surroundings, isJson: boolean): Promise<void> {
  const seen = await lookAround(around, new AbortController().signal)
  const reason = explainWait(seen)
  const report = { open: seen.open ?? null, waiting: reason?.sentence ?? null, command: reason?.command ?? null }
  if (isJson) printJson(report satisfies WaitReport)
  else printText(reason === undefined ? 'Nothing is waited for.' : `Waiting: ${formatReason(reason)}`)
  if (seen.nodes.every(({ state }) => state !== 'answers')) process.exitCode = EXIT_FAILED
}

/** What is waited for, where that can be seen. */
async function seeWait(around: Surroundings, runId?: string): Promise<WaitReason | undefined> {
  return explainWait(await lookAround(around, new AbortController().signal), runId)
}

/** Says it on stderr. */
async function explain(around: Surroundings): Promise<void> {
  const reason = await seeWait(around)
  if (reason !== undefined) say(`Waiting: ${formatReason(reason)}`)
}

/** The open batches of a run; none where no admin port answers. */
async function countOpen({ adminUrls }: Surroundings, runId: string): Promise<number> {
  if (adminUrls.length === 0) return 0
  const admin = createAdminClient(adminUrls, AbortSignal.timeout(ADMIN_TIMEOUT_MS))
  return await openBatchesOfRun(admin, runId)().then(
    (open) => open.length,
    () => 0,
  )
}

/**
 * Reads the codebook of a result from the service, for the titles of its codes; undefined where the service cannot give it, as
 * one of an earlier release, because the codes alone say enough.
 */
async function codebookOf(
  { codebook, codebook_hash: hash }: ResultBody,
  service: ServiceClient,
  signal: AbortSignal,
): Promise<Codebook | undefined> {
  if (codebook === undefined || hash === undefined || hash === '') return undefined
  const reference = `${codebookNameOf(codebook)}@${hash}`
  return await readStoredCodebook(service, reference, signal).then(
    (loaded) => loaded.codebook,
    () => undefined,
  )
}

/** Rethrows an error; to one about an indicator that several catalogues or codebooks have it adds the options that choose. */
function withAdvice(error: unknown): never {
  if (!isServiceError(error) || error.code !== 'input-invalid') throw error
  const message = `${error.message} (--catalogue NAME, --codebook NAME)`
  throw new ServiceError('input-invalid', message, { cause: error })
}

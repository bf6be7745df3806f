/** Classifies a catalogue file in a new run or resumes an earlier run: the work of the commands `classify`, `all-in-one` and `demo`. */
import { batchesOf } from '../../catalogue/open-catalogue.ts'
import { printable } from '../../catalogue/problem-report.ts'
import type { Reading } from '../../catalogue/reading-options.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import { referenceOf } from '../../classification/scheme.ts'
import type { Config } from '../../config/config.ts'
import { messageOf } from '../../errors.ts'
import type { RunOutcome } from '../../lib/run-states.ts'
import { DEFAULT_CATALOGUE, type EvidenceResponse, type ResultBody } from '../../restate/contract.ts'
import { type AuditStages, auditBatches, isAuditing, type PlannedBatch, readEvidence } from '../audits/audit-stages.ts'
import { partsOfBatch } from '../audits/batch-parts.ts'
import { findIngress } from '../client/ingress.ts'
import { useOneCluster } from '../client/one-cluster.ts'
import { createServiceClient } from '../client/service.ts'
import { removeUnreadCopy } from '../cluster/catalogue-copy.ts'
import { type Delivery, openDelivery } from '../delivery/delivery.ts'
import { settleTargets } from '../delivery/settle-targets.ts'
import { openForCommand, readingOf } from '../inspect/read-catalogue.ts'
import { openCostLimit } from '../runs/cost-limit.ts'
import { announceRun } from '../runs/detach.ts'
import { holdRun, type RunHold } from '../runs/hold.ts'
import { type InputSource, settleSource } from '../sources/input-source.ts'
import { systemUserIfNamed } from '../ui/person-name.ts'
import { createStderrProgress } from '../ui/progress.ts'
import { formatCount, type Interrupts, say } from '../ui/terminal.ts'
import { sayWhileUnanswered } from '../waiting/first-answers.ts'
import { dryRunFirst } from './dry-run.ts'
import { buildHeader, type ClassifyOptions, settingsOf } from './options.ts'
import { formatBudget, setBudget } from './rate-budget.ts'
import { buildResumeCommand, catalogueOfRun, checkSameCatalogue, requireSameInput } from './resume.ts'
import { type RunOptions, runCatalogue } from './run.ts'
import { readGivenCodebook, settleCodebook } from './run-codebook.ts'
import { checkCostLimits, checkNewLimit, readLastBill, readRunBill } from './run-cost.ts'
import { createRunId } from './run-id.ts'
import { createRunJournal, openRunJournal, type RunJournal } from './run-journal.ts'
import type { RunReport } from './run-report.ts'
import { createSkippedFile, type SkippedFile } from './skipped-records.ts'

/** The milliseconds that one short question to the service may take, because the service may still be starting. */
const QUESTION_PATIENCE_MS = 30_000
/** A run that has begun waits this many milliseconds while no Restate node answers, unless --wait-for-nodes is given. */
const PATIENCE_MS = 600_000

/**
 * Reads, checks and classifies the catalogue `file`, or the catalogue of the run that `options.resume` names. Rejects
 * with ServiceError input-invalid where the catalogue cannot be read or the run cannot be resumed.
 */
export async function classifyFile(
  file: string | undefined,
  options: ClassifyOptions,
  config: Config,
  interrupts: Interrupts,
  onResults?: (results: readonly ResultBody[]) => void,
): Promise<RunReport> {
  const earlier = options.resume === undefined ? null : await openRunJournal(config.dataDir, options.resume)
  const source = settleSource(file, options, earlier)
  const { path } = source
  const runId = earlier?.header.run_id ?? createRunId('run')
  const catalogueName = catalogueOfRun(source, options, earlier)
  const given = await readGivenCodebook(options.codebook)
  const reading = await readingOf(options, earlier)
  const targets = await settleTargets(options, { path, before: earlier?.targets })
  if (earlier !== null && file === undefined && path === '-') requireSameInput(runId)
  const skipped = createSkippedFile(runId)
  const { command = 'classify' } = options
  let catalogue: Catalogue | undefined
  let delivery: Delivery | undefined
  let hold: RunHold | undefined
  let outcome: RunOutcome = 'incomplete'
  try {
    catalogue = await readCatalogue(source, options, { earlier, reading, skipped, signal: interrupts.first })
    const addresses = options.ingress ?? config.restate.ingressUrls
    const { urls, service, scheme, reference } = await sayWhileUnanswered(addresses, say, async () => {
      await findIngress(addresses, interrupts.first, options.waitForNodes)
      const reached = await useOneCluster(addresses, { say, signal: interrupts.first })
      const asked = createServiceClient({ urls: reached, patienceMs: QUESTION_PATIENCE_MS })
      const question = { given, earlier: earlier?.header ?? null, signal: interrupts.first }
      return { urls: reached, service: asked, ...(await settleCodebook(asked, question)) }
    })
    const request = earlier?.header ?? settingsOf(options, { catalogue: catalogueName, codebook: reference })
    const mayCost = request.options.mode !== 'rules'
    const maxUsd = mayCost ? (options.maxCost ?? earlier?.maxCostUsd) : undefined
    const read = catalogue
    const dryRun = async () => await dryRunFirst(service, read, request, interrupts.first)
    const check = async () => checkCostLimits(await dryRun())
    if (maxUsd !== undefined) await check()
    if (earlier !== null) await checkNewLimit(service, runId, options.maxCost, interrupts.first)
    delivery = await openDelivery({ targets, catalogue, scheme, signal: interrupts.second })
    const journal =
      earlier ??
      (await createRunJournal(
        config.dataDir,
        buildHeader({ runId, source, catalogue, reading, targets }, options, request),
      ))
    const { catalogue: name = DEFAULT_CATALOGUE } = request
    const run = { catalogue: name, codebook: referenceOf(scheme), command, size: catalogue.count }
    hold = await holdRun({
      urls,
      runId,
      run,
      maxUsd: mayCost ? options.maxCost : undefined,
      signal: interrupts.first,
      say,
    })
    if (options.rpm !== undefined || options.tpm !== undefined) {
      // Where callers need tokens, the service knows the person by theirs.
      const by = config.restate.apiToken === undefined ? systemUserIfNamed() : undefined
      say(`The rate budget is now ${formatBudget(await setBudget(service, options, by, interrupts.first))}`)
    }
    say(`Catalogue ${printable(name)}, by the codebook ${referenceOf(scheme)}.`)
    say(`Run ${runId}, mode ${request.options.mode}. To resume it: ${buildResumeCommand(runId, path)}`)
    announceRun(runId)
    const billBefore = earlier === null ? undefined : await readRunBill(urls, runId)
    const spentUsd = billBefore?.cost_usd
    const limited = { given: maxUsd, isNew: options.maxCost !== undefined, spentUsd, hold, journal, check, say }
    const limit = mayCost ? await openCostLimit(limited) : undefined
    await delivery.begin(config.dataDir, journal)
    const { take, wasTaken } = delivery
    const takeAll: RunOptions['onResults'] = async (results, batch) => {
      await take(results, batch)
      onResults?.(results)
    }
    const stages = {
      ...{ service, catalogue, scheme, settings: request, runId, journal, signal: interrupts.first },
      findModel: async () => (await dryRun())?.model,
    }
    const report = await runWithProgress(journal, stages, {
      urls,
      adminUrls: config.restate.adminUrls,
      codebook: referenceOf(scheme),
      patienceMs: options.waitForNodes ?? PATIENCE_MS,
      isResumed: earlier !== null,
      onResults: targets === undefined && onResults === undefined ? undefined : takeAll,
      wasTaken,
      ...{ untilWanted: hold.untilWanted, look: hold.look, isWithheld: () => hold?.stoppedBy === 'command' },
      stopSubmitting: AbortSignal.any([interrupts.first, hold.stop]),
      abandon: interrupts.second,
      limit,
      readBill: (endedEarly) => readLastBill(urls, runId, { endedEarly, isBrief: interrupts.first.aborted }),
      requestsBefore: billBefore?.model_requests,
    })
    // A run whose file cannot be written is not complete, so that a resume writes it.
    const delivered = await delivery.finish(AbortSignal.any([interrupts.first, hold.stop]))
    outcome = outcomeOf(report, hold, interrupts.first)
    if (report.failed === 0) {
      await delivery.end(true)
      await journal.remove()
      await removeUnreadCopy(config.dataDir, journal.header.file)
    }
    const evidence = isAuditing(stages) && !interrupts.first.aborted ? await findEvidence(stages) : undefined
    return {
      ...report,
      ...(evidence === undefined ? {} : { evidence }),
      ...delivered,
      ...(hold.stoppedBy === undefined ? {} : { stopped_by: hold.stoppedBy }),
      warnings: [...catalogue.warnings, ...report.warnings],
    }
  } finally {
    await delivery?.end(false)
    await hold?.release(outcome)
    await catalogue?.close()
    await skipped.close()
  }
}

function outcomeOf({ failed }: RunReport, { stoppedBy }: RunHold, interrupted: AbortSignal): RunOutcome {
  if (failed === 0) return 'complete'
  if (interrupted.aborted) return 'interrupted'
  return stoppedBy === undefined ? 'incomplete' : 'stopped'
}

/** Reads the evidence for the report; the run has ended, so that its report does not fail where the service has gone away. */
async function findEvidence(stages: AuditStages): Promise<EvidenceResponse | undefined> {
  return await readEvidence(stages).catch((error: unknown) => {
    say(`What the audits of the catalogue show cannot be read: ${messageOf(error)}`)
    return undefined
  })
}

async function readCatalogue(
  source: InputSource,
  options: ClassifyOptions,
  run: {
    readonly earlier: RunJournal | null
    readonly reading: Reading
    readonly skipped: SkippedFile
    readonly signal: AbortSignal
  },
): Promise<Catalogue> {
  const { earlier, reading, skipped, signal } = run
  const reads = {
    limit: earlier?.header.limit ?? options.limit,
    skipInvalid: earlier?.header.skip_invalid ?? options.skipInvalid,
    reading,
    signal,
    // The first process of a resumed run has written the invalid records already, so this process does not write them
    // again.
    ...(earlier === null ? { onInvalid: skipped.write } : {}),
  }
  const mayAsk = earlier === null && options.json !== true
  const catalogue = await openForCommand(source, reads, { mayAsk }).finally(() => {
    // The invalid records are reported also where the catalogue is refused, because those found so far are in the file.
    for (const line of skipped.report()) say(line)
  })
  for (const warning of catalogue.warnings) say(`Warning: ${warning.message} (${formatCount(warning.count)})`)
  try {
    checkSameCatalogue(catalogue, earlier)
    return catalogue
  } catch (error) {
    await catalogue.close()
    throw error
  }
}

async function runWithProgress(
  journal: RunJournal,
  stages: AuditStages,
  options: Omit<RunOptions, 'say' | 'onProgress'>,
): Promise<RunReport> {
  const progress = createStderrProgress(stages.catalogue.count)
  try {
    const plan = (drained: () => Promise<boolean>) => planRun(journal, stages, drained)
    return await runCatalogue(journal, plan, { ...options, say: progress.note, onProgress: progress.update })
  } finally {
    progress.end()
  }
}

/** The batches of a run: first those of the audits, because rules decide nothing before these are in, then all of the file. */
async function* planRun(
  journal: RunJournal,
  stages: AuditStages,
  drained: () => Promise<boolean>,
): AsyncGenerator<PlannedBatch> {
  if (isAuditing(stages)) {
    for await (const planned of auditBatches(stages, drained)) yield* partsOfBatch(planned, journal)
  }
  // Only a table takes what --keep names from the batches; a file of results is joined with the catalogue itself.
  const isKept = journal.targets?.to !== undefined
  let index = 0
  for await (const entries of batchesOf(stages.catalogue.indicators(), journal.header.batch_size)) {
    const indicators = entries.map(({ indicator }) => indicator)
    const kept = isKept ? new Map(entries.map((entry) => [entry.indicator.indicator_id, entry.kept])) : undefined
    yield* partsOfBatch({ index, indicators, isAudit: false, kept }, journal)
    index += 1
  }
}

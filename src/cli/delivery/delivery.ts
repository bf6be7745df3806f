/** Delivers the results of a run to where its options say: keeps them as they come, and writes the file when the run ends. */
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import type { Scheme } from '../../classification/types.ts'
import type { ResultBody } from '../../restate/contract.ts'
import type { PlannedBatch } from '../audits/audit-stages.ts'
import { type RunJournal, runResultsFile } from '../classify/run-journal.ts'
import type { OutReport, RunReport } from '../classify/run-report.ts'
import { say, warnOfNpmLines } from '../ui/terminal.ts'
import { type JoinOptions, writeJoined } from './joined-file.ts'
import { openResultSpool, type ResultSpool } from './result-spool.ts'
import type { SettledTargets } from './settle-targets.ts'
import { openTableTarget } from './table-target.ts'
import type { Targets } from './targets.ts'
import { writeResults } from './write-results.ts'

/** What a delivery has to know of a batch. */
export type DeliveredBatch = Pick<PlannedBatch, 'isAudit' | 'kept'>

export interface Delivery {
  /** Notes the outputs in the journal of the run. Called once, before the first batch. */
  begin(dataDir: string, journal: RunJournal): Promise<void>
  /** Takes the results of a batch. Rejects with ServiceError where they cannot be kept. */
  take(results: readonly ResultBody[], batch: DeliveredBatch): Promise<void>
  /** Whether an earlier process of the run delivered the results of a batch that is done. */
  wasTaken(index: number): boolean
  /**
   * Writes the file of a run that has ended, unless `signal` has aborted, and resolves with what was written where, for the report of
   * the run. The results stay where the file cannot be written.
   */
  finish(signal: AbortSignal): Promise<DeliveryReport>
  /** Closes what is open; of a run that is complete nothing is kept. */
  end(isComplete: boolean): Promise<void>
}

export type DeliveryReport = Pick<RunReport, 'out' | 'to'>

export interface DeliveryOptions {
  readonly targets: SettledTargets | undefined
  readonly catalogue: Catalogue
  readonly scheme: Scheme
  /** Ends the wait for a database that is away. */
  readonly signal: AbortSignal
}

const NOTHING: Delivery = {
  begin: async () => undefined,
  take: async () => undefined,
  wasTaken: () => true,
  finish: async () => ({}),
  end: async () => undefined,
}

/** Opens the outputs of a run. Rejects with ServiceError where one cannot take results, before the run has begun. */
export async function openDelivery(options: DeliveryOptions): Promise<Delivery> {
  if (options.targets === undefined) return NOTHING
  const { targets, database } = options.targets
  const { to = '', table = '' } = targets
  const target = database === undefined ? undefined : await openTableTarget({ ...options, database, table })
  let run: { readonly journal: RunJournal; readonly spool: ResultSpool | undefined } | undefined
  return {
    begin: async (dataDir, journal) => {
      if (JSON.stringify(targets) !== JSON.stringify(journal.targets)) await journal.noteTargets(targets)
      const path = runResultsFile(dataDir, journal.header.run_id)
      run = { journal, spool: targets.out === undefined ? undefined : await openResultSpool(path) }
    },
    take: async (results, { isAudit, kept = new Map() }) => {
      // The batches of the file bring the results of audits again.
      if (isAudit) return
      await run?.spool?.append(results)
      await target?.write(results, kept)
    },
    wasTaken: (index) => run?.journal.isDelivered(index) === true,
    finish: async (signal) => {
      const spool = signal.aborted ? undefined : run?.spool
      const isLimited = run?.journal.header.limit !== undefined
      const out = spool && (await writeFile(spool, targets, { ...options, isLimited, signal }))
      if (target !== undefined) say(`Wrote ${pluralise(target.written, 'changed row')} to ${target.label}.`)
      return {
        ...(out === undefined ? {} : { out }),
        ...(target === undefined ? {} : { to: { database: to, table, rows_written: target.written } }),
      }
    },
    end: async (isComplete) => {
      await target?.close()
      await (isComplete ? run?.spool?.remove() : run?.spool?.close())
    },
  }
}

async function writeFile(
  spool: ResultSpool,
  { out = '-', format = 'csv' }: Targets,
  options: Omit<JoinOptions, 'format' | 'find'>,
): Promise<OutReport | undefined> {
  if (out === '-') warnOfNpmLines()
  const { find } = await spool.lookUp()
  const join = { ...options, format, find }
  const written = { option: '--out', signal: options.signal }
  const counts = await writeResults(out, (append) => writeJoined(join, append), written)
  if (counts === undefined) return undefined
  const { rows, open } = counts
  const without = open === 0 ? '' : `, ${pluralise(open, 'row')} of them without a result`
  say(`Wrote ${pluralise(rows, 'row')} to ${out === '-' ? 'standard output' : printable(out, 300)}${without}.`)
  return { file: out, format, rows, without_result: open }
}

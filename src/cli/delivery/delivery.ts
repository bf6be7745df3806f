/** Delivers the results of a run to where its options say: keeps them as they come, and writes the file when the run ends. */
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import type { Scheme } from '../../classification/types.ts'
import type { ResultBody } from '../../restate/contract.ts'
import type { PlannedBatch } from '../audits/audit-stages.ts'
import { type RunJournal, runResultsFile } from '../classify/run-journal.ts'
import type { OutReport, RunReport } from '../classify/run-report.ts'
import { say, warnOfNpmLines } from '../ui/terminal.ts'
import { writeJoined } from './joined-file.ts'
import { openResultSpool, type ResultSpool } from './result-spool.ts'
import type { SettledTargets } from './settle-targets.ts'
import { openTableTarget } from './table-target.ts'
import type { Targets } from './targets.ts'
import { writeResults } from './write-results.ts'

export interface Delivery {
  /** Takes the results of a batch. Rejects with ServiceError where they cannot be kept. */
  take(results: readonly ResultBody[], batch: PlannedBatch): Promise<void>
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
  readonly dataDir: string
  readonly journal: RunJournal
  readonly targets: SettledTargets | undefined
  readonly catalogue: Catalogue
  readonly scheme: Scheme
  /** Ends the wait for a database that is away. */
  readonly signal: AbortSignal
}

const NOTHING: Delivery = {
  take: async () => undefined,
  wasTaken: () => true,
  finish: async () => ({}),
  end: async () => undefined,
}

/** Opens the outputs of a run. Results that an earlier process of the run delivered count as taken. */
export async function openDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { targets: settled, journal, dataDir } = options
  if (settled === undefined) return NOTHING
  const { targets, database } = settled
  const { to, table } = targets
  const target =
    database === undefined || table === undefined ? undefined : await openTableTarget({ ...options, database, table })
  try {
    if (JSON.stringify(targets) !== JSON.stringify(journal.targets)) await journal.noteTargets(targets)
    const spool =
      targets.out === undefined ? undefined : await openResultSpool(runResultsFile(dataDir, journal.header.run_id))
    return {
      take: async (results, { isAudit, kept = new Map() }) => {
        // The batches of the file bring the results of audits again.
        if (isAudit) return
        await spool?.append(results)
        await target?.write(results, kept)
      },
      wasTaken: journal.isDelivered,
      finish: async (signal) => {
        const out = spool === undefined || signal.aborted ? undefined : await writeFile(spool, targets, options, signal)
        if (target !== undefined) say(`Wrote ${pluralise(target.written, 'changed row')} to ${target.label}.`)
        return {
          ...(out === undefined ? {} : { out }),
          ...(target === undefined
            ? {}
            : { to: { database: to ?? '', table: table ?? '', rows_written: target.written } }),
        }
      },
      end: async (isComplete) => {
        await target?.close()
        await (isComplete ? spool?.remove() : spool?.close())
      },
    }
  } catch (error) {
    await target?.close()
    throw error
  }
}

async function writeFile(
  spool: ResultSpool,
  { out = '-', format = 'csv' }: Targets,
  { journal, catalogue, scheme }: DeliveryOptions,
  signal: AbortSignal,
): Promise<OutReport | undefined> {
  if (out === '-') warnOfNpmLines()
  const { find } = await spool.lookUp()
  const isLimited = journal.header.limit !== undefined
  const join = { catalogue, scheme, format, isLimited, find, signal }
  const counts = await writeResults(out, (append) => writeJoined(join, append), { option: '--out', signal })
  if (counts === undefined) return undefined
  const { rows, open } = counts
  const without = open === 0 ? '' : `, ${pluralise(open, 'row')} of them without a result`
  say(`Wrote ${pluralise(rows, 'row')} to ${out === '-' ? 'standard output' : printable(out, 300)}${without}.`)
  return { file: out, format, rows, without_result: open }
}

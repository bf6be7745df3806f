/** The estimate of a file, or of what is left of a run. */

import { batchesOf, openCatalogue } from '../../catalogue/open-catalogue.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { formatCount, type Interrupts, say } from '../ui/terminal.ts'
import { estimateRun } from './estimate.ts'
import type { EstimateReport } from './estimate-sum.ts'
import { openRunJournal, type RunHeader, type RunJournal } from './run-journal.ts'

export interface EstimateFileOptions {
  readonly resume?: string
  readonly limit?: number
  readonly skipInvalid?: boolean
  readonly ingress?: readonly string[]
  readonly rpm?: number
  readonly tpm?: number
}

/** `asked` is what a new run would ask for; a resumed one keeps to its own. */
export async function estimateFile(
  file: string | undefined,
  options: EstimateFileOptions,
  asked: Pick<RunHeader, 'force' | 'batch_size' | 'options'>,
  config: Config,
  { first: signal }: Pick<Interrupts, 'first'>,
): Promise<EstimateReport> {
  const journal = options.resume === undefined ? null : await openRunJournal(config.dataDir, options.resume)
  const header = journal?.header
  const path = file ?? header?.file
  if (path === undefined) {
    throw new ServiceError('input-invalid', 'Name a catalogue FILE (- for standard input), or --resume RUN')
  }
  const catalogue = await openCatalogue(path, {
    limit: header?.limit ?? options.limit,
    skipInvalid: header?.skip_invalid ?? options.skipInvalid,
    signal,
  })
  try {
    say(`${catalogue.label}: ${formatCount(catalogue.count)} indicators`)
    if (header !== undefined && header.fingerprint !== catalogue.fingerprint) {
      throw new ServiceError('input-invalid', `${catalogue.label} is not what run ${header.run_id} began with`)
    }
    const { batch_size: batchSize } = header ?? asked
    const { rpm, tpm } = options
    const report = await estimateRun(leftOf(batchesOf(indicatorsOf(catalogue), batchSize), journal), {
      urls: options.ingress ?? config.restate.ingressUrls,
      asked: header ?? asked,
      config,
      flags: { ...(rpm === undefined ? {} : { rpm }), ...(tpm === undefined ? {} : { tpm }) },
      say,
      signal,
    })
    return { ...report, warnings: [...catalogue.warnings, ...report.warnings] }
  } finally {
    await catalogue.close()
  }
}

async function* leftOf(batches: AsyncIterable<readonly Indicator[]>, journal: RunJournal | null) {
  let index = 0
  for await (const batch of batches) {
    if (journal?.done(index) === undefined) yield batch
    index += 1
  }
}

async function* indicatorsOf(catalogue: Awaited<ReturnType<typeof openCatalogue>>): AsyncGenerator<Indicator> {
  for await (const { indicator } of catalogue.indicators()) yield indicator
}

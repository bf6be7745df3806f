/** Estimates the cost and time of classifying a catalogue file, or of the rest of an earlier run: the work of `classify --estimate`. */
import { batchesOf, indicatorsOf } from '../../catalogue/open-catalogue.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { openForCommand, readingOf } from '../inspect/read-catalogue.ts'
import { say } from '../ui/terminal.ts'
import { estimateRun } from './estimate.ts'
import type { EstimateReport } from './estimate-sum.ts'
import { type ClassifyOptions, settingsOf } from './options.ts'
import { catalogueOfRun, cataloguePathOf, checkSameCatalogue } from './resume.ts'
import { readGivenCodebook } from './run-codebook.ts'
import { openRunJournal, type RunJournal } from './run-journal.ts'

/**
 * Estimates the run of a catalogue. Rejects with ServiceError input-invalid where the catalogue cannot be read or the
 * run cannot be resumed.
 */
export async function estimateFile(
  file: string | undefined,
  options: ClassifyOptions,
  config: Config,
  signal: AbortSignal,
): Promise<EstimateReport> {
  const earlier = options.resume === undefined ? null : await openRunJournal(config.dataDir, options.resume)
  const path = cataloguePathOf(file, earlier)
  const catalogueName = catalogueOfRun(path, options, earlier)
  const given = await readGivenCodebook(options.codebook)
  const reads = {
    limit: earlier?.header.limit ?? options.limit,
    skipInvalid: earlier?.header.skip_invalid ?? options.skipInvalid,
    reading: await readingOf(options, earlier),
    signal,
  }
  const catalogue = await openForCommand(path, reads, { mayAsk: false })
  try {
    checkSameCatalogue(catalogue, earlier)
    const { rpm, tpm } = options
    // The reference of the codebook is added when the service has settled it.
    const request = earlier?.header ?? settingsOf(options, { catalogue: catalogueName, codebook: undefined })
    const report = await estimateRun(remainingOf(batchesOf(indicatorsOf(catalogue), request.batch_size), earlier), {
      urls: options.ingress ?? config.restate.ingressUrls,
      request,
      given,
      earlier: earlier?.header ?? null,
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

/** Yields the batches that the earlier run has not finished. */
async function* remainingOf(batches: AsyncIterable<readonly Indicator[]>, earlier: RunJournal | null) {
  let index = 0
  for await (const batch of batches) {
    if (earlier?.done(index) === undefined) yield batch
    index += 1
  }
}

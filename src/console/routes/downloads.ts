/** Gives results as a CSV file, page by page as they are read, in the same form as the command export writes it. */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { createResultsWriter } from '../../catalogue/results-writer.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Classification } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import type { Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'
import type { Sessions } from '../sessions.ts'

export interface DownloadOptions {
  readonly store: Pick<Store, 'exportClassifications' | 'findRun'>
  readonly schemes: Codebooks
  readonly sessions: Sessions
}

const querySchema = z.object({
  run: z.string().min(1).max(200).optional(),
  catalogue: z.string().min(1).max(300).optional(),
  codebook: z.string().max(200).optional(),
})
/** An export of all results reads the whole table, so that one page cannot ask for many at once. */
const A_MINUTE = 20

export function serveDownloads(app: FastifyInstance, { store, schemes, sessions }: DownloadOptions): void {
  const config = { rateLimit: { max: A_MINUTE, timeWindow: 60_000 } }
  app.get('/results/download', { config }, async (request, reply) => {
    sessions.require(request, 'read')
    const { run, catalogue, codebook } = querySchema.parse(request.query)
    if (run !== undefined && (await store.findRun(run)) === undefined)
      throw new ServiceError('input-not-found', `There is no run "${run}"`)
    const scheme = await schemes.find(codebook === '' ? undefined : codebook)
    const pages = store.exportClassifications({
      codebook: scheme.codebook.name,
      ...(run === undefined ? {} : { runId: run }),
      ...(catalogue === undefined ? {} : { catalogue }),
    })
    const name = (run ?? catalogue ?? scheme.codebook.name).replace(/[^\w-]/g, '_').slice(0, 100)
    return reply
      .type('text/csv; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-disposition', `attachment; filename="${name}.csv"`)
      .send(Readable.from(linesOf(scheme, pages), { objectMode: false }))
  })
}

/** The text of the file in parts; a reader that is slow slows down the reading of the pages. */
async function* linesOf(
  scheme: PreparedScheme,
  pages: AsyncIterable<readonly Classification[]>,
): AsyncGenerator<string> {
  let text = ''
  const write = (part: string) => {
    text += part
  }
  const writer = createResultsWriter({ format: 'csv', scheme, write })
  for await (const page of pages) {
    for (const one of page) await writer.write(one)
    if (text !== '') yield text
    text = ''
  }
  await writer.end()
  yield text
}

/** Tests that classifying a very large catalogue takes little memory in the process of the command, with and without a file of results. */
import { test } from 'node:test'
import type { ManyRows } from '../helpers/memory/catalogue-memory.ts'
import { assertRunMemoryStays } from '../helpers/memory/cli-memory.ts'

const MOST_MB = 20
const FORMATS: readonly ManyRows[] = ['parquet', 'csv.gz', 'jsonl', 'csv']
const WITH_RESULTS = ['--keep', 'region,owner', '--out', 'OUT.csv']

for (const [format, args] of [...FORMATS.map((one) => [one, WITH_RESULTS] as const), ['csv', []] as const]) {
  const how = args.length === 0 ? '' : ' with kept columns and a file of results'
  test(`to classify 200,000 rows of ${format}${how} costs at most ${MOST_MB} MB more than 10,903`, async (t) => {
    const comparison = { fewRows: 10_903, rows: 200_000, mostMb: MOST_MB, format }
    t.diagnostic(await assertRunMemoryStays(comparison, args))
  })
}

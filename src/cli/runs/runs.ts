/** The command `runs`: lists the newest runs with what each did, what it cost and where it is. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { runsResponseSchema } from '../../restate/contract.ts'
import { CATALOGUE_FLAGS, catalogueOption } from '../classify/catalogue-name.ts'
import { createServiceClient } from '../client/service.ts'
import { httpUrls, wholeNumber } from '../ui/option-values.ts'
import { printJson, printText, say, underInterrupts } from '../ui/terminal.ts'
import { formatRuns } from './format.ts'

interface RunsOptions {
  readonly catalogue?: string
  readonly limit: number
  readonly json?: boolean
  readonly ingress?: readonly string[]
}

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 500
/** The milliseconds that the command waits for an answer. */
export const PATIENCE_MS = 15_000
export const INGRESS_HELP =
  'Restate ingress URLs, separated by commas (default: RESTATE_INGRESS_URL, else this machine)'

export function addRunsCommand(program: Command): void {
  program
    .command('runs')
    .description('List the newest runs: what each classified and cost, at what pace, and whether it is under way')
    .option('--limit <n>', 'show at most N runs', wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .option(CATALOGUE_FLAGS, 'only the runs of this catalogue', catalogueOption)
    .option('--json', 'print exactly one JSON object on stdout')
    .option('--ingress <urls>', INGRESS_HELP, httpUrls)
    .action(async ({ catalogue, limit, json, ingress }: RunsOptions) => {
      const urls = ingress ?? readConfig().restate.ingressUrls
      const body = { limit, ...(catalogue === undefined ? {} : { catalogue }) }
      const found = await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => {
          const service = createServiceClient({ urls, patienceMs: PATIENCE_MS })
          return await service.ask({ handler: 'runs', body, schema: runsResponseSchema, signal })
        },
      )
      if (found === undefined) throw earlierRelease()
      if (json === true) printJson(found)
      else printText(formatRuns(found.runs))
    })
}

export function earlierRelease(): ServiceError {
  const advice = 'restart it with this release (npm start, or npm run cluster:5node)'
  return new ServiceError(
    'ingress-unavailable',
    `The running service is of an earlier release and knows no list of runs: ${advice}`,
  )
}

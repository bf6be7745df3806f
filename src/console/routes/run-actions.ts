/** What can be done with a run: it is paused, resumed, stopped, and taken on after it has ended early. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { FAILURES, ServiceError } from '../../errors.ts'
import { costStopOf, describeCostStop, whyLimitTooLow } from '../../lib/cost-limits.ts'
import { WANTED_STATES } from '../../lib/run-states.ts'
import type { ListedRun, Store } from '../../store/types.ts'
import { type CommandRunner, commandFault, DRIVEN_RUN } from '../commands.ts'
import { HttpFault, type Sessions } from '../sessions.ts'
import { inWordsOfThePage } from '../views/control-words.ts'
import { checked, costField, optionalCostField } from './forms.ts'

const paramsSchema = z.object({ run: z.string().min(1).max(200) })
const wantSchema = z.object({ wanted: z.enum(WANTED_STATES) })
const limitSchema = z.object({ max_cost: costField })
const resumeSchema = z.object({ max_cost: optionalCostField })
/** A detached run has begun after some seconds, in which it reads its file and asks the service. */
const BEGIN_MS = 120_000

export interface RunActionOptions {
  readonly store: Pick<Store, 'findRun' | 'drivers'>
  readonly commands: CommandRunner
  readonly sessions: Sessions
}

/** Refuses a limit under which the run could not go on; without a new one its old one counts. */
function refuseLow({ costUsd: spentUsd, maxCostUsd, refusal }: ListedRun, maxUsd: number | undefined): void {
  const spending = { spentUsd, maxCostUsd, refusal }
  const stop = costStopOf(spending)
  if (maxUsd === undefined && stop !== null) throw new ServiceError('input-invalid', describeCostStop(stop))
  const reason = maxUsd === undefined ? undefined : whyLimitTooLow(maxUsd, spending)
  if (reason !== undefined) throw new ServiceError('input-invalid', `max_cost: ${reason}`)
}

export function serveRunActions(app: FastifyInstance, { store, commands, sessions }: RunActionOptions): void {
  const back = (run: string) => sessions.at(`/runs/${encodeURIComponent(run)}`)

  app.post('/runs/:run/want', sessions.protect('operate'), async (request, reply) => {
    const { run: id } = paramsSchema.parse(request.params)
    const { wanted } = checked(wantSchema, request.body)
    const run = await store.findRun(id)
    if (run === undefined) throw new ServiceError('input-not-found', `There is no run "${id}"`)
    // What is wanted of a run that ended would only mislead those who look at it.
    if (run.driver === null && wanted !== 'running') {
      throw new ServiceError(
        'input-invalid',
        'No process drives this run any more, so that it cannot be paused or stopped',
      )
    }
    await store.drivers.want(id, wanted)
    return reply.redirect(back(id), 303)
  })

  app.post('/runs/:run/limit', sessions.protect('operate'), async (request, reply) => {
    const { run: id } = paramsSchema.parse(request.params)
    const { max_cost: maxUsd } = checked(limitSchema, request.body)
    const run = await store.findRun(id)
    if (run === undefined) throw new ServiceError('input-not-found', `There is no run "${id}"`)
    refuseLow(run, maxUsd)
    await store.drivers.limitCost(id, maxUsd)
    return reply.redirect(back(id), 303)
  })

  app.post('/runs/:run/resume', sessions.protect('operate'), async (request, reply) => {
    const { run: id } = paramsSchema.parse(request.params)
    const { max_cost: maxCost } = checked(resumeSchema, request.body)
    if (!DRIVEN_RUN.test(id)) throw new ServiceError('input-invalid', 'This run was not started by a command')
    const run = await store.findRun(id)
    if (run !== undefined) refuseLow(run, maxCost)
    const cost = maxCost === undefined ? [] : ['--max-cost', String(maxCost)]
    const result = await commands.run(['classify', '--resume', id, '--detach', ...cost], { timeoutMs: BEGIN_MS })
    if (result.code !== 0) {
      const { code, lines } = commandFault(result)
      const message = inWordsOfThePage(lines).join('\n')
      throw new HttpFault(FAILURES[code].status, message, {
        path: `/runs/${encodeURIComponent(id)}`,
        text: 'Back to the run',
      })
    }
    return reply.redirect(back(id), 303)
  })
}

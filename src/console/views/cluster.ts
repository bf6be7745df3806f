/** What the page of the cluster shows: replicas with their part of the budget, the budget, and the queue by handler. */
import { z } from 'zod'
import { linesOf } from '../../errors.ts'
import { type BudgetResponse, budgetResponseSchema } from '../../restate/contract/budget.ts'
import type { Store } from '../../store/types.ts'
import { type CommandRunner, commandFault } from '../commands.ts'
import type { Ingress } from '../ingress.ts'
import * as page from '../page/cluster-page.ts'
import type { View } from '../view.ts'

export interface ClusterDeps {
  readonly ingress: Ingress
  readonly commands: CommandRunner
  readonly store: Pick<Store, 'views'>
  readonly nodes: () => Promise<readonly page.NodeShown[]>
  /** Where a browser reaches Restate's own page; empty where it cannot. */
  readonly restateUi: string
}

const EVERY_MS = 5_000
/** A query over all invocations takes a second of the cluster, so that it is asked less often. */
const QUEUE_EVERY_MS = 15_000
const QUEUE_TIMEOUT_MS = 60_000

const queueSchema = z.object({
  backlog: z.array(
    z.object({
      service: z.string(),
      handler: z.string(),
      status: z.string(),
      count: z.number(),
      oldest_at: z.string().nullish(),
    }),
  ),
})

/** The changes of the budget that are drawn. */
const CHANGES = 50
const UNTIL_MS = 10 * 60_000
/** Memory is shown in steps, so that it does not change the page with each look. */
const MEMORY_STEP = 5_000_000

function rounded<T extends { readonly memoryBytes: number | null }>(of: T): T {
  const { memoryBytes: size } = of
  return size === null ? of : { ...of, memoryBytes: Math.round(size / MEMORY_STEP) * MEMORY_STEP }
}

type Queue = Pick<page.ClusterData, 'queue' | 'queueFault'>

export function clusterView({ ingress, commands, store, nodes, restateUi }: ClusterDeps): View<page.ClusterData> {
  let queue: { at: number; found: Queue } = { at: 0, found: { queue: null, queueFault: '' } }
  let isAsking = false
  const askQueue = async (): Promise<void> => {
    if (isAsking || Date.now() - queue.at < QUEUE_EVERY_MS) return
    isAsking = true
    const found = await readQueue(commands)
    queue = { at: Date.now(), found }
    isAsking = false
  }
  return {
    ...{ path: '/cluster', name: 'cluster', right: 'read', everyMs: EVERY_MS, page },
    load: async () => {
      // The queue comes with a later look, so that the page need not wait for it.
      void askQueue()
      const [budget, seen, history] = await Promise.all([
        ingress.ask('budget', {}, budgetResponseSchema).then(
          (found) => ({ budget: toBudget(found), fault: '' }),
          (error: unknown) => ({ budget: null, fault: linesOf(error).join(' ') }),
        ),
        nodes(),
        store.views.listBudgetChanges(CHANGES),
      ])
      // The end of the plot moves once in ten minutes, so that it does not change the page with each look.
      const until = new Date(Math.ceil(Date.now() / UNTIL_MS) * UNTIL_MS).toISOString()
      const changes = history.map(({ safety: _safety, ...change }) => change)
      return { ...budget, ...queue.found, restateUi, nodes: seen.map(rounded), history: changes, until }
    },
  }
}

function toBudget(found: BudgetResponse): page.BudgetShown {
  return {
    rpm: found.rpm,
    tpm: found.tpm,
    safety: found.safety,
    // Rounded to seconds, so that a pause does not change the page with each look by milliseconds.
    pausedSeconds: Math.ceil(found.paused_ms / 1_000),
    pauseReason: found.pause?.reason ?? '',
    paceFactor: found.pace_factor,
    account: found.account,
    replicas: found.replicas.map(({ name, share, rpm, tpm, demand, in_flight, memory_bytes = null, version = null }) =>
      rounded({ name, share, rpm, tpm, demand, inFlight: in_flight, memoryBytes: memory_bytes, version }),
    ),
  }
}

async function readQueue(commands: CommandRunner): Promise<Queue> {
  try {
    const result = await commands.run(['queue', '--json'], { timeoutMs: QUEUE_TIMEOUT_MS })
    if (result.code !== 0) throw commandFault(result)
    const { backlog } = queueSchema.parse(JSON.parse(result.stdout))
    return {
      queue: backlog.map(({ service, handler, status, count }) => ({
        handler: `${service}/${handler}`,
        status,
        count,
      })),
      queueFault: '',
    }
  } catch (error) {
    return { queue: null, queueFault: linesOf(error).join(' ').slice(0, 500) }
  }
}

/** The health report of a replica, which its HTTP routes and its Restate handler `health` both answer with. */
import { messageOf } from '../errors.ts'
import type { NodeClocks } from '../lib/node-clocks.ts'
import { type ReferenceClock, SKEW_WARNING_MS } from '../lib/reference-clock.ts'

export interface HealthReport {
  /** The replica's name, such as "classify-service-3". */
  readonly service: string
  readonly status: 'ok' | 'unavailable'
  /** The check that failed: "pressure" or "database". Absent while all is well. */
  readonly failing?: string
  readonly message?: string
  readonly uptime_s: number
  /** What does not keep the replica from its work, and should be looked at all the same. Absent where there is nothing. */
  readonly warnings?: readonly { readonly code: string; readonly message: string }[]
  /** The time by the database's clock, ISO 8601; absent where the database has not answered yet. */
  readonly database_time?: string
  /** The clock of this replica's machine minus the database's, in seconds. */
  readonly clock_skew_s?: number
  /** The name of the model that answers, so that nobody takes the offline model's answers for a language model's. */
  readonly model: string
}

export interface HealthOptions {
  readonly service: string
  readonly model: string
  /** Rejects when the database does not answer, or takes no writes. */
  readonly pingDatabase: () => Promise<void>
  /** What the database said where it refused the last write of this replica; else undefined. */
  readonly writeRefusal: () => string | undefined
  /** The clock that keeps the database's time. */
  readonly clock: Pick<ReferenceClock, 'now' | 'skewMs'>
  readonly nodeClocks: Pick<NodeClocks, 'skewMs'>
  /** A phrase such as "event loop delay 1200 ms" while the process is overloaded, else undefined. */
  readonly pressure: () => string | undefined
}

export type Health = () => Promise<HealthReport>

export function createHealth(options: HealthOptions): Health {
  return async () => {
    const { service, model } = options
    const always = () => ({ uptime_s: Math.round(process.uptime()), model, ...timesOf(options) })
    const unavailable = (failing: string, message: string): HealthReport => {
      return { service, status: 'unavailable', failing, message, ...always() }
    }
    const pressure = options.pressure()
    if (pressure !== undefined) return unavailable('pressure', pressure)
    try {
      await options.pingDatabase()
    } catch (error) {
      return unavailable('database', messageOf(error))
    }
    const refusal = options.writeRefusal()
    if (refusal !== undefined) return unavailable('database', refusal)
    return { service, status: 'ok', ...always() }
  }
}

type Times = Pick<HealthReport, 'warnings' | 'database_time' | 'clock_skew_s'>

function timesOf({ clock, nodeClocks }: HealthOptions): Times {
  const skewMs = clock.skewMs()
  if (skewMs === undefined) return {}
  const warnings = [
    ...skewWarning('the clock of this machine', 'the replica goes by the database: set the clock (NTP)', skewMs),
    ...skewWarning(
      'the clock of a Restate node',
      'replicas may refuse its calls: set the clock (NTP)',
      nodeClocks.skewMs() ?? 0,
    ),
  ]
  return {
    database_time: new Date(clock.now()).toISOString(),
    clock_skew_s: Math.round(skewMs / 100) / 10,
    ...(warnings.length === 0 ? {} : { warnings }),
  }
}

function skewWarning(whose: string, advice: string, skewMs: number): NonNullable<HealthReport['warnings']> {
  if (Math.abs(skewMs) <= SKEW_WARNING_MS) return []
  const way = `${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`
  return [{ code: 'clock-skew', message: `${whose} is ${way} the database's; ${advice}` }]
}

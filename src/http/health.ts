/** The health report of a replica, which its HTTP routes and its Restate handler `health` both answer with. */
import { messageOf } from '../errors.ts'

export interface HealthReport {
  /** The replica's name, such as "classify-service-3". */
  readonly service: string
  readonly status: 'ok' | 'unavailable'
  /** The check that failed: "pressure" or "database". Absent while all is well. */
  readonly failing?: string
  readonly message?: string
  readonly uptime_s: number
  /** The name of the model that answers, so that nobody takes the offline model's answers for a language model's. */
  readonly model: string
}

export interface HealthOptions {
  readonly service: string
  readonly model: string
  /** Rejects when the database does not answer. */
  readonly pingDatabase: () => Promise<void>
  /** A phrase such as "event loop delay 1200 ms" while the process is overloaded, else undefined. */
  readonly pressure: () => string | undefined
}

export type Health = () => Promise<HealthReport>

export function createHealth(options: HealthOptions): Health {
  return async () => {
    const { service, model } = options
    const uptime = Math.round(process.uptime())
    const unavailable = (failing: string, message: string): HealthReport => {
      return { service, status: 'unavailable', failing, message, uptime_s: uptime, model }
    }
    const pressure = options.pressure()
    if (pressure !== undefined) return unavailable('pressure', pressure)
    try {
      await options.pingDatabase()
    } catch (error) {
      return unavailable('database', messageOf(error))
    }
    return { service, status: 'ok', uptime_s: uptime, model }
  }
}

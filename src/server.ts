/** Entry point of a replica: reads the configuration, builds the parts, listens until a stop signal, drains, and sets the exit code. */
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { type Logger, pino } from 'pino'
import { buildApp } from './app.ts'
import { type Config, readConfig } from './config/config.ts'
import { forgetDatabaseVariables, readEnvironment } from './config/environment.ts'
import { findNearMisses } from './config/near-misses.ts'
import { useProxies } from './config/proxies.ts'
import { isServiceError, messageOf } from './errors.ts'
import { drainApp } from './http/drain.ts'
import { findServiceName } from './http/service-name.ts'
import { EXIT_CONFIG, exitCodeOf } from './lib/ending/part-process.ts'
import { onEnd } from './lib/ending/process-end.ts'
import { describeForLog } from './lib/error-log.ts'
import { allowedHosts, isLoopback } from './lib/network/caller.ts'
import { listenPatiently } from './lib/network/port-use.ts'
import { SKEW_WARNING_MS, setProcessClock } from './lib/reference-clock.ts'
import { retryFor } from './lib/timing.ts'
import { LOG_HOOKS, visibleLines } from './lib/visible-text.ts'
import { createResources, openSchemes, type Resources } from './resources.ts'
import { readIdentityKeys } from './restate/identity-keys.ts'
import { createRestateHandler } from './restate/services.ts'
import { warmUp } from './warm-up.ts'

/**
 * Garbage is collected once the old generation has grown by so many percent of what is alive. V8's own choice let 370 MB of garbage gather
 * beside 117 MB that were alive while a large catalogue went through, on a machine that has them.
 */
const HEAP_GROWING_PERCENT = 50
/** A replica that starts gives up after this many milliseconds without its database. */
const DATABASE_PATIENCE_MS = 120_000
const DATABASE_RETRY_MS = 1_000
/**
 * A replica listens without a rate lease after this many milliseconds. The other replicas free a part of the budget
 * within one renewal, so the first lease usually comes sooner.
 */
const LEASE_PATIENCE_MS = 500

await main()

async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`)
  let log: Logger | undefined
  try {
    useProxies(readEnvironment())
    forgetDatabaseVariables()
    const config = readConfig()
    const service = await findServiceName(config.serviceName)
    const serializers = { err: describeForLog }
    log = pino({ level: config.logLevel ?? 'info', base: { service }, hooks: LOG_HOOKS, serializers })
    for (const line of findNearMisses()) log.warn(line)
    await run(config, service, log)
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    if (log === undefined) console.error(visibleLines(messageOf(error)))
    else log.fatal(process.exitCode === EXIT_CONFIG ? {} : { err: error }, messageOf(error))
  }
}

async function run(config: Config, service: string, log: Logger): Promise<void> {
  const { identityKeys: keys, identityKeysDir } = config.restate
  const identityKeys = await readIdentityKeys(keys, identityKeysDir)
  if (identityKeys.length === 0) log.info('Calls need no signature: no public key is set')
  else log.info({ identityKeys }, 'Calls must be signed by one of these keys')
  const resources = createResources(config, service, log)
  const stopping = createStopSignal(log)
  try {
    const schemes = await openSchemes(resources.store)
    const prepare = async () => {
      const applied = await resources.migrate()
      await schemes.saveBuiltIns()
      return applied
    }
    const isPrepared = await prepareDatabase(prepare, log, stopping)
    if (!isPrepared) return
    await keepDatabaseTime(resources, log)
    await warmUp({ schemes, requests: config.warmUpRequests, log, signal: stopping })
    await resources.leaseClient.start(LEASE_PATIENCE_MS)
    const app = await buildApp({
      service,
      model: resources.model.models.primary,
      log,
      metrics: resources.metrics,
      pingDatabase: resources.pingDatabase,
      writeRefusal: resources.writeRefusal,
      clock: resources.clock,
      nodeClocks: resources.nodeClocks,
      // In a cluster NGINX, Prometheus and probes call a replica by names that it does not know.
      hosts: isLoopback(config.host) ? allowedHosts([...config.guard.allowedHosts, config.host]) : null,
      createRestateHandler: (health) =>
        createRestateHandler({
          ...resources,
          schemes,
          health,
          log,
          maxWaitMs: config.rate.maxWaitMs,
          modelTimeoutMs: config.openai.timeoutMs,
          flexTimeoutMs: config.openai.flexTimeoutMs,
          identityKeys,
          stopping,
        }),
    })
    const { port, host } = config
    await listenPatiently(() => app.listen({ port, host }), { port, variable: 'PORT' })
    resources.retention?.start()
    log.info({ port, model: resources.model.models.primary }, 'The replica is ready')
    if (!stopping.aborted) await once(stopping, 'abort')
    log.info('Draining: no new work is taken')
    await Promise.all([drainApp(app, config.drainTimeoutMs, log), releaseRate(resources)])
    log.info('The replica has ended')
  } finally {
    await resources.close()
  }
}

/**
 * Waits for the database, brings its schema up to date and stores the built-in codebooks; several replicas may do so at the
 * same time. Resolves with
 * false where the replica was stopped first. Rejects with `ServiceError` database-unavailable after two minutes.
 */
async function prepareDatabase(
  prepare: () => Promise<readonly string[]>,
  log: Logger,
  stopping: AbortSignal,
): Promise<boolean> {
  let lastError: unknown
  const attempt = async () => {
    try {
      return await prepare()
    } catch (error) {
      if (!isServiceError(error) || error.code !== 'database-unavailable') throw error
      lastError = error
      log.warn({ reason: messageOf(error) }, 'Waiting for the database')
      return undefined
    }
  }
  const retry = { delayMs: DATABASE_RETRY_MS, patienceMs: DATABASE_PATIENCE_MS, signal: stopping }
  try {
    const applied = await retryFor(attempt, retry)
    if (applied === undefined) throw lastError
    if (applied.length > 0) log.info({ applied }, 'The database schema is up to date')
    return true
  } catch (error) {
    if (stopping.aborted) return false
    throw error
  }
}

/** Lets this process go by the database's clock, which all replicas have in common. */
async function keepDatabaseTime({ clock, pingDatabase }: Resources, log: Logger): Promise<void> {
  await pingDatabase().catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'The database gives no time'))
  const skewMs = Math.round(clock.skewMs() ?? 0)
  if (Math.abs(skewMs) > SKEW_WARNING_MS) {
    log.warn(
      { skewMs },
      "The clock of this machine differs from the database's, by which the replica goes: set it (NTP)",
    )
  }
  setProcessClock(clock.now)
}

/**
 * Refuses the model requests that wait for their start and gives the rate lease back to the other replicas. Restate
 * runs the refused work on another replica; starting it here would prolong the drain, and work that the drain cuts off
 * is paid twice.
 */
async function releaseRate({ limiter, leaseClient }: Resources): Promise<void> {
  await limiter.close()
  await leaseClient.close()
}

/** Creates a signal that aborts when the process is to end. */
function createStopSignal(log: Logger): AbortSignal {
  const controller = new AbortController()
  onEnd(
    (reason) => {
      log.info({ reason }, 'Stopping')
      controller.abort()
    },
    () => log.warn('Second signal: ending without a drain'),
  )
  return controller.signal
}

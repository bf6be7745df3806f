/** Entry of a replica: config, resources, app, listen; signals and exit codes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { buildApp } from './app.ts'
import { type Config, readConfig } from './config/config.ts'
import { findNearMisses } from './config/near-misses.ts'
import { isServiceError, messageOf } from './errors.ts'
import { findServiceName } from './http/service-name.ts'
import { createResources, type Resources } from './resources.ts'
import { readIdentityKeys } from './restate/identity-keys.ts'
import { createRestateHandler } from './restate/services.ts'

/** How long a replica waits for its database at the start before it gives up. */
const DATABASE_PATIENCE_MS = 120_000
const DATABASE_RETRY_MS = 1_000
/** The others give a part of their leases away within a renewal; a replica comes up without one as well. */
const LEASE_PATIENCE_MS = 500
const PING_TIMEOUT_MS = 2_000
const EXIT_CONFIG = 2

await main()

async function main(): Promise<void> {
  let config: Config
  try {
    config = readConfig()
  } catch (error) {
    console.error(messageOf(error))
    process.exitCode = EXIT_CONFIG
    return
  }
  const service = await findServiceName(config.serviceName)
  const log = pino({ level: config.logLevel ?? 'info', base: { service } })
  for (const line of findNearMisses()) log.warn(line)
  try {
    await run(config, service, log)
  } catch (error) {
    const isSetup = isServiceError(error) && error.code === 'config-invalid'
    log.fatal(isSetup ? {} : { err: error }, messageOf(error))
    process.exitCode = isSetup ? EXIT_CONFIG : 1
  }
}

async function run(config: Config, service: string, log: Logger): Promise<void> {
  const { identityKeys: keys, identityKeysDir } = config.restate
  const identityKeys = await readIdentityKeys(keys, identityKeysDir)
  if (identityKeys.length === 0) log.info('Calls need no signature: no public key is set')
  else log.info({ identityKeys }, 'Calls must be signed by one of these keys')
  const resources = createResources(config, service, log)
  const stopping = stopSignal(log)
  try {
    await prepareDatabase(resources, log, stopping)
    if (stopping.aborted) return
    await resources.share.start(LEASE_PATIENCE_MS)
    const app = await buildApp({
      service,
      model: resources.model.models.primary,
      log,
      metrics: resources.metrics,
      pingDatabase: () => resources.store.ping(PING_TIMEOUT_MS),
      createRestateHandler: (health) =>
        createRestateHandler({
          ...resources,
          health,
          log,
          maxWaitMs: config.rate.maxWaitMs,
          modelTimeoutMs: config.openai.timeoutMs,
          identityKeys,
        }),
    })
    await app.listen({ port: config.port, host: config.host })
    log.info({ port: config.port, model: resources.model.models.primary }, 'The replica is ready')
    await aborted(stopping)
    await drain(app, resources, config.drainTimeoutMs, log)
  } finally {
    await resources.close()
  }
}

/** Waits for the database, then brings its schema up to date. Five replicas may do so at once. */
async function prepareDatabase(resources: Resources, log: Logger, stopping: AbortSignal): Promise<void> {
  const deadline = Date.now() + DATABASE_PATIENCE_MS
  while (!stopping.aborted) {
    try {
      const applied = await resources.migrate()
      if (applied.length > 0) log.info({ applied }, 'The database schema is up to date')
      return
    } catch (error) {
      const isAway = isServiceError(error) && error.code === 'database-unavailable'
      if (!isAway || Date.now() > deadline) throw error
      log.warn({ reason: messageOf(error) }, 'Waiting for the database')
      await sleep(DATABASE_RETRY_MS, undefined, { signal: stopping }).catch(() => undefined)
    }
  }
}

/**
 * Stops listening, lets what is running end, and closes. What waits for its start fails at once, and Restate runs it on
 * another replica: it would hold up the end, and what started late would be cut off and paid twice. With nothing to
 * start the lease is the others'. What does not end in time is cut off and run again: done twice, but never lost.
 */
async function drain(
  app: Awaited<ReturnType<typeof buildApp>>,
  { limiter, share }: Resources,
  timeoutMs: number,
  log: Logger,
): Promise<void> {
  log.info('Draining: no new work is taken')
  const closed = app.close().then(() => true)
  const starting = limiter.close().then(() => share.close())
  const timer = new AbortController()
  const late = sleep(timeoutMs, false, { signal: timer.signal }).catch(() => true)
  const isDone = await Promise.race([closed, late])
  timer.abort()
  if (!isDone) {
    log.warn({ timeoutMs }, 'Some work did not end in time; Restate will run it again elsewhere')
    app.server.closeAllConnections()
    await closed
  }
  await starting
  log.info('The replica has ended')
}

/** Aborts on SIGTERM, SIGINT, and when a parent that opened a channel to us is gone. A second signal ends at once. */
function stopSignal(log: Logger): AbortSignal {
  const controller = new AbortController()
  const stop = (reason: string) => {
    if (controller.signal.aborted) {
      log.warn('Second signal: ending without a drain')
      process.exit(1)
    }
    log.info({ reason }, 'Stopping')
    controller.abort()
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  if (process.channel !== undefined) {
    process.channel.unref()
    process.on('disconnect', () => stop('the parent process is gone'))
  }
  return controller.signal
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Starts and stops the console: its database, its access, its pages and its port. */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { connectionFromThisHost } from '../config/database-connection.ts'
import { openDatabase } from '../database-resources.ts'
import { makeDataDir } from '../embedded/data-dir.ts'
import { ServiceError } from '../errors.ts'
import { drainApp } from '../http/drain.ts'
import { closeInOrder } from '../lib/ending/closing.ts'
import { allowedHosts, isLoopback } from '../lib/network/caller.ts'
import { consoleLink, createToken } from '../lib/network/console-link.ts'
import { listenPatiently } from '../lib/network/port-use.ts'
import { openAccess } from './access.ts'
import { createApp } from './app.ts'
import { createCertificates } from './certificates.ts'
import { createCodebooks } from './codebooks.ts'
import { createCommandRunner } from './commands.ts'
import { createIngress } from './ingress.ts'
import { createInspections } from './inspections.ts'
import { takeLeftRuns } from './left-runs.ts'
import { createNodeLooks } from './nodes.ts'
import { createReviewQueue } from './review-queue.ts'
import { createUploads } from './uploads.ts'

export interface ConsoleOptions {
  readonly config: Config
  readonly log: Logger
}

export interface Console {
  /** The address that opens the console: with the token where the console has one of its own. */
  readonly link: string
  close(): Promise<void>
}

/** Page views wait for each other rather than for connections that replicas need. */
const POOL_SIZE = 4
const DRAIN_MS = 2_000

/**
 * Starts the console. Rejects with `ServiceError` config-invalid where no database is set or the tokens cannot be read, and
 * port-taken where it cannot listen.
 */
export async function startConsole({ config, log }: ConsoleOptions): Promise<Console> {
  const { connection } = config.database
  if (connection === null) {
    const advice = 'set DATABASE_URL or POSTGRES_HOST, or start the service on this machine with npm start'
    throw new ServiceError('config-invalid', `The console needs the database of the service: ${advice}`)
  }
  const token = config.console.token ?? createToken()
  const access = await openAccess({ tokensFile: config.guard.tokensFile, token, log })
  const database = openDatabase(connectionFromThisHost(connection), {
    ...{ poolSize: POOL_SIZE, applicationName: `classify-console ${hostname()}`.slice(0, 63), log },
  })
  const { store } = database
  const uploads = createUploads(await makeDataDir(config.dataDir, 'console', 'uploads'))
  await uploads.prune()
  const commands = createCommandRunner(resolve(config.dataDir))
  const ingress = createIngress(config.restate.ingressUrls, config.restate.apiToken)
  const certificates = createCertificates(commands, await makeDataDir(config.dataDir, 'console', 'certificates'))
  const { adminUrls, metricsUrls, hasAdminUrls, apiToken } = config.restate
  const nodes = createNodeLooks({
    ...{ adminUrls, areMeant: hasAdminUrls, metricsUrls, token: apiToken, dataDir: resolve(config.dataDir) },
  })
  const url = new URL(config.console.url)
  let app: FastifyInstance | undefined
  const closing = new AbortController()
  const close = () =>
    closeInOrder([
      async () => closing.abort(),
      async () => {
        if (app !== undefined) await drainApp(app, DRAIN_MS, app.log, 'Some pages were cut off')
      },
      async () => access.close(),
      () => database.close(),
    ])
  try {
    app = await createApp({
      ...{ access, log, url },
      hosts: allowedHosts([...config.guard.allowedHosts, url.hostname, config.console.bind]),
      services: {
        ...{
          store,
          schemes: createCodebooks(store),
          queue: createReviewQueue(store),
          commands,
          uploads,
          certificates,
          ingress,
        },
        ...{ inspections: createInspections(commands), nodes, restateUi: restateUi(config) },
      },
    })
    await listen(app, config.console)
    void takeLeftRuns({ uploads, store, commands, log, signal: closing.signal })
  } catch (error) {
    await close()
    throw error
  }
  return { link: consoleLink(config.console.url, access.ownToken), close }
}

/** Where a browser reaches Restate's own page; empty where it cannot: from another machine, or because callers need a token. */
function restateUi({ restate, guard }: Config): string {
  if (restate.uiUrl !== undefined) return restate.uiUrl
  const [admin] = restate.adminUrls
  const isReached = admin !== undefined && guard.tokensFile === undefined && isLoopback(new URL(admin).hostname)
  return isReached ? `${admin}/ui/` : ''
}

async function listen(app: FastifyInstance, { port, bind }: Config['console']): Promise<void> {
  await listenPatiently(() => app.listen({ port, host: bind }), { port, variable: 'CONSOLE_PORT' })
}

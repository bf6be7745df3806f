/** Puts the guard together: checks that it may start, opens what its ports share, listens, and closes in order. */
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { openIdempotencyKeys } from '../guard-resources.ts'
import { drainApp } from '../http/drain.ts'
import { openTokenFile } from '../http/token-file.ts'
import { closeInOrder } from '../lib/ending/closing.ts'
import { allowedHosts, isLoopback } from '../lib/network/caller.ts'
import { listenPatiently } from '../lib/network/port-use.ts'
import { NODE_SILENCE } from '../lib/silence.ts'
import type { SharedParts } from './answer.ts'
import { BODY_BOUNDS, createBodyReader } from './bodies.ts'
import { createCallBound } from './call-bound.ts'
import { createCounts } from './counts.ts'
import { type InspectBody, inspectBody } from './inspect-body.ts'
import { createKeyCheck } from './key-check.ts'
import { createNodeMarks } from './node-marks.ts'
import { createPort } from './port.ts'

/** What the log says of calls that the end of the guard cuts off. */
const WHEN_CUT = 'Some callers were cut off; their work goes on in Restate, and they find it by their idempotency keys'

/** Made by `npm run openapi` from the schemas of the service, which the guard need not load for it. */
const OPENAPI = new URL('../../docs/openapi.json', import.meta.url)

export interface GuardOptions {
  readonly config: Pick<Config, 'guard' | 'database' | 'drainTimeoutMs'>
  readonly log: Logger
  readonly inspectBody?: InspectBody
}

export interface Guard {
  /** Stops listening, lets calls in flight end within the drain time, and closes everything. */
  close(): Promise<void>
}

/**
 * Starts the guard on all its ports. Rejects with `ServiceError` config-invalid where it has no port, or where others could
 * reach it and no tokens are set, and with port-taken where it cannot listen.
 */
export async function startGuard({ config, log, inspectBody: inspect = inspectBody }: GuardOptions): Promise<Guard> {
  const { guard, database, drainTimeoutMs } = config
  checkStart(guard)
  const openApi = await readFile(OPENAPI, 'utf8')
  const tokenFile = guard.tokensFile === undefined ? null : await openTokenFile(guard.tokensFile, log)
  const resources = database.connection === null ? null : openIdempotencyKeys(database.connection, log)
  if (resources === null) log.warn('No database is set, so that idempotency keys are not checked')
  const keys = createKeyCheck(resources?.keys ?? null, log)
  const calls = createCallBound(guard.maxCalls)
  const bodies = createBodyReader(BODY_BOUNDS)
  const shared: SharedParts = {
    ...{ calls, bodies, keys, inspectBody: inspect, log, openApi },
    // An address that is published may be called by itself: no web page can give a machine an address as a name.
    hosts: allowedHosts([...guard.allowedHosts, bracketed(guard.publishedOn)]),
    tokens: () => tokenFile?.current() ?? null,
    questions: createCallBound(guard.maxCalls),
    counts: createCounts({ calls, bodies, keys }),
    marks: createNodeMarks([...guard.ingress, ...guard.admin].map(({ upstream }) => upstream)),
    silence: NODE_SILENCE,
  }
  const apps = await Promise.all([
    ...guard.ingress.map(async (route) => ({ route, app: await createPort('ingress', route, shared) })),
    ...guard.admin.map(async (route) => ({ route, app: await createPort('admin', route, shared) })),
  ])
  const close = () =>
    closeInOrder([
      async () => {
        await Promise.all(apps.map(({ app }) => drainApp(app, drainTimeoutMs, app.log, WHEN_CUT)))
      },
      async () => tokenFile?.close(),
      async () => keys.close(),
      async () => resources?.close(),
    ])
  try {
    for (const { route, app } of apps)
      await listen(() => app.listen({ port: route.port, host: guard.bind }), route.port)
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

function checkStart({ ingress, admin, publishedOn, tokensFile }: Config['guard']): void {
  if (ingress.length + admin.length === 0) {
    throw new ServiceError('config-invalid', 'The guard has no port: set GUARD_INGRESS or GUARD_ADMIN')
  }
  const ports = [...ingress, ...admin].map(({ port }) => port)
  const twice = ports.find((port, index) => ports.indexOf(port) !== index)
  if (twice !== undefined) {
    throw new ServiceError('config-invalid', `Port ${twice} stands in GUARD_INGRESS and in GUARD_ADMIN`)
  }
  if (tokensFile === undefined && !isLoopback(publishedOn)) {
    throw new ServiceError(
      'config-invalid',
      `The guard is published on ${publishedOn}, where others can call it, so that every caller needs a token: set API_TOKENS_FILE, or publish it on 127.0.0.1`,
    )
  }
}

/** An IPv6 address as it stands in `Host`. */
function bracketed(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
}

async function listen(open: () => Promise<unknown>, port: number): Promise<void> {
  try {
    await listenPatiently(open, { port, variable: 'GUARD_INGRESS or GUARD_ADMIN' })
  } catch (error) {
    throw new ServiceError('port-taken', `The guard cannot listen on port ${port}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** Starts a whole embedded stack for a test: restate-server, PostgreSQL, a replica and the offline model, on free ports. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { readConfig } from '../../../src/config/config.ts'
import { type DatabaseResources, openDatabase } from '../../../src/database-resources.ts'
import { type Stack, startStack } from '../../../src/embedded/stack.ts'
import { copyPostgres } from '../database/postgres-template.ts'
import { freePorts } from '../ports.ts'
import { temporaryDirectory } from '../temporary-directory.ts'

export interface TestStack extends Stack {
  readonly dataDir: string
  /** The environment variables of the stack, which a command needs to find it. */
  readonly env: Readonly<Record<string, string>>
  /** The lines that the stack has printed for its user. */
  readonly said: readonly string[]
  readonly database: DatabaseResources
}

/** Environment variables with free ports and a new data directory, which the caller removes. */
export async function isolatedEnv(): Promise<Record<string, string>> {
  const names = ['INGRESS_PORT', 'ADMIN_PORT', 'PORT', 'OFFLINE_MODEL_PORT', 'CONSOLE_PORT']
  // A port of the range of outgoing connections may be taken before the part that it is for listens on it.
  const ports = await freePorts(names.length)
  const env = Object.fromEntries(ports.map((port, index) => [names[index] ?? '', String(port)]))
  return { ...env, DATA_DIR: await temporaryDirectory() }
}

/**
 * Starts a stack with `overrides` in the environment of this process, of which each part takes what it reads; `replicaEnv` is for
 * the replica alone.
 */
export async function startTestStack(
  overrides: Readonly<Record<string, string>> = {},
  replicaEnv: Readonly<Record<string, string>> = {},
  { withConsole = false }: { readonly withConsole?: boolean } = {},
): Promise<TestStack> {
  const env = { ...(await isolatedEnv()), ...overrides }
  Object.assign(process.env, env)
  const config = readConfig()
  if (config.database.connection === null) await copyPostgres(join(env.DATA_DIR ?? '', 'postgres'))
  const said: string[] = []
  const log = pino({ level: 'silent' })
  const stack = await startStack({
    config,
    log,
    say: (line) => said.push(line),
    signal: new AbortController().signal,
    kill: new AbortController().signal,
    withConsole,
    replicaEnv,
  })
  const database = openDatabase({ url: stack.databaseUrl }, { poolSize: 4, applicationName: 'test', log })
  const dataDir = env.DATA_DIR ?? ''
  return {
    ...stack,
    dataDir,
    env,
    said,
    database,
    stop: async () => {
      await database.close()
      await stack.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Sends a POST to a handler behind the ingress. A `body` that is a string is sent as it is. */
export async function callIngress(
  stack: Pick<Stack, 'ingressUrl'>,
  handler: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string; json(): unknown }> {
  const response = await fetch(`${stack.ingressUrl}/${handler}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, text, json: () => JSON.parse(text) as unknown }
}

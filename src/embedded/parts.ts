/** The parts of the embedded stack that are child processes: the command, environment and readiness check of each. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config/config.ts'
import { readEnvironment } from '../config/environment.ts'
import { formatOfflineAnswers } from '../config/offline-model-values.ts'
import { type PartName, partEnvironment } from '../config/part-environment.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { isRecord, parseJson } from '../lib/json/json.ts'
import { OFFLINE_GOLD_NAME, OFFLINE_MODEL_NAME, OFFLINE_RECORDED_NAME } from '../lib/model-names.ts'
import { CONSOLE_NODE_OPTIONS } from '../lib/network/console-link.ts'
import type { Identity } from './identity.ts'
import type { HeldPorts } from './ports.ts'
import { startProcess } from './process.ts'
import { isServerTalking, startRestateServer } from './restate-server.ts'
import type { Sockets } from './sockets.ts'
import { isAnswering, isTalking, type Supervisor, supervise, waitUntilReady } from './supervisor.ts'

export interface PartOptions {
  readonly config: Config
  /** The data directory of the stack, as an absolute path. */
  readonly dataDir: string
  readonly logsDir: string
  /** Prints one sentence for the person at the terminal. */
  readonly say: (line: string) => void
  /** When this signal aborts, the first start of a part is given up. */
  readonly signal: AbortSignal
  /** When this signal aborts, a stop that is under way ends its process by SIGKILL at once. */
  readonly kill: AbortSignal
  /** Variables of the replica that differ from those of this process; a variable with null is left out. */
  readonly replicaEnv?: Readonly<Record<string, string | null>> | undefined
  /** The ports that are held for the parts; each part has its own released before it starts. */
  readonly ports: HeldPorts
}

const REPLICA_READY_MS = 60_000
/**
 * Milliseconds for a replica on an outside database to become ready: more than the 120 s that a replica waits for its
 * database, so that the person sees the replica's own message.
 */
const REPLICA_READY_OUTSIDE_MS = 150_000
const OFFLINE_READY_MS = 15_000
const GUARD_READY_MS = 30_000
const CONSOLE_READY_MS = 30_000
/** A caller whose call is cut off asks again with its key, so that the stop waits for short calls alone. */
const GUARD_DRAIN_MS = 2_000
const STOP_MARGIN_MS = 5_000
/** The exit code by which a part says that its configuration is wrong. */
const EXIT_CONFIG_INVALID = 2

export function superviseRestate(options: PartOptions, sockets: Sockets, identity: Identity): Promise<Supervisor> {
  const { dataDir, logsDir, say, signal, kill } = options
  return supervise({
    name: 'restate-server',
    say,
    signal,
    start: async (starting) => {
      const server = await startRestateServer({
        sockets,
        signingKeyFile: identity.file,
        recordIn: dataDir,
        logFile: join(logsDir, 'restate-server.log'),
        env: partEnvironment('restate-server', readEnvironment()),
        signal: starting,
        kill,
      })
      return { ...server, stop: () => server.stop(0), isAnswering: (asked) => isServerTalking(sockets, asked) }
    },
  })
}

/** Starts the guard on the ports that people use. It alone reaches the sockets of restate-server. */
export function superviseGuard(options: PartOptions, sockets: Sockets, databaseUrl: string): Promise<Supervisor> {
  const { ingressPort, adminPort } = options.config.restate
  return superviseNode(options, {
    name: 'guard',
    entry: fileURLToPath(new URL('../guard/main.ts', import.meta.url)),
    env: {
      DATABASE_URL: databaseUrl,
      GUARD_INGRESS: `${ingressPort}=unix:${sockets.ingress}`,
      GUARD_ADMIN: `${adminPort}=unix:${sockets.admin}`,
      GUARD_BIND: '127.0.0.1',
      GUARD_PUBLISHED_ON: '127.0.0.1',
      DRAIN_TIMEOUT_MS: String(GUARD_DRAIN_MS),
    },
    logName: 'guard.log',
    listensOn: [ingressPort, adminPort],
    healthUrl: `http://127.0.0.1:${ingressPort}/guard/health`,
    readyMs: GUARD_READY_MS,
    stopMs: GUARD_DRAIN_MS + STOP_MARGIN_MS,
  })
}

/** Starts the console, whose address people open in a browser. Its token is this stack's, so that a restart ends no session. */
export function superviseConsole(
  options: PartOptions,
  { databaseUrl, token }: { readonly databaseUrl: string; readonly token: string },
): Promise<Supervisor> {
  const { restate, console } = options.config
  return superviseNode(options, {
    name: 'console',
    entry: fileURLToPath(new URL('../console/main.ts', import.meta.url)),
    env: {
      DATABASE_URL: databaseUrl,
      // What people start in the console calls the service as their commands do.
      API_TOKEN: restate.apiToken ?? null,
      DATA_DIR: options.dataDir,
      RESTATE_INGRESS_URL: `http://127.0.0.1:${restate.ingressPort}`,
      RESTATE_ADMIN_URL: `http://127.0.0.1:${restate.adminPort}`,
      CONSOLE_TOKEN: token,
    },
    nodeOptions: CONSOLE_NODE_OPTIONS,
    logName: 'console.log',
    listensOn: [console.port],
    healthUrl: `http://${console.bind === '0.0.0.0' ? '127.0.0.1' : console.bind}:${console.port}/health`,
    readyMs: CONSOLE_READY_MS,
    stopMs: STOP_MARGIN_MS,
  })
}

export function superviseOfflineModel(options: PartOptions): Promise<Supervisor> {
  const { port, answers } = options.config.offlineModel
  return superviseNode(options, {
    name: 'offline model',
    entry: fileURLToPath(new URL('../offline-model/main.ts', import.meta.url)),
    env: {
      OFFLINE_MODEL_HOST: '127.0.0.1',
      OFFLINE_MODEL_PORT: String(port),
      // A command may choose other answers than the environment does, as `demo` and `eval --replay` do.
      OFFLINE_MODEL_ANSWERS: formatOfflineAnswers(answers),
    },
    logName: 'offline-model.log',
    listensOn: [port],
    healthUrl: `http://127.0.0.1:${port}/health`,
    readyMs: OFFLINE_READY_MS,
    stopMs: STOP_MARGIN_MS,
  })
}

export function superviseReplica(
  options: PartOptions,
  urls: { readonly databaseUrl: string; readonly offlineModelUrl: string | null },
  identity: Identity,
): Promise<Supervisor> {
  const { config } = options
  const offline: Record<string, string> =
    urls.offlineModelUrl === null ? {} : { OPENAI_BASE_URL: urls.offlineModelUrl, OPENAI_MODEL: offlineNameOf(config) }
  return superviseNode(options, {
    name: 'replica',
    entry: fileURLToPath(new URL('../server.ts', import.meta.url)),
    env: {
      ...offline,
      DATABASE_URL: urls.databaseUrl,
      HOST: '127.0.0.1',
      PORT: String(config.port),
      API_TOKEN: null,
      // The server of this stack alone may call the replica, whatever keys the environment names for a cluster.
      RESTATE_IDENTITY_KEYS: null,
      RESTATE_IDENTITY_KEYS_DIR: identity.publicDir,
      ...options.replicaEnv,
    },
    logName: 'replica.log',
    listensOn: [config.port],
    healthUrl: `http://127.0.0.1:${config.port}/classify-api/health`,
    liveUrl: `http://127.0.0.1:${config.port}/classify-api/live`,
    readyMs: config.database.connection === null ? REPLICA_READY_MS : REPLICA_READY_OUTSIDE_MS,
    stopMs: config.drainTimeoutMs + STOP_MARGIN_MS,
  })
}

/** The name of the offline model by what it answers from, so that estimates and health checks do not call labels guesses. */
function offlineNameOf({ offlineModel: { answers } }: Config): string {
  if (answers.noise > 0) return OFFLINE_MODEL_NAME
  if (answers.from === 'gold') return OFFLINE_GOLD_NAME
  return answers.from === 'recorded' ? OFFLINE_RECORDED_NAME : OFFLINE_MODEL_NAME
}

interface NodeChild {
  readonly name: PartName
  readonly entry: string
  /** Options of Node.js before the entry. */
  readonly nodeOptions?: readonly string[]
  readonly env: Readonly<Record<string, string | null>>
  readonly logName: string
  /** The ports on which it listens. */
  readonly listensOn: readonly number[]
  readonly healthUrl: string
  /** Where the part says that it lives, without a look at the others; the default is `healthUrl`. */
  readonly liveUrl?: string
  readonly readyMs: number
  readonly stopMs: number
}

function superviseNode(options: PartOptions, child: NodeChild): Promise<Supervisor> {
  const { dataDir, logsDir, say, signal, kill, ports } = options
  return supervise({
    name: child.name,
    say,
    signal,
    start: async (starting) => {
      await Promise.all(child.listensOn.map((port) => ports.release(port)))
      const running = await startProcess({
        record: { dataDir, name: child.name, mark: child.entry },
        file: process.execPath,
        args: [...(child.nodeOptions ?? []), child.entry],
        env: partEnvironment(child.name, readEnvironment(), child.env),
        logFile: join(logsDir, child.logName),
        withChannel: true,
        kill,
      })
      try {
        await waitUntilReady({
          name: child.name,
          exited: running.exited,
          isReady: () => isAnswering(child.healthUrl),
          timeoutMs: child.readyMs,
          signal: starting,
        })
      } catch (error) {
        await running.stop(STOP_MARGIN_MS)
        starting.throwIfAborted()
        const { code } = await running.exited
        // A part that refuses its settings has printed one sentence for the person at the terminal.
        const said = code === EXIT_CONFIG_INVALID ? sentenceOf(running.output()) : ''
        if (said !== '') throw new ServiceError('config-invalid', said.split('\n'))
        throw new ServiceError('embedded-failed', `${messageOf(error)}. ${running.describeOutput()}`.split('\n'))
      }
      const isPartTalking = (asked: AbortSignal) => isTalking(child.liveUrl ?? child.healthUrl, asked)
      return { ...running, stop: () => running.stop(child.stopMs), isAnswering: isPartTalking }
    },
  })
}

/** The sentence that a part printed at its end: its plain lines, or the message of its last line of log. */
function sentenceOf(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const plain = lines.filter((line) => !isRecord(parseJson(line)))
  if (plain.length > 0) return plain.join('\n')
  const last = parseJson(lines.at(-1) ?? '')
  return isRecord(last) && typeof last.msg === 'string' ? last.msg : ''
}

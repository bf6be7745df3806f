/**
 * The one reader of process.env. Every variable is checked once, at boot; a wrong one stops the process with its name,
 * its value (never a secret) and what is allowed.
 */
import { z } from 'zod'
import { messageOf, ServiceError } from '../errors.ts'
import { parseJson } from '../lib/json.ts'
import { nearestName } from '../lib/nearest-name.ts'
import { COMPOSE_VARIABLES } from './compose-variables.ts'

type Environment = Readonly<Record<string, string | undefined>>

const whole = (min: number, max: number) => {
  const allowed = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, allowed)
    .transform(Number)
    .refine((value) => value >= min && value <= max, allowed)
}

const decimal = (min: number, max: number) => {
  const allowed = `must be a number from ${min} to ${max}`
  return z
    .string()
    .regex(/^(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})$/, allowed)
    .transform(Number)
    .refine((value) => value >= min && value <= max, allowed)
}

const port = whole(1, 65_535)
/** 0 takes any free one. */
const hostPort = whole(0, 65_535)
const text = z.string().trim().min(1, 'must not be blank').max(1_000, 'must be at most 1000 characters')
/** Credentials in a URL would stand in messages and reports. */
const URL_FORM = 'that begins with http:// or https:// and holds no user name or password'
const httpUrl = text.refine(isHttpUrl, `must be a URL ${URL_FORM}`).transform(withoutSlash)
const httpUrls = text
  .transform((list) => list.split(',').map((url) => url.trim()))
  .refine((urls) => urls.every(isHttpUrl), `must be URLs ${URL_FORM}, separated by commas`)
  .transform((urls) => urls.map(withoutSlash))
const postgresUrl = text.refine(isPostgresUrl, 'must be a URL such as postgres://user:password@host:5432/database')

const priceSchema = z.strictObject({
  input: z.number().min(0),
  cached_input: z.number().min(0).optional(),
  cache_write: z.number().min(0).optional(),
  output: z.number().min(0),
})

const PRICES_ALLOWED =
  'must be JSON such as {"my-model":{"input":0.1,"cached_input":0.01,"output":0.5}}, in USD per million tokens'

const prices = z.string().transform((json, context) => {
  const parsed = z.record(z.string(), priceSchema).safeParse(parseJson(json))
  if (parsed.success) return parsed.data
  context.addIssue({ code: 'custom', message: PRICES_ALLOWED })
  return z.NEVER
})

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high'] as const
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: () => `must be one of ${values.join(', ')}` })

/** What the offline model can do wrong on purpose; each request meets one of them at most. */
export const MODEL_FAULTS = ['http500', 'timeout', 'cut', 'badjson', 'missing', 'double', 'refusal'] as const

export type ModelFault = (typeof MODEL_FAULTS)[number]
/** The probability of each that is set, 0 to 1, in sum at most 1. */
export type FaultRates = Readonly<Partial<Record<ModelFault, number>>>

const FAULTS_ALLOWED = `must be a list such as http500=.1,cut=.05 of ${MODEL_FAULTS.join(', ')}`
const PROBABILITY = /^(?:0?\.\d{1,9}|[01](?:\.\d{1,9})?)$/

const faultRates = z.string().transform((list, context): FaultRates => {
  const rates: Partial<Record<ModelFault, number>> = {}
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  for (const part of list.split(',')) {
    const [, name, value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    const fault = MODEL_FAULTS.find((known) => known === name)
    const got = `in the part "${part.trim().slice(0, 80)}"`
    if (fault === undefined) return refuse(`${FAULTS_ALLOWED}; no such fault ${got}`)
    if (rates[fault] !== undefined) return refuse(`must name each fault once; ${fault} stands again ${got}`)
    if (!isProbability(value)) return refuse(`must give each fault a number from 0 to 1; there is none ${got}`)
    rates[fault] = Number(value)
  }
  const sum = Number(
    Object.values(rates)
      .reduce((total, rate) => total + rate, 0)
      .toFixed(9),
  )
  if (sum > 1) return refuse(`must add up to at most 1, since a request meets at most one fault; the sum is ${sum}`)
  return rates
})

/** Where the offline model's answers come from, and the probability with which each label is replaced by another. */
export interface OfflineAnswers {
  readonly from: 'rules' | 'gold' | 'hostile'
  /** Null but for gold. */
  readonly goldFile: string | null
  /** 0 to 1; 0 for hostile. */
  readonly noise: number
}

const ANSWERS_ALLOWED = 'must be rules, noisy:P, gold:FILE, gold:FILE,noisy:P (P from 0 to 1) or hostile'

const offlineAnswers = text.transform((mode, context): OfflineAnswers => {
  if (mode === 'rules' || mode === 'hostile') return { from: mode, goldFile: null, noise: 0 }
  const [, goldFile = null, more = 'noisy:0'] = /^gold:\s*([^,]+?)\s*(?:,\s*(.*))?$/.exec(mode) ?? [null, null, mode]
  const noise = /^noisy:(.*)$/.exec(more)?.[1]
  if (noise !== undefined && isProbability(noise)) {
    return { from: goldFile === null ? 'rules' : 'gold', goldFile, noise: Number(noise) }
  }
  context.addIssue({ code: 'custom', message: ANSWERS_ALLOWED })
  return z.NEVER
})

function isProbability(value: string): boolean {
  return PROBABILITY.test(value) && Number(value) <= 1
}

const identityKeys = text
  .transform((list) => list.split(',').map((key) => key.trim()))
  .refine(
    (keys) => keys.every((key) => /^publickeyv1_[1-9A-HJ-NP-Za-km-z]{20,80}$/.test(key)),
    'must be public keys that begin with publickeyv1_, separated by commas',
  )

/** Every variable that the service reads, with what it accepts. `.env.example` says what each is for. */
const variables = z.object({
  PORT: port.default(9080),
  HOST: text.default('127.0.0.1'),
  SERVICE_NAME: text.optional(),
  LOG_LEVEL: oneOf(LOG_LEVELS).optional(),
  DATA_DIR: text.default('./.data'),
  INGRESS_PORT: port.default(8080),
  ADMIN_PORT: port.default(9070),
  DRAIN_TIMEOUT_MS: whole(0, 900_000).default(30_000),
  DATABASE_URL: postgresUrl.optional(),
  POSTGRES_HOST: text.optional(),
  POSTGRES_PORT: port.optional(),
  POSTGRES_USER: text.default('classify'),
  POSTGRES_PASSWORD: z.string().min(1).optional(),
  POSTGRES_DB: text.default('classify'),
  POSTGRES_POOL_SIZE: whole(1, 500).default(10),
  // What cannot stand in a header would fail as if the endpoint were away.
  OPENAI_API_KEY: text.regex(/^[!-~]+$/, 'must be printable ASCII without spaces').optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_MODEL: text.default('gpt-6-luna'),
  OPENAI_ESCALATION_MODEL: text.optional(),
  OPENAI_REASONING_EFFORT: oneOf(EFFORTS).default('none'),
  OPENAI_TIMEOUT_MS: whole(100, 600_000).default(60_000),
  OPENAI_PRICES: prices.optional(),
  RATE_RPM: whole(1, 1_000_000).default(1_000),
  RATE_TPM: whole(1, 10_000_000_000).optional(),
  RATE_SAFETY: decimal(0.01, 1).default(0.99),
  RATE_MAX_WAIT_MS: whole(0, 600_000).default(20_000),
  RESTATE_INGRESS_URL: httpUrls.optional(),
  RESTATE_ADMIN_URL: httpUrls.optional(),
  RESTATE_IDENTITY_KEYS: identityKeys.optional(),
  RESTATE_IDENTITY_KEYS_DIR: text.optional(),
  // The cluster's scripts read these; all else that the Compose file takes is its own, see compose-variables.ts.
  COMPOSE_FILE: text.optional(),
  CLUSTER_REPLICAS: whole(1, 1_000).default(5),
  CLUSTER_ADMIN_PORT_1: hostPort.default(9070),
  CLUSTER_ADMIN_PORT_2: hostPort.default(29070),
  CLUSTER_ADMIN_PORT_3: hostPort.default(39070),
  CLUSTER_ADMIN_PORT_4: hostPort.default(49070),
  CLUSTER_ADMIN_PORT_5: hostPort.default(59070),
  CLUSTER_IDENTITY_DIR: text.default('./docker/identity'),
  OFFLINE_MODEL_URL: httpUrl.optional(),
  OFFLINE_MODEL_HOST: text.default('127.0.0.1'),
  OFFLINE_MODEL_PORT: port.default(9085),
  OFFLINE_MODEL_LATENCY_MS: whole(0, 600_000).default(0),
  OFFLINE_MODEL_SIGMA: decimal(0, 3).default(0.3),
  OFFLINE_MODEL_RPM: whole(0, 10_000_000).default(0),
  OFFLINE_MODEL_TPM: whole(0, 10_000_000_000).default(0),
  OFFLINE_MODEL_SLICE_MS: whole(0, 60_000).default(0),
  OFFLINE_MODEL_ANSWERS: offlineAnswers.default({ from: 'rules', goldFile: null, noise: 0 }),
  OFFLINE_MODEL_FAULTS: faultRates.optional(),
})

export const VARIABLE_NAMES: readonly string[] = Object.keys(variables.shape)

const SECRETS = new Set(['OPENAI_API_KEY', 'POSTGRES_PASSWORD', 'DATABASE_URL'])

export interface DatabaseConfig {
  /** Where PostgreSQL is. Null: nothing was set, so the embedded stack starts its own. */
  readonly connection: DatabaseConnection | null
  readonly poolSize: number
}

export type DatabaseConnection =
  | { readonly url: string }
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string | undefined
      readonly database: string
    }

/**
 * The database as what runs on the host itself finds it: `.env` may name this machine as containers do, and the Compose
 * file reads the same variable.
 */
export function fromThisHost(connection: DatabaseConnection): DatabaseConnection {
  if ('url' in connection || connection.host !== 'host.docker.internal') return connection
  return { ...connection, host: '127.0.0.1' }
}

export type Config = ReturnType<typeof shape>

/** Reads and checks the environment. Throws `ServiceError` config-invalid that lists every wrong variable. */
export function readConfig(env: Environment = process.env): Config {
  const parsed = variables.safeParse(pick(env))
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => explain(String(issue.path[0]), env, issue.message))
    throw new ServiceError('config-invalid', `The configuration is wrong:\n${[...new Set(lines)].join('\n')}`)
  }
  return Object.freeze(shape(parsed.data))
}

const OUR_PREFIX = /^(?:OPENAI|RATE|RESTATE|OFFLINE_MODEL|POSTGRES|CLUSTER|SNAPSHOT)_/
const KNOWN_NAMES = [...VARIABLE_NAMES, ...COMPOSE_VARIABLES]

/** Variables of earlier releases, and what became of them. */
const RETIRED: Readonly<Record<string, string>> = {
  RATE_REPLICAS: 'is no variable any more: the replicas share RATE_RPM and RATE_TPM by themselves',
}

/** One line for each variable that we do not read and that looks like a slip of the pen for one that we do. */
export function findNearMisses(env: Environment = process.env): string[] {
  return Object.keys(env).flatMap((name) => {
    const retired = RETIRED[name]
    if (retired !== undefined) return [`${name} is set, but ${retired}`]
    if (!OUR_PREFIX.test(name) || KNOWN_NAMES.includes(name)) return []
    const nearest = nearestName(name, KNOWN_NAMES)
    return nearest === undefined
      ? []
      : [`${name} is set, but is not a variable of this service: did you mean ${nearest}?`]
  })
}

/** What came from `.env` alone. */
const dotEnvNames = new Set<string>()

/** Adds what `.env` in the working directory sets, below what the environment has already. No file is no error. */
export function loadDotEnv(): void {
  const before = new Set(Object.keys(process.env))
  try {
    process.loadEnvFile()
    for (const name of Object.keys(process.env)) if (!before.has(name)) dotEnvNames.add(name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw new ServiceError('config-invalid', `.env cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

/** What the offline model's own process needs. Throws like `readConfig`. */
export function readOfflineModelConfig(env: Environment = process.env) {
  const config = readConfig(env)
  return { ...config.offlineModel, logLevel: config.logLevel ?? 'info' }
}

/** The environment for a child process of the embedded stack: ours, with `overrides` (null removes a variable). */
export function childEnvironment(overrides: Readonly<Record<string, string | null>>): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...process.env, ...overrides })) {
    if (typeof value === 'string') result[name] = value
  }
  return result
}

/**
 * The environment for Docker Compose. Without what `.env` gave us: Compose reads that file by itself and in its own way
 * (it expands `$`), and a container must look the same to it whoever calls it, or it would be made anew.
 */
export function composeEnvironment(overrides: Readonly<Record<string, string>>): Record<string, string> {
  const withoutDotEnv = Object.fromEntries([...dotEnvNames].map((name) => [name, null]))
  return childEnvironment({ ...withoutDotEnv, ...overrides })
}

/** Only names that exist are picked: an unset variable takes its default, an empty one is a mistake to be told. */
function pick(env: Environment): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of VARIABLE_NAMES) {
    const value = env[name]
    if (value !== undefined) picked[name] = value
  }
  return picked
}

function explain(name: string, env: Environment, message: string): string {
  const value = env[name]
  if (value === '') return `  ${name} is empty: remove it, or set it (it ${message})`
  if (SECRETS.has(name)) return `  ${name} (value not shown) ${message}`
  const shown = (value ?? '').replace(/\/\/[^/@]*@/g, '//***@').slice(0, 80)
  return `  ${name} is "${shown}": it ${message}`
}

function shape(v: z.output<typeof variables>) {
  return {
    port: v.PORT,
    host: v.HOST,
    serviceName: v.SERVICE_NAME,
    /** Undefined: each entry point has a default of its own. */
    logLevel: v.LOG_LEVEL,
    dataDir: v.DATA_DIR,
    drainTimeoutMs: v.DRAIN_TIMEOUT_MS,
    database: { connection: databaseConnection(v), poolSize: v.POSTGRES_POOL_SIZE } satisfies DatabaseConfig,
    /** The port of the embedded PostgreSQL, where one was asked for. */
    embeddedPostgresPort: v.POSTGRES_PORT,
    openai: {
      apiKey: v.OPENAI_API_KEY,
      baseUrl: v.OPENAI_BASE_URL,
      model: v.OPENAI_MODEL,
      escalationModel: v.OPENAI_ESCALATION_MODEL,
      reasoningEffort: v.OPENAI_REASONING_EFFORT,
      timeoutMs: v.OPENAI_TIMEOUT_MS,
      prices: v.OPENAI_PRICES ?? {},
    },
    rate: {
      rpm: v.RATE_RPM,
      /** Null: no bound on tokens. */
      tpm: v.RATE_TPM ?? null,
      safety: v.RATE_SAFETY,
      maxWaitMs: v.RATE_MAX_WAIT_MS,
    },
    restate: {
      ingressPort: v.INGRESS_PORT,
      adminPort: v.ADMIN_PORT,
      ingressUrls: v.RESTATE_INGRESS_URL ?? [`http://127.0.0.1:${v.INGRESS_PORT}`],
      /** Where `queue` and `kill` ask: what was set, else the embedded stack's, then the cluster's. */
      adminUrls: v.RESTATE_ADMIN_URL ?? adminUrlsOf(v),
      identityKeys: v.RESTATE_IDENTITY_KEYS ?? [],
      identityKeysDir: v.RESTATE_IDENTITY_KEYS_DIR,
    },
    cluster: {
      composeFile: v.COMPOSE_FILE,
      replicas: v.CLUSTER_REPLICAS,
      identityDir: v.CLUSTER_IDENTITY_DIR,
      /** What PgBouncer lets in; the defaults are the Compose file's. */
      database: {
        user: v.POSTGRES_USER,
        password: v.POSTGRES_PASSWORD ?? 'classify',
        database: v.POSTGRES_DB,
      },
    },
    offlineModel: {
      /** Asked where neither a key nor a base URL is set; undefined: none is there. */
      url: v.OFFLINE_MODEL_URL,
      host: v.OFFLINE_MODEL_HOST,
      port: v.OFFLINE_MODEL_PORT,
      latencyMs: v.OFFLINE_MODEL_LATENCY_MS,
      sigma: v.OFFLINE_MODEL_SIGMA,
      rpm: v.OFFLINE_MODEL_RPM,
      tpm: v.OFFLINE_MODEL_TPM,
      sliceMs: v.OFFLINE_MODEL_SLICE_MS,
      answers: v.OFFLINE_MODEL_ANSWERS,
      /** Undefined: none. */
      faults: v.OFFLINE_MODEL_FAULTS,
    },
  }
}

function adminUrlsOf(v: z.output<typeof variables>): string[] {
  const cluster = [v.CLUSTER_ADMIN_PORT_1, v.CLUSTER_ADMIN_PORT_2, v.CLUSTER_ADMIN_PORT_3, v.CLUSTER_ADMIN_PORT_4]
  const ports = new Set([v.ADMIN_PORT, ...cluster, v.CLUSTER_ADMIN_PORT_5])
  return [...ports].filter((one) => one !== 0).map((one) => `http://127.0.0.1:${one}`)
}

function databaseConnection(v: z.output<typeof variables>): DatabaseConnection | null {
  if (v.DATABASE_URL !== undefined) return { url: v.DATABASE_URL }
  if (v.POSTGRES_HOST === undefined) return null
  return {
    host: v.POSTGRES_HOST,
    port: v.POSTGRES_PORT ?? 5432,
    user: v.POSTGRES_USER,
    password: v.POSTGRES_PASSWORD,
    database: v.POSTGRES_DB,
  }
}

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return ['http:', 'https:'].includes(protocol) && username === '' && password === ''
}

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && ['postgres:', 'postgresql:'].includes(new URL(value).protocol)
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

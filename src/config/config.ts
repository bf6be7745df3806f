/** The configuration of every process of the service.
 *
 * It is read from the environment once, at the start; a wrong variable stops the process with its name, its value
 * (never a secret) and what is allowed.
 */
import { ServiceError } from '../errors.ts'
import { hideCredentials, hideUrlSecrets } from '../lib/network/http-url.ts'
import { hideSecretLike } from '../lib/secret-like.ts'
import { addressesOnThisHost } from './addresses.ts'
import { buildConnection, type DatabaseConfig } from './database-connection.ts'
import { type Environment, readEnvironment } from './environment.ts'
import type { OfflineAnswers } from './offline-model-values.ts'
import { fileNameOf, type ReadSecrets, readSecretFiles } from './secret-files.ts'
import { SECRET_NAMES, VARIABLE_NAMES, type Variables, variables } from './variables.ts'

export type Config = ReturnType<typeof buildConfig>

/** Reads and checks the environment. Throws `ServiceError` config-invalid that lists every wrong variable. */
export function readConfig(env: Environment = readEnvironment()): Config {
  const secrets = readSecretFiles(env)
  const parsed = variables.safeParse(pickKnown(secrets.env))
  const issues = parsed.success ? [] : parsed.error.issues
  const lines = issues.map((issue) => describeProblem(String(issue.path[0]), secrets, issue.message))
  const problems = new Set([...secrets.problems.map((problem) => `  ${problem}`), ...lines])
  if (parsed.success && problems.size === 0) return Object.freeze(buildConfig(parsed.data, secrets.env))
  throw new ServiceError('config-invalid', ['The configuration is wrong:', ...problems])
}

/** The token that commands show where callers need one; undefined where none is set. Throws like `readConfig`. */
export function readApiToken(env: Environment = readEnvironment()): string | undefined {
  return readConfig(env).restate.apiToken
}

/** The part of the configuration that the offline model's own process needs. Throws like `readConfig`. */
export function readOfflineModelConfig(env: Environment = readEnvironment()) {
  const config = readConfig(env)
  return { ...config.offlineModel, allowedHosts: config.guard.allowedHosts, logLevel: config.logLevel ?? 'info' }
}

/**
 * The variables of `env` that the service knows. An unset one is left out, so that it takes its default; an empty one
 * is kept, so that it is reported as wrong.
 */
function pickKnown(env: Environment): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of VARIABLE_NAMES) {
    const value = env[name]
    if (value !== undefined) picked[name] = value
  }
  return picked
}

/** The names of the variables that hold one URL or several. */
const URL_NAMES = /_URL$/

function describeProblem(name: string, { env, files }: ReadSecrets, allowed: string): string {
  const value = env[name] ?? ''
  const file = files.get(name)
  if (file !== undefined) return `  ${fileNameOf(name)} (the content of ${file}, not shown) ${allowed}`
  if (value === '') return `  ${name} is empty: remove it, or set it (it ${allowed})`
  if (SECRET_NAMES.has(name)) return `  ${name} (value not shown) ${allowed}`
  // A value that is no secret by its name may still hold one, such as a key that was pasted into the wrong line.
  const shown = hideSecretLike(URL_NAMES.test(name) ? hideUrlSecrets(value) : hideCredentials(value))
  return `  ${name} is "${shown.slice(0, 80)}": it ${allowed}`
}

function buildConfig(values: Variables, env: Environment) {
  const nodes = addressesOnThisHost(values, env)
  return {
    port: values.PORT,
    host: values.HOST,
    serviceName: values.SERVICE_NAME,
    /** Undefined where LOG_LEVEL is unset, because each entry point has a default of its own. */
    logLevel: values.LOG_LEVEL,
    dataDir: values.DATA_DIR,
    drainTimeoutMs: values.DRAIN_TIMEOUT_MS,
    warmUpRequests: values.WARM_UP_REQUESTS,
    database: {
      connection: buildConnection(values),
      poolSize: values.POSTGRES_POOL_SIZE,
      retentionDays: values.RETENTION_DAYS ?? null,
    } satisfies DatabaseConfig,
    /** The port of the embedded PostgreSQL; where it is undefined, the stack takes a free port. */
    embeddedPostgresPort: values.POSTGRES_PORT,
    openai: {
      apiKey: values.OPENAI_API_KEY,
      baseUrl: values.OPENAI_BASE_URL,
      apiVersion: values.OPENAI_API_VERSION,
      organization: values.OPENAI_ORG_ID,
      project: values.OPENAI_PROJECT_ID,
      headers: values.OPENAI_HEADERS,
      model: values.OPENAI_MODEL,
      escalationModel: values.OPENAI_ESCALATION_MODEL,
      reasoningEffort: values.OPENAI_REASONING_EFFORT,
      maxAnswerTokens: values.OPENAI_MAX_ANSWER_TOKENS,
      serviceTier: values.OPENAI_SERVICE_TIER,
      timeoutMs: values.OPENAI_TIMEOUT_MS,
      flexTimeoutMs: values.OPENAI_FLEX_TIMEOUT_MS,
      prices: values.OPENAI_PRICES ?? {},
    },
    rate: {
      rpm: values.RATE_RPM,
      /** The bound on tokens a minute; null where there is no bound. */
      tpm: values.RATE_TPM ?? null,
      safety: values.RATE_SAFETY,
      maxWaitMs: values.RATE_MAX_WAIT_MS,
    },
    restate: {
      ingressPort: values.INGRESS_PORT,
      adminPort: values.ADMIN_PORT,
      ingressUrls: values.RESTATE_INGRESS_URL ?? nodes.ingressUrls,
      /**
       * Addresses of Restate's admin API that the commands `queue` and `kill` try in turn: the configured ones, else
       * the embedded stack's, then the cluster's, or the cluster's alone where its ports were moved.
       */
      adminUrls: values.RESTATE_ADMIN_URL ?? nodes.adminUrls,
      /** Where a browser reaches Restate's own page; undefined where that is not said. */
      uiUrl: values.RESTATE_UI_URL,
      /** The metrics of the nodes, in the order of their admin URLs. */
      metricsUrls: values.RESTATE_METRICS_URL ?? [],
      /** Whether somebody has said where the nodes are, so that one that does not answer is missed. */
      hasAdminUrls: values.RESTATE_ADMIN_URL !== undefined,
      /** What the commands show to the guard or to a gateway before Restate; undefined where callers need no token. */
      apiToken: values.API_TOKEN,
      identityKeys: values.RESTATE_IDENTITY_KEYS ?? [],
      identityKeysDir: values.RESTATE_IDENTITY_KEYS_DIR,
    },
    guard: {
      ingress: values.GUARD_INGRESS ?? [],
      admin: values.GUARD_ADMIN ?? [],
      bind: values.GUARD_BIND,
      /** The address at which people reach the ports; in a container it differs from the one that is bound. */
      publishedOn: values.GUARD_PUBLISHED_ON ?? values.GUARD_BIND,
      allowedHosts: values.ALLOWED_HOSTS ?? [],
      /** Undefined where callers need no token. */
      tokensFile: values.API_TOKENS_FILE,
      maxCalls: values.GUARD_MAX_CALLS,
    },
    console: {
      port: values.CONSOLE_PORT,
      bind: values.CONSOLE_BIND,
      /** The address at which people open the console: behind a reverse proxy the proxy's, perhaps with a path. */
      url: values.CONSOLE_URL ?? `http://127.0.0.1:${values.CONSOLE_PORT}`,
      /** Undefined where the console makes a token of its own. */
      token: values.CONSOLE_TOKEN,
    },
    cluster: {
      composeFile: values.COMPOSE_FILE,
      /** The address at which the cluster's ports are published. */
      bind: values.CLUSTER_BIND,
      replicas: values.CLUSTER_REPLICAS,
      identityDir: values.CLUSTER_IDENTITY_DIR,
      /** The login at the cluster's PgBouncer without its password, which the cluster makes. */
      database: { user: values.POSTGRES_USER, database: values.POSTGRES_DB },
    },
    offlineModel: {
      /** The URL of a running offline model, used where neither a key nor a base URL is set; undefined where none runs. */
      url: values.OFFLINE_MODEL_URL,
      host: values.OFFLINE_MODEL_HOST,
      port: values.OFFLINE_MODEL_PORT,
      latencyMs: values.OFFLINE_MODEL_LATENCY_MS,
      sigma: values.OFFLINE_MODEL_SIGMA,
      /** Of the latencies. */
      seed: values.OFFLINE_MODEL_SEED,
      rpm: values.OFFLINE_MODEL_RPM,
      tpm: values.OFFLINE_MODEL_TPM,
      sliceMs: values.OFFLINE_MODEL_SLICE_MS,
      answers: values.OFFLINE_MODEL_ANSWERS ?? ({ from: 'rules', file: null, noise: 0 } satisfies OfflineAnswers),
      /** Whether OFFLINE_MODEL_ANSWERS is set, so that a command may choose other answers where it is not. */
      isAnswersSet: values.OFFLINE_MODEL_ANSWERS !== undefined,
      /** Undefined where the offline model commits no deliberate faults. */
      faults: values.OFFLINE_MODEL_FAULTS,
    },
  }
}

/** Every environment variable that the service reads, with the values that it accepts. `.env.example` explains each of them. */
import { z } from 'zod'
import { SERVICE_TIERS } from '../lib/service-tiers.ts'
import { guardRoutes, hostNames } from './guard-values.ts'
import { faultRates, offlineAnswers } from './offline-model-values.ts'
import {
  apiKey,
  consoleToken,
  databaseHost,
  decimal,
  hostPort,
  httpHeaders,
  httpUrl,
  httpUrls,
  identityKeys,
  oneOf,
  port,
  postgresUrl,
  prices,
  text,
  whole,
} from './values.ts'

/** The modes of TLS to the database, by the names and meanings of libpq. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high'] as const

/** The schema of the environment, in the order of `.env.example`. */
export const variables = z.object({
  OPENAI_API_KEY: apiKey.optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_API_VERSION: apiKey.optional(),
  OPENAI_ORG_ID: apiKey.optional(),
  OPENAI_PROJECT_ID: apiKey.optional(),
  OPENAI_HEADERS: httpHeaders.optional(),
  OPENAI_MODEL: text.default('gpt-6-luna'),
  OPENAI_ESCALATION_MODEL: text.optional(),
  OPENAI_REASONING_EFFORT: oneOf(REASONING_EFFORTS).default('none'),
  OPENAI_MAX_ANSWER_TOKENS: whole(1, 1_000_000).optional(),
  OPENAI_SERVICE_TIER: oneOf(SERVICE_TIERS).optional(),
  OPENAI_TIMEOUT_MS: whole(100, 600_000).default(60_000),
  // A reservation under a cost limit counts as lost after 20 minutes, so that no request may take so long.
  OPENAI_FLEX_TIMEOUT_MS: whole(100, 1_080_000).default(900_000),
  OPENAI_PRICES: prices.optional(),
  RATE_RPM: whole(1, 1_000_000).default(1_000),
  RATE_TPM: whole(1, 10_000_000_000).optional(),
  RATE_SAFETY: decimal(0.01, 1).default(0.99),
  RATE_MAX_WAIT_MS: whole(0, 600_000).default(20_000),
  INGRESS_PORT: port.default(8080),
  ADMIN_PORT: port.default(9070),
  PORT: port.default(9080),
  HOST: text.default('127.0.0.1'),
  DATA_DIR: text.default('./.data'),
  SECRETS_DIR: text.optional(),
  SERVICE_NAME: text.optional(),
  LOG_LEVEL: oneOf(LOG_LEVELS).optional(),
  DRAIN_TIMEOUT_MS: whole(0, 900_000).default(30_000),
  WARM_UP_REQUESTS: whole(0, 2_000).default(0),
  DATABASE_URL: postgresUrl.optional(),
  POSTGRES_HOST: databaseHost.optional(),
  POSTGRES_PORT: port.optional(),
  POSTGRES_USER: text.default('classify'),
  POSTGRES_PASSWORD: z.string().min(1).optional(),
  POSTGRES_DB: text.default('classify'),
  POSTGRES_SSLMODE: oneOf(SSL_MODES).default('prefer'),
  POSTGRES_SSLROOTCERT: text.optional(),
  POSTGRES_POOL_SIZE: whole(1, 500).default(10),
  RETENTION_DAYS: whole(1, 36_500).optional(),
  RESTATE_INGRESS_URL: httpUrls.optional(),
  RESTATE_ADMIN_URL: httpUrls.optional(),
  RESTATE_UI_URL: httpUrl.optional(),
  RESTATE_METRICS_URL: httpUrls.optional(),
  API_TOKEN: apiKey.optional(),
  RESTATE_IDENTITY_KEYS: identityKeys.optional(),
  RESTATE_IDENTITY_KEYS_DIR: text.optional(),
  GUARD_INGRESS: guardRoutes.optional(),
  GUARD_ADMIN: guardRoutes.optional(),
  GUARD_BIND: text.default('127.0.0.1'),
  GUARD_PUBLISHED_ON: text.optional(),
  ALLOWED_HOSTS: hostNames.optional(),
  API_TOKENS_FILE: text.optional(),
  GUARD_MAX_CALLS: whole(1, 10_000).default(256),
  CONSOLE_PORT: port.default(8090),
  CONSOLE_BIND: text.default('127.0.0.1'),
  CONSOLE_URL: httpUrl.optional(),
  CONSOLE_TOKEN: consoleToken.optional(),
  // The variables from COMPOSE_FILE on serve the `cluster:` commands; compose-variables.ts lists those that the Compose
  // file alone reads.
  COMPOSE_FILE: text.optional(),
  CLUSTER_BIND: text.default('127.0.0.1'),
  CLUSTER_REPLICAS: whole(1, 1_000).default(5),
  CLUSTER_INGRESS_PORT_1: hostPort.default(8080),
  CLUSTER_INGRESS_PORT_2: hostPort.default(28080),
  CLUSTER_INGRESS_PORT_3: hostPort.default(38080),
  CLUSTER_INGRESS_PORT_4: hostPort.default(48080),
  CLUSTER_INGRESS_PORT_5: hostPort.default(58080),
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
  OFFLINE_MODEL_SEED: whole(1, 4_294_967_295).default(1),
  OFFLINE_MODEL_RPM: whole(0, 10_000_000).default(0),
  OFFLINE_MODEL_TPM: whole(0, 10_000_000_000).default(0),
  OFFLINE_MODEL_SLICE_MS: whole(0, 60_000).default(0),
  OFFLINE_MODEL_ANSWERS: offlineAnswers.optional(),
  OFFLINE_MODEL_FAULTS: faultRates.optional(),
})

/** The checked value of each variable, by the name of the variable. */
export type Variables = z.output<typeof variables>

export const VARIABLE_NAMES: readonly string[] = Object.keys(variables.shape)

/** Variables whose values appear in no message. */
export const SECRET_NAMES: ReadonlySet<string> = new Set([
  'OPENAI_API_KEY',
  'OPENAI_HEADERS',
  'POSTGRES_PASSWORD',
  'DATABASE_URL',
  'API_TOKEN',
  'CONSOLE_TOKEN',
])

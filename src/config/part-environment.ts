/** The environments of the embedded stack's parts: each gets the variables that it reads, and nothing else of the shell's. */
import type { Environment } from './environment.ts'
import { FILE_NAMES, fileNameOf, SECRETS_DIR } from './secret-files.ts'
import { SECRET_NAMES, VARIABLE_NAMES } from './variables.ts'

/** The parts that are programs of their own. PostgreSQL is not among them: its environment takes nothing from the shell. */
export type PartName = 'replica' | 'guard' | 'offline model' | 'restate-server' | 'console'

/** What any program needs to find other programs, its user's folder and a place for temporary files. */
const OF_SYSTEM = ['PATH', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot']
/** The cache of compiled modules, which halves the CPU time of a start. */
const OF_NODE = ['NODE_COMPILE_CACHE']
/** How the model is reached: authorities that the machine trusts, and its proxies. */
const OF_MODEL = [
  ...['NODE_EXTRA_CA_CERTS', 'NODE_USE_SYSTEM_CA', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['NODE_USE_ENV_PROXY', 'USE_ENV_PROXY', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'],
  ...['ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'],
]

/**
 * The names that each part takes from the environment of the stack. Of the variables by the name RESTATE_ the server takes
 * those of its log alone, because all others, such as one that a shell keeps for another Restate, would be settings of it.
 */
const TAKEN: Readonly<Record<PartName, readonly string[]>> = {
  replica: [...OF_SYSTEM, ...OF_NODE, ...OF_MODEL, ...VARIABLE_NAMES, ...FILE_NAMES, SECRETS_DIR],
  guard: [...OF_SYSTEM, ...OF_NODE, 'LOG_LEVEL', 'ALLOWED_HOSTS', 'API_TOKENS_FILE', 'GUARD_MAX_CALLS'],
  'offline model': [
    ...[...OF_SYSTEM, ...OF_NODE, 'LOG_LEVEL', 'ALLOWED_HOSTS'],
    ...VARIABLE_NAMES.filter((name) => name.startsWith('OFFLINE_MODEL_')),
  ],
  // What people start in the console runs as commands do, which read the settings of the service and none of its secrets.
  console: [...OF_SYSTEM, ...OF_NODE, ...VARIABLE_NAMES.filter((name) => !SECRET_NAMES.has(name))],
  'restate-server': [...OF_SYSTEM, 'RESTATE_LOG_FILTER', 'RESTATE_LOG_FORMAT', 'RUST_BACKTRACE'],
}

/** Times and messages are the same whatever the shell's time zone and language are. */
const FIXED = { TZ: 'UTC', LC_ALL: 'C.UTF-8' }

/**
 * The whole environment of `part`: what it takes from `given`, with `own` on top. A null in `own` leaves its variable out.
 * What `own` names is not taken from a file of that name either, because a part that found both would refuse them.
 */
export function partEnvironment(
  part: PartName,
  given: Environment,
  own: Readonly<Record<string, string | null>> = {},
): Record<string, string> {
  const taken = TAKEN[part].filter((name) => !Object.keys(own).some((one) => name === one || name === fileNameOf(one)))
  const all = [...Object.entries(FIXED), ...taken.map((name) => [name, given[name]] as const), ...Object.entries(own)]
  return Object.fromEntries(all.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** Secrets that are given as files: `NAME_FILE` holds the path of a file whose content is the value of the setting `NAME`.
 *
 * A secret in a file stands neither in `docker inspect` nor in the environment of child processes.
 */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { hideCredentials } from '../lib/network/http-url.ts'
import { hideSecretLike } from '../lib/secret-like.ts'
import type { Environment } from './environment.ts'
import { SECRET_NAMES } from './variables.ts'

/** Settings of Node.js that may hold a password, which the service takes as files too. */
const PROXY_NAMES = ['HTTPS_PROXY', 'HTTP_PROXY'] as const
/** Further names under which programs look for a proxy. */
export const PROXIES: readonly string[] = [...PROXY_NAMES, ...['https_proxy', 'http_proxy', 'ALL_PROXY', 'all_proxy']]

/** Every setting that may be given as a file. */
export const NAMES_WITH_FILE: readonly string[] = [...SECRET_NAMES, ...PROXY_NAMES]

/** The variables that hold the path of a file with a secret. */
export const FILE_NAMES: readonly string[] = NAMES_WITH_FILE.map(fileNameOf)

/** A directory whose files are named as secret settings are, and hold their values; a missing file is no error. */
export const SECRETS_DIR = 'SECRETS_DIR'

/** The greatest file that is taken for a secret. A greater one was hardly meant. */
const MOST_BYTES = 65_536

export interface ReadSecrets {
  /** The given variables, with the values of the files in place of their paths. */
  readonly env: Environment
  /** What is wrong, a sentence each, with the names of variables and the paths of files and without a value. */
  readonly problems: readonly string[]
  /** The path of the file that each setting was read from, by the name of the setting. */
  readonly files: ReadonlyMap<string, string>
}

/** The name of the variable that holds the path of a file with the setting `name`. */
export function fileNameOf(name: string): string {
  return `${name}_FILE`
}

/** Reads the files of all secret settings of `env`. A file that cannot be read, or is empty, is a problem. */
export function readSecretFiles(env: Environment): ReadSecrets {
  const found: Record<string, string> = {}
  const directory = env[SECRETS_DIR] ?? ''
  const isMissing = directory !== '' && statOf(directory)?.isDirectory() !== true
  const problems = isMissing ? [`${SECRETS_DIR} (${quote(directory)}) must be a directory that this user may open`] : []
  const files = new Map<string, string>()
  for (const name of NAMES_WITH_FILE) {
    const path = pathOf(name, env)
    if (path === undefined) continue
    const variable = env[fileNameOf(name)] === undefined ? SECRETS_DIR : fileNameOf(name)
    if (path === '') problems.push(`${variable} is empty: remove it, or set it to the path of a file with ${name}`)
    else if (env[name] !== undefined)
      problems.push(`${name} and ${variable} are both set: remove one of them, because only one can count`)
    else {
      const { text, problem } = readSecret(path)
      if (problem !== undefined) problems.push(`${variable} (the file ${quote(path)}) ${problem}`)
      else {
        found[name] = text
        files.set(name, path)
      }
    }
  }
  return { env: { ...env, ...found }, problems, files }
}

/**
 * One warning for each file of a secret that other users of this machine may read and that this user could close to
 * them. A warning never holds a secret.
 */
export function findOpenSecretFiles(env: Environment): string[] {
  return NAMES_WITH_FILE.flatMap((name) => {
    const path = env[fileNameOf(name)]
    if (path === undefined || path === '') return []
    const stats = statOf(path)
    if (stats === undefined || (stats.mode & 0o077) === 0 || stats.uid !== process.getuid?.()) return []
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
    return [`${fileNameOf(name)}: other users can open ${quote(path)} (mode ${mode}): run chmod 600 on it`]
  })
}

/** The path that `env` gives for the setting `name`: its own variable, else its file in SECRETS_DIR where there is one. */
function pathOf(name: string, env: Environment): string | undefined {
  const own = env[fileNameOf(name)]
  const directory = env[SECRETS_DIR]
  if (own !== undefined || directory === undefined || directory === '' || env[name] !== undefined) return own
  const path = join(directory, name)
  return statOf(path) === undefined ? undefined : path
}

/** What is at `path`; undefined where nothing is, or where this user may not know. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

type Read =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly text?: undefined; readonly problem: string }

function readSecret(path: string): Read {
  try {
    const stats = statSync(path)
    if (!stats.isFile()) return { problem: 'must be a regular file' }
    if (stats.size > MOST_BYTES) return { problem: `must be at most ${MOST_BYTES} bytes` }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)).replace(/\r?\n$/, '')
    return text === '' ? { problem: 'must not be empty' } : { text }
  } catch (error) {
    return { problem: `must be readable: ${reasonOf(error)}` }
  }
}

/** Why a file could not be read. The message of the error is not used, because it repeats the path. */
function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return 'it is no UTF-8 text'
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EACCES' ? 'this user may not open it' : code
}

/** A path in quotes. Somebody may have put the secret itself in place of a path, so that it is looked through. */
function quote(path: string): string {
  const shown = /:[^/]*@/.test(path) ? hideCredentials(path) : path
  return `"${hideSecretLike(shown).slice(0, 300)}"`
}

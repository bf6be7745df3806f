/** The only file that touches `process.env`, for the configuration and for the environments of child processes.
 *
 * It gives the variables to the rest of the configuration, adds what `.env` sets, and builds the environments of child
 * processes and of Docker Compose.
 */
import { messageOf, ServiceError } from '../errors.ts'

/** Variables by name. An unset variable is missing or undefined. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process as they are now. */
export function readEnvironment(): Environment {
  return process.env
}

/** Names of the variables that only `.env` has set, so that they can be taken out again for Docker Compose. */
const dotEnvNames = new Set<string>()

/**
 * Adds the variables of `.env` in the working directory to this process; a variable that is set already keeps its
 * value. A missing file is no error. Throws `ServiceError` config-invalid where the file cannot be read.
 */
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

/** Sets variables of this process, which its child processes inherit. */
export function setVariables(values: Readonly<Record<string, string>>): void {
  Object.assign(process.env, values)
}

/**
 * The environment of this process with `overrides` on top; an override of null removes its variable. An override also
 * removes the form `NAME_FILE` of its variable, because a child that found both would refuse them.
 */
export function childEnvironment(overrides: Readonly<Record<string, string | null>>): Record<string, string> {
  const result: Record<string, string> = {}
  const files = Object.fromEntries(Object.keys(overrides).map((name) => [`${name}_FILE`, null]))
  for (const [name, value] of Object.entries({ ...process.env, ...files, ...overrides })) {
    if (typeof value === 'string') result[name] = value
  }
  return result
}

/**
 * The environment for Docker Compose, without the variables that came from `.env`. Compose reads `.env` by itself and
 * expands `$` in it, so a variable that this process passed on could differ from the one that Compose reads when a
 * person calls it, and Compose would then recreate the containers.
 */
export function composeEnvironment(overrides: Readonly<Record<string, string>>): Record<string, string> {
  const withoutDotEnv = Object.fromEntries([...dotEnvNames].map((name) => [name, null]))
  return childEnvironment({ ...withoutDotEnv, ...overrides })
}

/**
 * Runs `build` while no variable whose name matches `names` can be read from the environment, for packages that would read
 * variables of their own choice. `build` must not be asynchronous.
 */
export function withoutVariables<T>(names: RegExp, build: () => T): T {
  const hidden = Object.entries(process.env).filter(([name]) => names.test(name))
  for (const [name] of hidden) delete process.env[name]
  try {
    return build()
  } finally {
    for (const [name, value] of hidden) process.env[name] = value
  }
}

/** The only file that touches `process.env`, for the configuration and for the environments of child processes.
 *
 * It gives the variables to the rest of the configuration, adds what `.env` sets, and builds the environment of Docker Compose.
 */
/** Variables by name. An unset variable is missing or undefined. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process as they are now. */
export function readEnvironment(): Environment {
  return process.env
}

/** Names of the variables that only `.env` has set, so that they can be taken out again for Docker Compose. */
const dotEnvNames = new Set<string>()

/** Adds the variables of `.env` to this process; a variable that is set already keeps its value. */
export function addFromDotEnv(values: ReadonlyMap<string, string>): void {
  for (const [name, value] of values) {
    if (process.env[name] !== undefined) continue
    process.env[name] = value
    dotEnvNames.add(name)
  }
}

/** The values that the variables had before `setVariables` changed them. */
const replaced = new Map<string, string | undefined>()

/** Sets variables of this process, which the embedded parts take from it and Docker Compose does not. */
export function setVariables(values: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(values)) if (!replaced.has(name)) replaced.set(name, process.env[name])
  Object.assign(process.env, values)
}

/**
 * The environment for Docker Compose: that of the shell, without the variables that came from `.env` and with those that this
 * process has changed as they were. Compose reads `.env` by itself; a variable that differed from the one that it reads when a
 * person calls it would make it recreate the containers.
 */
export function composeEnvironment(overrides: Readonly<Record<string, string>>): Record<string, string> {
  const shell = Object.entries({ ...process.env, ...Object.fromEntries(replaced) })
  const all = [...shell.filter(([name]) => !dotEnvNames.has(name)), ...Object.entries(overrides)]
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/**
 * Removes the variables of other PostgreSQL clients, such as PGOPTIONS and PGSSLMODE, which node-postgres would add to every
 * connection of this process. The service has settings of its own for all that they say.
 */
export function forgetDatabaseVariables(): void {
  for (const name of Object.keys(process.env)) if (/^PG[A-Z]/.test(name)) delete process.env[name]
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

/** Warnings about the environment that stop nothing: mistyped names, names of earlier releases, and files of secrets that others can open. */
import { nearestName } from '../lib/nearest-name.ts'
import { COMPOSE_SECRETS, COMPOSE_VARIABLES } from './compose-variables.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { FILE_NAMES, fileNameOf, findOpenSecretFiles } from './secret-files.ts'
import { VARIABLE_NAMES } from './variables.ts'

/**
 * Prefixes of this service's variables. A name without one of them belongs to another program and is never reported.
 */
const OUR_PREFIX =
  /^(?:OPENAI|RATE|RESTATE|RETENTION|OFFLINE_MODEL|POSTGRES|CLUSTER|SNAPSHOT|GUARD|API|ALLOWED|SECRETS)_/
const KNOWN_NAMES = [...VARIABLE_NAMES, ...FILE_NAMES, ...COMPOSE_VARIABLES, ...COMPOSE_SECRETS.map(fileNameOf)]

/** Variables of earlier releases, and those that the OpenAI package would read by itself, with the rest of the sentence that says what replaced them. */
const RETIRED: Readonly<Record<string, string>> = {
  OPENAI_CUSTOM_HEADERS: 'is not read: set OPENAI_HEADERS',
  OPENAI_LOG: 'is not read: set LOG_LEVEL',
  RATE_REPLICAS: 'is no longer a variable: the replicas share RATE_RPM and RATE_TPM by themselves',
}

/**
 * Returns one warning for each variable that the service does not read and whose name resembles one of its own, and for
 * each file of a secret that others can open. A warning never quotes a value.
 */
export function findNearMisses(env: Environment = readEnvironment()): string[] {
  const missed = Object.keys(env).flatMap((name) => {
    const retired = RETIRED[name]
    if (retired !== undefined) return [`${name} is set, but ${retired}`]
    if (!OUR_PREFIX.test(name) || KNOWN_NAMES.includes(name)) return []
    const nearest = nearestName(name, KNOWN_NAMES)
    return nearest === undefined
      ? []
      : [`${name} is set, but is not a variable of this service: did you mean ${nearest}?`]
  })
  return [...missed, ...findOpenSecretFiles(env)]
}

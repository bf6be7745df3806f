/** Warnings about variables that are set but that nothing reads: mistyped names and names of earlier releases. */
import { nearestName } from '../lib/nearest-name.ts'
import { COMPOSE_VARIABLES } from './compose-variables.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { VARIABLE_NAMES } from './variables.ts'

/**
 * Prefixes of this service's variables. A name without one of them belongs to another program and is never reported.
 */
const OUR_PREFIX = /^(?:OPENAI|RATE|RESTATE|RETENTION|OFFLINE_MODEL|POSTGRES|CLUSTER|SNAPSHOT)_/
const KNOWN_NAMES = [...VARIABLE_NAMES, ...COMPOSE_VARIABLES]

/** Variables of earlier releases, and those that the OpenAI package would read by itself, with the rest of the sentence that says what replaced them. */
const RETIRED: Readonly<Record<string, string>> = {
  OPENAI_CUSTOM_HEADERS: 'is not read: set OPENAI_HEADERS',
  OPENAI_LOG: 'is not read: set LOG_LEVEL',
  RATE_REPLICAS: 'is no longer a variable: the replicas share RATE_RPM and RATE_TPM by themselves',
}

/**
 * Returns one warning for each variable that the service does not read and whose name resembles one of its own. A
 * warning never quotes a value.
 */
export function findNearMisses(env: Environment = readEnvironment()): string[] {
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

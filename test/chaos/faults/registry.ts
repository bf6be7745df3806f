/** Every fault of the checker. A new one is one more entry here. */
import { DATABASE_FAULTS } from './database.ts'
import { MACHINE_FAULTS } from './machine.ts'
import { PROCESS_FAULTS } from './processes.ts'
import { RELEASE_FAULTS } from './release.ts'
import type { Fault } from './types.ts'

export const ALL_FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...DATABASE_FAULTS,
  ...MACHINE_FAULTS,
  ...RELEASE_FAULTS,
]

/**
 * Faults that the product does not outlive yet, so that a check leaves them out unless --only or --all asks for them. Who mends one
 * takes it off this list.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['hang-node', 'hang-replica', 'hang-edge', 'hang-database'],
  ...['freeze-node', 'freeze-replica', 'freeze-edge', 'freeze-database'],
  ...['clock-ahead', 'clock-behind', 'lost-volume', 'rollout-prompt'],
])

/** The faults that a check draws from: those that are named, or all, or all but those left out. Throws an error that names what is unknown. */
export function chooseFaults({ only, isAll }: { readonly only: readonly string[]; readonly isAll: boolean }): Fault[] {
  const unknown = only.filter((name) => !ALL_FAULTS.some((fault) => fault.name === name))
  if (unknown.length > 0) throw new Error(`There is no fault ${unknown.join(', ')}: --list names them`)
  return ALL_FAULTS.filter(({ name }) => (only.length > 0 ? only.includes(name) : isAll || !LEFT_OUT.has(name)))
}

export function listFaults(): string {
  const notes = (name: string) => (LEFT_OUT.has(name) ? ' (not by default)' : '')
  return ALL_FAULTS.map(({ name, what }) => `  ${name.padEnd(18)} ${what}${notes(name)}`).join('\n')
}

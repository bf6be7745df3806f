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

/** The faults that a check draws from: those that are named, or all. Throws an error that names what is unknown. */
export function chooseFaults(names: readonly string[]): readonly Fault[] {
  const unknown = names.filter((name) => !ALL_FAULTS.some((fault) => fault.name === name))
  if (unknown.length > 0) throw new Error(`There is no fault ${unknown.join(', ')}: --list names them`)
  return names.length === 0 ? ALL_FAULTS : ALL_FAULTS.filter(({ name }) => names.includes(name))
}

export function listFaults(): string {
  return ALL_FAULTS.map(({ name, what }) => `  ${name.padEnd(18)} ${what}`).join('\n')
}

/** Checks whether the labels of one result fit together, and returns each broken constraint as a finding with a stable code. */
import { type Codebook, meets } from '../codebooks/codebook.ts'
import type { Issue, Labels } from './types.ts'

/** Returns the constraints that the labels break, in the order of the codebook; empty where the labels fit together. */
export function validate({ constraints }: Codebook, labels: Labels): Issue[] {
  return constraints.flatMap(({ name, when, require, forbid, message }) => {
    if (!meets(labels, when)) return []
    const isBroken =
      (require !== undefined && !meets(labels, require)) || (forbid !== undefined && meets(labels, forbid))
    return isBroken ? [{ code: name, message: fill(message, labels) }] : []
  })
}

/** Whether one of the issues alone proves that a label of the result is wrong. */
export function isBlocked({ constraints }: Codebook, issues: readonly Issue[]): boolean {
  return issues.some(({ code }) => constraints.some(({ name, blocks }) => blocks && name === code))
}

function fill(message: string, labels: Labels): string {
  return message.replace(/\{([a-z0-9_]+)\}/g, (whole, name: string) => (name in labels ? String(labels[name]) : whole))
}

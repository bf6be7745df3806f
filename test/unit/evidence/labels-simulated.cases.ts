/** Labels and audits together on simulated catalogues, as many as the caller asks for: how often a field is trusted although it is below the target. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFieldGates } from '../../../src/evidence/gate/field-gates.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { mostFalse, type SimulatedRule, simulatedRules } from './simulations.ts'

const TARGET = 0.97
const DELTA = 0.05
const LABELS = 300
const AUDITS = 300

/** How often the rules are right, and how often the model gives their label where they are right and where they are wrong. */
interface Truth {
  readonly rules: readonly SimulatedRule[]
  readonly agreesWhereRight: number
  readonly agreesWhereWrong: number
}

interface Outcome {
  /** Labels trusted the field at a moment when the rules that were left were right in less than the target. */
  isFalseByLabels: boolean
  /** Audits trusted it at a moment when they agreed in less than the target. */
  isFalseByAudits: boolean
  isTrustedByLabels: boolean
  hasRemoval: boolean
}

/**
 * Gives labels and audits of records drawn at random to the gates of a field, half of the audits before the labels and half after
 * them, and looks after each outcome.
 */
function runField({ rules, agreesWhereRight, agreesWhereWrong }: Truth, random: () => number): Outcome {
  const gates = createFieldGates(TARGET)
  const total = rules.reduce((sum, { size }) => sum + size, 0)
  /** Finds the rule of a record by its place among all records, which stand rule after rule. */
  const ruleAt = (place: number) => {
    let left = place
    for (const rule of rules) {
      if (left < rule.size) return rule
      left -= rule.size
    }
    return assert.fail(`no record at ${place}`)
  }
  /** The share of records of the rules that are left on which `holds` of a rule is the probability of success. */
  const shareLeft = (removed: readonly string[], holds: (rule: SimulatedRule) => number) => {
    const left = rules.filter(({ rule }) => !removed.includes(rule))
    const size = left.reduce((sum, one) => sum + one.size, 0)
    return size === 0 ? 1 : left.reduce((sum, one) => sum + one.size * holds(one), 0) / size
  }
  const agreement = ({ precision }: SimulatedRule) => precision * agreesWhereRight + (1 - precision) * agreesWhereWrong
  const outcome = { isFalseByLabels: false, isFalseByAudits: false, isTrustedByLabels: false, hasRemoval: false }
  const look = () => {
    const { fields, removed } = gates.trust()
    outcome.hasRemoval ||= removed['f'] !== undefined
    if (fields.length === 0) return
    // Only a moment of trust is judged, so that the costly verdict is asked for seldom.
    const { measure } = gates.verdicts()['f'] ?? assert.fail('no verdict')
    if (measure === 'labels') {
      outcome.isTrustedByLabels = true
      outcome.isFalseByLabels ||= shareLeft(removed['f'] ?? [], ({ precision }) => precision) < TARGET
    } else outcome.isFalseByAudits ||= shareLeft(removed['f'] ?? [], agreement) < TARGET
  }
  const draw = () => {
    const { rule, precision } = ruleAt(random() * total)
    const right = random() < precision
    return { field: 'f', rule, right, agreed: random() < (right ? agreesWhereRight : agreesWhereWrong) }
  }
  const audit = () => {
    for (let index = 0; index < AUDITS / 2; index += 1) {
      const { right: _, ...given } = draw()
      gates.add(given)
      look()
    }
  }
  audit()
  for (let index = 0; index < LABELS && !outcome.isFalseByLabels; index += 1) {
    const { agreed: _, ...given } = draw()
    gates.addLabel({ ...given, modelRight: null, isBlind: false })
    look()
  }
  audit()
  return outcome
}

/** Forty rules just below the target, and a bad one beside them that is removed. */
const EDGE = Array.from({ length: 40 }, (_, index) => ({ rule: `rule-${index}`, size: 250, precision: 0.9695 }))
const BAD = { rule: 'bad', size: 1_500, precision: 0.5 }

const catalogues: Readonly<Record<string, (random: () => number) => Truth>> = {
  // A model that errs as the rules do agrees with all that is wrong, so that nothing but labels can tell.
  'rules of mean precision 0.95, and a model that errs as they do': (random) => {
    return { rules: simulatedRules('alike', 0.95, random), agreesWhereRight: 0.999, agreesWhereWrong: 0.9 }
  },
  'rules just below the target, and a right model': () => ({ rules: EDGE, agreesWhereRight: 1, agreesWhereWrong: 0 }),
  'a bad rule beside rules just below the target, and a right model': () => {
    return { rules: [...EDGE, BAD], agreesWhereRight: 1, agreesWhereWrong: 0 }
  },
}

/** Simulates `count` catalogues of each kind. */
export function labelsOnCatalogues(count: number): void {
  for (const [name, truthOf] of Object.entries(catalogues))
    test(`of ${count} catalogues below the target few are trusted: ${name}`, (t) => {
      const outcomes = Array.from({ length: count }, (_, seed) => {
        const random = createRandom(seed)
        return runField(truthOf(random), random)
      })
      const sum = (isCounted: (one: Outcome) => boolean) => outcomes.filter(isCounted).length
      const byLabels = sum((one) => one.isFalseByLabels)
      const byAudits = sum((one) => one.isFalseByAudits)
      t.diagnostic(
        `falsely trusted by labels ${byLabels}, by audits ${byAudits}; trusted by labels ${sum((one) => one.isTrustedByLabels)}; with a removal ${sum((one) => one.hasRemoval)}`,
      )
      assert.ok(byLabels / count <= mostFalse(DELTA, count))
      assert.ok(byAudits / count <= mostFalse(DELTA, count))
    })
}

/** Simulated populations, catalogues and runs, seeded, on which the claims of the evidence are tried. */
import { type Drawable, drawOrder, isAuditedSteadily, nextStage } from '../../../src/evidence/gate/audit-plan.ts'
import { type Audit, createGate, type Gate } from '../../../src/evidence/gate/gate.ts'
import { buildLimits } from '../../../src/evidence/gate/outlook.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { createSequentialTest, mostBelow } from '../../../src/evidence/statistics/sequential.ts'
import { shuffle } from '../../helpers/shuffle.ts'

/** Twice the standard error of a share of `delta` among `n`, on top of it. */
export function mostFalse(delta: number, n: number): number {
  return delta + 2 * Math.sqrt((delta * (1 - delta)) / n)
}

/** Where the bits of one hash are gathered: simulations draw millions of them. */
const words = Buffer.alloc(32)

/** 64 hexadecimal digits drawn at random, in place of a SHA-256. */
export function randomHash(random: () => number): string {
  for (let at = 0; at < words.length; at += 4) words.writeUInt32BE(random() * 4_294_967_296, at)
  return words.toString('hex')
}

export interface ClaimSimulation {
  readonly target: number
  readonly delta: number
  readonly sizes: readonly number[]
  readonly populations: number
  /** The number of right members of a population of the size given. */
  readonly rightOf: (size: number) => number
  /** The probability that a label is the opposite of the truth. */
  readonly noise: number
  readonly mostLabels: number
  readonly seed: number
}

/** After how many labels each population was certified, looked at after every label; Infinity where it never was. */
export function simulateClaims(options: ClaimSimulation): number[] {
  const { target, delta, sizes, populations, noise } = options
  const random = createRandom(options.seed)
  const limits = new Map(
    sizes.map((population) => {
      const most = Math.min(population, options.mostLabels)
      return [population, buildLimits(createSequentialTest({ target, delta, population }), most)]
    }),
  )
  return Array.from({ length: populations }, (_, index) => {
    const size = sizes[index % sizes.length] ?? 1
    const limit = limits.get(size) ?? new Int32Array()
    let rightLeft = options.rightOf(size)
    let misses = 0
    for (let n = 1; n < limit.length; n++) {
      const isRight = random() * (size - n + 1) < rightLeft
      if (isRight) rightLeft--
      if (isRight === random() < noise) misses++
      if (misses <= (limit[n] ?? -1)) return n
    }
    return Infinity
  })
}

/** The share of `counts` that are at most `most`. */
export function shareWithin(counts: readonly number[], most: number): number {
  return counts.filter((count) => count <= most).length / counts.length
}

export interface SimulatedRule {
  readonly rule: string
  readonly size: number
  readonly precision: number
}

/** 40 rules whose mean precision over all records is `mean`, of three kinds. */
export function simulatedRules(
  kind: 'alike' | 'few-bad' | 'one-bad',
  mean: number,
  random: () => number,
): SimulatedRule[] {
  const drawn = Array.from({ length: 40 }, (_, index) => {
    const size = kind === 'alike' ? 40 + Math.floor(300 * random()) : Math.ceil(4_000 / (1 + index))
    const isBad = kind === 'alike' ? random() < 0.5 : kind === 'few-bad' ? index % 7 === 1 : index === 1
    return { rule: `rule-${index}`, size, weight: isBad ? random() : 0.02 * random() }
  })
  const total = drawn.reduce((sum, { size }) => sum + size, 0)
  const misses = drawn.reduce((sum, { size, weight }) => sum + size * weight, 0)
  return drawn.map(({ rule, size, weight }) => {
    return { rule, size, precision: 1 - Math.min(0.9, (weight * (1 - mean) * total) / misses) }
  })
}

export interface GateRun {
  readonly isFalselyTrusted: boolean
  readonly isTrustedAtTheEnd: boolean
  readonly restarts: number
}

/**
 * Audits the records of `rules` one after the other, up to `budget`, and looks after each. A false trust is one at a moment when the
 * rules that are left agree in less than the target of their records that were not audited before the last restart.
 */
export function runGate(
  rules: readonly SimulatedRule[],
  target: number,
  budget: number,
  random: () => number,
): GateRun {
  const records = shuffle(
    rules.flatMap(({ rule, size, precision }) => {
      return Array.from({ length: size }, (): Audit => ({ rule, agreed: random() < precision }))
    }),
    random,
  )
  const gate = createGate({
    target,
    population: Object.fromEntries(rules.map(({ rule, size }) => [rule, size])),
    budget,
  })
  let begin = 0
  let restarts = 0
  let used = 0
  let isFalselyTrusted = false
  let checkedStretch = -1
  let removed = new Set<string>()
  for (let index = 0; index < records.length && used < budget; index++) {
    const record = records[index] as Audit
    if (removed.has(record.rule)) continue
    used++
    gate.add(record)
    if (gate.restarts() !== restarts) {
      restarts = gate.restarts()
      begin = index + 1
      removed = new Set(gate.verdict().removed.map(({ rule }) => rule))
    }
    // Within a stretch the population that the trust speaks about stays the same, so that its first moment decides.
    if (gate.isShown() && checkedStretch !== restarts) {
      checkedStretch = restarts
      const left = records.slice(begin).filter(({ rule }) => !removed.has(rule))
      if (left.filter(({ agreed }) => agreed).length <= mostBelow(left.length, target)) isFalselyTrusted = true
    }
  }
  return { isFalselyTrusted, isTrustedAtTheEnd: gate.verdict().state === 'trusted', restarts }
}

/** A record that rules decide in several fields. */
export interface RunRow extends Drawable {
  /** By field, the rule that would decide it. */
  readonly rules: readonly string[]
  /** By field, whether that rule is right, which a right model agrees with. */
  readonly right: readonly boolean[]
}

export interface RunOutcome {
  readonly audited: number
  readonly byRules: number
  readonly wrong: number
  /** Requests of ten records each, audits included. */
  readonly requests: number
  readonly removed: readonly string[]
}

const PER_REQUEST = 10

/** A run over a whole file: audits in stages until every field is decided; then the rest by trusted rules, or by the model. */
export function runFile(rows: readonly RunRow[], askedAnyway: number, target: number, seed: string): RunOutcome {
  const fields = rows[0]?.rules.length ?? 0
  const gates = Array.from({ length: fields }, (_, field) => createGate({ target, population: sizesOf(rows, field) }))
  const order = drawOrder(rows, seed)
  const audited = new Set<RunRow>()
  let requests = 0
  for (let next = 0; ; ) {
    const verdicts = gates.map((gate) => gate.verdict())
    const stage = nextStage(audited.size, verdicts)
    if (stage === 0) break
    const removed = verdicts.map((verdict) => new Set(verdict.removed.map(({ rule }) => rule)))
    let asked = 0
    for (; asked < stage && next < order.length; next++) {
      const row = order[next] as RunRow
      if (row.rules.every((rule, field) => removed[field]?.has(rule))) continue
      audited.add(row)
      asked++
      for (const [field, gate] of gates.entries()) addAudit(gate, row, field)
    }
    requests += Math.ceil(asked / PER_REQUEST)
    if (asked === 0) break
  }
  return settle(rows, gates, audited, requests, askedAnyway)
}

/** A stream of batches: audits at a steady rate to the end, and another question about each record that a removed rule had decided. */
export function runStream(rows: readonly RunRow[], askedAnyway: number, target: number, seed: string): RunOutcome {
  const fields = rows[0]?.rules.length ?? 0
  const gates = Array.from({ length: fields }, () => createGate({ target, population: null }))
  const audited = new Set<RunRow>()
  for (const row of rows) {
    if (!isAuditedSteadily(row.hash, seed)) continue
    audited.add(row)
    for (const [field, gate] of gates.entries()) addAudit(gate, row, field)
  }
  return settle(rows, gates, audited, Math.ceil(audited.size / PER_REQUEST), askedAnyway)
}

function addAudit(gate: Gate, row: RunRow, field: number): void {
  gate.add({ rule: row.rules[field] ?? '', agreed: row.right[field] ?? false })
}

function settle(
  rows: readonly RunRow[],
  gates: readonly Gate[],
  audited: ReadonlySet<RunRow>,
  auditRequests: number,
  askedAnyway: number,
): RunOutcome {
  const verdicts = gates.map((gate) => gate.verdict())
  const removed = verdicts.map((verdict) => new Set(verdict.removed.map(({ rule }) => rule)))
  const isTrusted = (row: RunRow, field: number) =>
    verdicts[field]?.state === 'trusted' && !removed[field]?.has(row.rules[field] ?? '')
  const others = rows.filter((row) => !audited.has(row))
  const byRules = others.filter((row) => row.rules.every((_, field) => isTrusted(row, field)))
  // A record with one open field is asked; its trusted fields stay with their rules, and may be wrong there.
  const wrong = others.filter((row) => row.right.some((right, field) => !right && isTrusted(row, field))).length
  const asked = others.length - byRules.length + askedAnyway
  return {
    audited: audited.size,
    byRules: byRules.length,
    wrong,
    requests: auditRequests + Math.ceil(asked / PER_REQUEST),
    removed: verdicts.flatMap((verdict) => verdict.removed.map(({ rule }) => rule)),
  }
}

function sizesOf(rows: readonly RunRow[], field: number): Record<string, number> {
  const sizes: Record<string, number> = {}
  for (const { rules } of rows) {
    const rule = rules[field] ?? ''
    sizes[rule] = (sizes[rule] ?? 0) + 1
  }
  return sizes
}

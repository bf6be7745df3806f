/** The plan of audits: which records the model is asked about blind, drawn by a seeded hash of the record and in stages. */
import { assertCount } from '../statistics/checks.ts'
import { mix32 } from '../statistics/random.ts'
import type { GateVerdict } from './gate.ts'

/** A record as the plan sees it. */
export interface Drawable {
  /** The name of the record within its population, such as "catalogue/indicator"; it decides between equal ranks. */
  readonly id: string
  /** SHA-256 of the name in hexadecimal, computed by the caller. */
  readonly hash: string
}

const HEX_DIGITS = 16
const TWO_POW_21 = 2_097_152
const TWO_POW_32 = 4_294_967_296

/**
 * The place of a record in the random order of `seed`: a number from 0 to 1 (exclusive) with 53 bits. It depends on the hash
 * and the seed alone, so that every replica and every later check draws the same records, whatever the order of arrival.
 * `hash` is SHA-256 in hexadecimal, and `seed` a text such as the id of the run. Throws RangeError for another hash.
 */
export function auditRank(hash: string, seed: string): number {
  if (!/^[0-9a-f]{64}$/i.test(hash))
    throw new RangeError(`the hash is "${hash}"; it must be SHA-256 in 64 hexadecimal digits`)
  const high = keyed(hash.slice(0, HEX_DIGITS), seed, 0x51ab_c0de)
  const low = keyed(hash.slice(HEX_DIGITS, 2 * HEX_DIGITS), seed, 0x7f4a_7c15)
  return ((high >>> 11) * TWO_POW_32 + (low >>> 0)) / (TWO_POW_21 * TWO_POW_32)
}

/** 32 bits of a hash mixed with the seed. The hash is already uniform; the mixing makes the order another one for each seed. */
function keyed(digits: string, seed: string, salt: number): number {
  let state = salt
  for (let index = 0; index < seed.length; index++)
    state = mix32(Math.imul(state, 0x0100_0193) ^ seed.charCodeAt(index))
  state = mix32(state ^ Number.parseInt(digits.slice(0, 8), 16))
  return mix32(Math.imul(state, 0x9e37_79b1) ^ Number.parseInt(digits.slice(8), 16))
}

/** The records in the random order of `seed`: ascending by rank, and by id among equal ranks. */
export function drawOrder<Row extends Drawable>(rows: readonly Row[], seed: string): Row[] {
  const ranked = rows.map((row) => ({ row, rank: auditRank(row.hash, seed) }))
  ranked.sort((a, b) => a.rank - b.rank || (a.row.id < b.row.id ? -1 : 1))
  return ranked.map(({ row }) => row)
}

/**
 * The sizes of the stages of audits. The first two together earn a field without a miss at the target 0.97 where little more is
 * needed; later stages grow, because a field that is still open then has misses and needs many more.
 */
export const AUDIT_STAGES: readonly number[] = [60, 60, 60, 60, 90, 120, 150]

/**
 * The number of records to be audited next, in the order of the draw; 0 where every field is decided, or the budget is spent.
 * `drawn` is the number audited so far, `verdicts` are those of the fields that rules decide at all, and `budget` is the most
 * audits of the run. The caller passes over records of which rules decide no undecided or trusted field any more, because all
 * those rules were removed: the model is asked about them anyway. All fields of a record are asked in one question, so that decided fields go on being audited beside open
 * ones at no cost.
 */
export function nextStage(drawn: number, verdicts: readonly Pick<GateVerdict, 'state'>[], budget = 600): number {
  assertCount('drawn', drawn)
  if (verdicts.length > 0 && verdicts.every(({ state }) => state !== 'undecided')) return 0
  let end = 0
  for (const size of AUDIT_STAGES) {
    end += size
    if (end > drawn) return Math.max(0, Math.min(end, budget) - drawn)
  }
  const last = AUDIT_STAGES.at(-1) ?? 1
  return Math.max(0, Math.min(last, budget - drawn))
}

/** The share of records that are audited where the total is not known: 100 audits of 2,000 records. */
export const STEADY_RATE = 0.05

/**
 * Whether a record is audited where records arrive without an end that is known, as with callers by API: each one with the same
 * probability `rate`, to the end, and not the first ones only. The decision is the same on every replica and in every replay.
 */
export function isAuditedSteadily(hash: string, seed: string, rate = STEADY_RATE): boolean {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`rate is ${rate}; it must lie between 0 and 1`)
  return auditRank(hash, seed) < rate
}

/** Parsers for the two variables that say how the offline model answers: the source of its answers and its deliberate faults. */
import { z } from 'zod'
import { text } from './values.ts'

/** Faults that the offline model can commit on purpose. A request meets at most one of them. */
export const MODEL_FAULTS = ['http500', 'timeout', 'cut', 'badjson', 'missing', 'double', 'refusal'] as const

export type ModelFault = (typeof MODEL_FAULTS)[number]

/** The probability of each fault, from 0 to 1. The sum is at most 1, and a missing fault never happens. */
export type FaultRates = Readonly<Partial<Record<ModelFault, number>>>

/** Where the offline model's answers come from, and how often a label is replaced by a wrong one. */
export interface OfflineAnswers {
  readonly from: 'rules' | 'gold' | 'hostile'
  /** The file of gold labels; null for answers from the rules or from the hostile mode. */
  readonly goldFile: string | null
  /** Probability from 0 to 1 that a label is replaced by another one; always 0 in the hostile mode. */
  readonly noise: number
}

const FAULTS_ALLOWED = `must be a list such as http500=.1,cut=.05 of ${MODEL_FAULTS.join(', ')}`

/**
 * Parses a list of fault rates such as "http500=.1,cut=.05". An error message quotes the part of the list that is
 * wrong.
 */
export const faultRates = z.string().transform((list, context): FaultRates => {
  const rates: Partial<Record<ModelFault, number>> = {}
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  for (const part of list.split(',')) {
    const [, name, value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    const fault = MODEL_FAULTS.find((known) => known === name)
    const place = `in the part "${part.trim().slice(0, 80)}"`
    if (fault === undefined) return refuse(`${FAULTS_ALLOWED}; no such fault ${place}`)
    if (rates[fault] !== undefined) return refuse(`must name each fault once; ${fault} stands again ${place}`)
    if (!isProbability(value)) return refuse(`must give each fault a number from 0 to 1; there is none ${place}`)
    rates[fault] = Number(value)
  }
  const sum = sumOf(Object.values(rates))
  if (sum > 1) return refuse(`must add up to at most 1, since a request meets at most one fault; the sum is ${sum}`)
  return rates
})

const ANSWERS_ALLOWED = 'must be rules, noisy:P, gold:FILE, gold:FILE,noisy:P (P from 0 to 1) or hostile'

/** Parses a source of answers such as "rules", "noisy:0.1", "gold:FILE,noisy:0.1" or "hostile". */
export const offlineAnswers = text.transform((mode, context): OfflineAnswers => {
  if (mode === 'rules' || mode === 'hostile') return { from: mode, goldFile: null, noise: 0 }
  const [, goldFile = null, rest = 'noisy:0'] = /^gold:\s*([^,]+?)\s*(?:,\s*(.*))?$/.exec(mode) ?? [null, null, mode]
  const noise = /^noisy:(.*)$/.exec(rest)?.[1]
  if (noise !== undefined && isProbability(noise)) {
    return { from: goldFile === null ? 'rules' : 'gold', goldFile, noise: Number(noise) }
  }
  context.addIssue({ code: 'custom', message: ANSWERS_ALLOWED })
  return z.NEVER
})

/**
 * Adds up fault rates and rounds the sum to nine decimals, because floating-point numbers that add up to 1 may give
 * 1.0000000000000002.
 */
function sumOf(rates: readonly number[]): number {
  return Number(rates.reduce((total, rate) => total + rate, 0).toFixed(9))
}

function isProbability(value: string): boolean {
  return /^(?:0?\.\d{1,9}|[01](?:\.\d{1,9})?)$/.test(value) && Number(value) <= 1
}

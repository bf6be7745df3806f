/** Parsers for the two variables that say how the offline model answers: the source of its answers and its deliberate faults. */
import { z } from 'zod'
import { hideCredentials } from '../lib/network/http-url.ts'
import { hideSecretLike } from '../lib/secret-like.ts'
import { text } from './values.ts'

/** Faults that the offline model can commit on purpose. A request meets at most one of them. */
export const MODEL_FAULTS = ['http500', 'timeout', 'cut', 'badjson', 'missing', 'double', 'refusal'] as const

export type ModelFault = (typeof MODEL_FAULTS)[number]

/** The probability of each fault, from 0 to 1. The sum is at most 1, and a missing fault never happens. */
export type FaultRates = Readonly<Partial<Record<ModelFault, number>>>

/** Where the offline model's answers come from, and how often a label is replaced by a wrong one. */
export interface OfflineAnswers {
  readonly from: 'rules' | 'gold' | 'recorded' | 'hostile'
  /** The file of gold labels or of recorded answers; null where the answers come from no file. */
  readonly file: string | null
  /** Probability from 0 to 1 that a label is replaced by another one; always 0 for recorded and hostile answers. */
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
    const place = `in the part "${hideSecretLike(hideCredentials(part.trim())).slice(0, 80)}"`
    if (fault === undefined) return refuse(`${FAULTS_ALLOWED}; no such fault ${place}`)
    if (rates[fault] !== undefined) return refuse(`must name each fault once; ${fault} stands again ${place}`)
    if (!isProbability(value)) return refuse(`must give each fault a number from 0 to 1; there is none ${place}`)
    rates[fault] = Number(value)
  }
  const sum = sumOf(Object.values(rates))
  if (sum > 1) return refuse(`must add up to at most 1, since a request meets at most one fault; the sum is ${sum}`)
  return rates
})

const ANSWERS_ALLOWED = 'must be rules, noisy:P, gold:FILE, gold:FILE,noisy:P (P from 0 to 1), recorded:FILE or hostile'

/** Parses a source of answers such as "rules", "noisy:0.1", "gold:FILE,noisy:0.1", "recorded:FILE" or "hostile". */
export const offlineAnswers = text.transform((mode, context): OfflineAnswers => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  if (mode === 'rules' || mode === 'hostile') return { from: mode, file: null, noise: 0 }
  const recorded = /^recorded:\s*(.+)$/.exec(mode)?.[1]
  if (recorded !== undefined) {
    if (/,\s*noisy:[^,]*$/.test(recorded)) return refuse(`${ANSWERS_ALLOWED}; recorded answers are never made wrong`)
    return { from: 'recorded', file: recorded, noise: 0 }
  }
  const [, file = null, rest = 'noisy:0'] = /^gold:\s*([^,]+?)\s*(?:,\s*(.*))?$/.exec(mode) ?? [null, null, mode]
  const noise = /^noisy:(.*)$/.exec(rest)?.[1]
  if (noise !== undefined && isProbability(noise)) {
    return { from: file === null ? 'rules' : 'gold', file, noise: Number(noise) }
  }
  return refuse(ANSWERS_ALLOWED)
})

/** Writes a source of answers in the form that `offlineAnswers` parses. */
export function formatOfflineAnswers({ from, file, noise }: OfflineAnswers): string {
  if (from === 'recorded') return `recorded:${file}`
  const parts = [...(from === 'gold' ? [`gold:${file}`] : []), ...(noise > 0 ? [`noisy:${noise.toFixed(9)}`] : [])]
  return parts.length === 0 ? from : parts.join(',')
}

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

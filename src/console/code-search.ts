/** Searches the code list of a field as a person types: by code, by the words of titles, and by what titles mean. */
import type { PreparedScheme } from '../classification/scheme.ts'
import { type Candidate, candidateOf } from '../review/review-item.ts'
import { ranked } from './page/ranking.ts'

const MOST = 20

export function searchCodes(scheme: PreparedScheme, field: string, text: string): Candidate[] {
  const type = scheme.codebook.field.get(field)?.type
  if (type?.kind !== 'codes') return []
  const { list, onlyLeaves } = type
  const wanted = text.trim()
  const isAnswer = (code: string) => !onlyLeaves || list.leaves.has(code)
  const answers = list.codes.filter(({ code }) => isAnswer(code))
  const direct = ranked(answers, wanted, ({ code, title }) => ({ names: [code, title], more: '' }))
  const shortlister = scheme.shortlisters.get(field)
  const near = wanted === '' ? [] : (shortlister?.find({ indicator_id: '', name: text, sample_values: [] }, MOST) ?? [])
  const codes = new Set([...direct.map(({ code }) => code), ...near.filter(isAnswer)])
  return [...codes].slice(0, MOST).map((code) => candidateOf(list, code))
}

/** Measures how often the shortlists of a codebook's code lists hold the code that a person gave. Pure. */

import { createShortlister } from '../classification/shortlist.ts'
import type { Codebook } from '../codebooks/codebook.ts'
import type { LabelledRecord } from '../codebooks/types.ts'

/** How often the code that a person gave stood among the first codes of its shortlist, for one field of the codebook. */
export interface Recall {
  readonly field: string
  /** The number of codes at the beginning of a shortlist among which the right code has to stand. */
  readonly first: number
  readonly records: number
  readonly found: number
}

const LENGTHS = [5, 10, 20, 80] as const

/** Measures the recall of each code field at 5, 10, 20 and 80 codes, over the records that have a code in the field. */
export function measureRecall({ fields }: Codebook, labelled: readonly LabelledRecord[]): Recall[] {
  return fields.flatMap(({ name, type }): Recall[] => {
    if (type.kind !== 'codes') return []
    const { find } = createShortlister(type.list, type.onlyLeaves)
    const longest = Math.max(...LENGTHS)
    const ranks = labelled.flatMap(({ record, labels }) => {
      const code = labels[name]
      return typeof code === 'string' ? [find(record, longest).indexOf(code)] : []
    })
    return LENGTHS.map((first) => ({
      field: name,
      first,
      records: ranks.length,
      found: ranks.filter((rank) => rank >= 0 && rank < first).length,
    }))
  })
}

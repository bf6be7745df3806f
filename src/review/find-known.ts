/** Finds the indicators that the lines of a review file name, in the catalogue of the line, of the request, or the only one. */
import { pluralise, showValue } from '../catalogue/problem-report.ts'
import { readTextCell, textsOfCell } from '../catalogue/results-writer.ts'
import { codebookNameOf } from '../classification/result-body.ts'
import type { KnownIndicator, Store } from '../store/types.ts'
import type { ReviewLine, Wording } from './review-line.ts'

/** A line with its indicator, or with the sentence that says why there is none. */
export type FoundLine =
  | { readonly line: ReviewLine; readonly known: KnownIndicator }
  | { readonly line: ReviewLine; readonly known: undefined; readonly message: string }

export interface Place {
  readonly wording: Wording
  /** Name of the codebook without its version. */
  readonly codebook: string
  /** The catalogue of the lines that name none; undefined where it is to be found by the id. */
  readonly catalogue: string | undefined
}

/** The number of lines of a review file whose indicators are read from the database together. */
const LINES_PER_QUERY = 1_000
/** The number of queries for one id each that are under way at once. */
const QUERIES_AT_ONCE = 8

/** A line with the catalogue that it means, or with the sentence that says why that is not known. */
type Placed = { readonly line: ReviewLine } & ({ readonly catalogue: string } | { readonly message: string })

/** Yields each line, in order, with its indicator. */
export async function* findKnown(
  store: Pick<Store, 'findIndicators' | 'findClassifications'>,
  lines: readonly ReviewLine[],
  place: Place,
): AsyncGenerator<FoundLine> {
  for (let from = 0; from < lines.length; from += LINES_PER_QUERY) {
    const placed: Placed[] = []
    const part = lines.slice(from, from + LINES_PER_QUERY)
    for (let first = 0; first < part.length; first += QUERIES_AT_ONCE) {
      const some = part.slice(first, first + QUERIES_AT_ONCE)
      placed.push(...(await Promise.all(some.map((line) => placeOf(store, line, place)))))
    }
    const names = new Set(placed.flatMap((one) => ('catalogue' in one ? [one.catalogue] : [])))
    const found = new Map<string, ReadonlyMap<string, KnownIndicator>>()
    for (const catalogue of names) {
      const ids = placed.flatMap((one) => ('catalogue' in one && one.catalogue === catalogue ? idsOf(one.line) : []))
      found.set(catalogue, await store.findIndicators({ catalogue, codebook: place.codebook }, ids))
    }
    for (const one of placed) {
      const { line } = one
      if ('message' in one) {
        yield { line, known: undefined, message: one.message }
        continue
      }
      const known = idsOf(line).flatMap((id) => found.get(one.catalogue)?.get(id) ?? [])[0]
      yield known === undefined
        ? { line, known, message: await unknown(store, line, place, one.catalogue) }
        : { line, known }
    }
  }
}

async function placeOf(store: Pick<Store, 'findClassifications'>, line: ReviewLine, place: Place): Promise<Placed> {
  const named = line.catalogue === undefined ? place.catalogue : readTextCell(line.catalogue)
  if (named !== undefined) return { line, catalogue: named }
  for (const id of idsOf(line)) {
    const found = await store.findClassifications(id, { codebook: place.codebook })
    const [only, ...others] = found.map(({ catalogue }) => catalogue)
    if (only === undefined) continue
    if (others.length === 0) return { line, catalogue: only }
    const names = [only, ...others].map((name) => showValue(name)).join(', ')
    const count = pluralise(others.length + 1, 'catalogue')
    return { line, message: `${showValue(line.indicatorId)} is in ${count}, ${names}: ${place.wording.nameCatalogue}` }
  }
  return { line, message: await unknown(store, line, place, undefined) }
}

/** Says that an id has no result by the codebook, and by which other codebooks or in which other catalogues it has one. */
async function unknown(
  store: Pick<Store, 'findClassifications'>,
  line: ReviewLine,
  { codebook, wording }: Place,
  catalogue: string | undefined,
): Promise<string> {
  const where = catalogue === undefined ? '' : `, catalogue ${showValue(catalogue)}`
  const sentence = `${showValue(line.indicatorId)} is not in the database${where} (codebook ${codebook})`
  for (const id of idsOf(line)) {
    const found = await store.findClassifications(id, catalogue === undefined ? {} : { catalogue })
    const [other, ...others] = new Set(
      found.map((one) => codebookNameOf(one.codebook)).filter((name) => name !== codebook),
    )
    if (other === undefined) continue
    const names = others.length === 0 ? '' : ` (also ${others.join(', ')})`
    return `${sentence}, but classified by another codebook: ${wording.nameCodebook(other)}${names}`
  }
  return `${sentence}: classify it first`
}

function idsOf({ indicatorId }: ReviewLine): string[] {
  return textsOfCell(indicatorId)
}

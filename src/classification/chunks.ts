/** Packs the indicators of a batch into chunks, of which each becomes one request to the model. A replay packs the same way. */

/** How often the model is asked about one indicator at the most: in a full chunk, in a chunk a third as large, and alone. */
export const MAX_ROUNDS = 3

/**
 * How many indicators one request to the model holds where the caller sets no number. This is far below MAX_PACK, because
 * small models leave indicators of a long list out of their answers.
 */
export const DEFAULT_PACK = 10

/**
 * The factor by which a chunk may exceed the default pack to take up a remainder, so that 13 indicators are one request of 13
 * instead of requests of 7 and 6.
 */
const STRETCH_FACTOR = 1.5

/**
 * The most tokens that the indicators of one request may have together, because long requests are answered slowly and with
 * gaps. An indicator usually takes 240 tokens, so that the limit on the number of indicators is reached first; of indicators
 * with a full description 8 to 10 fit.
 */
export const MAX_CHUNK_TOKENS = 5_000

/**
 * The rule how many indicators a chunk holds, in whole numbers of at least 1. The journal of a batch fixes the property
 * names.
 */
export interface PackRule {
  /** The number of indicators that a chunk should hold. */
  readonly pack: number
  /** The number of indicators that no chunk exceeds. */
  readonly most: number
}

/** Returns the pack rule for the pack that the caller set, which no chunk may exceed, or for the default pack. */
export function packRuleOf(pack: number | undefined): PackRule {
  return pack === undefined
    ? { pack: DEFAULT_PACK, most: Math.floor(DEFAULT_PACK * STRETCH_FACTOR) }
    : { pack: atLeastOne(pack), most: atLeastOne(pack) }
}

/**
 * Splits `items`, in their order, into chunks of about `rule.pack` items: 23 items at pack 10 give chunks of 12 and 11 where
 * `rule.most` is 15, and of 8, 8 and 7 where it is 10. The chunks are as even as possible, because even chunks finish
 * together. No chunk exceeds MAX_CHUNK_TOKENS in sum of `tokensOf`, except for a chunk of one item; where even chunks would
 * exceed it, the chunks are filled one after the other.
 */
export function packChunks<T>(
  items: readonly T[],
  rule: PackRule,
  tokensOf: (item: T) => number = () => 0,
): readonly (readonly T[])[] {
  const pack = atLeastOne(rule.pack)
  const most = Math.max(pack, atLeastOne(rule.most))
  const chunkCount = Math.max(Math.floor(items.length / pack), Math.ceil(items.length / most))
  const even = splitEvenly(items, chunkCount)
  const isTooLong = (chunk: readonly T[]) => chunk.length > 1 && sumOf(chunk, tokensOf) > MAX_CHUNK_TOKENS
  return even.some(isTooLong) ? fillChunks(items, Math.ceil(items.length / chunkCount), tokensOf) : even
}

function splitEvenly<T>(items: readonly T[], chunkCount: number): T[][] {
  const chunks: T[][] = []
  let start = 0
  for (let index = 0; index < chunkCount; index += 1) {
    const length = Math.ceil((items.length - start) / (chunkCount - index))
    chunks.push(items.slice(start, start + length))
    start += length
  }
  return chunks
}

/** Fills one chunk after the other with up to `most` items and MAX_CHUNK_TOKENS tokens. */
function fillChunks<T>(items: readonly T[], most: number, tokensOf: (item: T) => number): T[][] {
  const chunks: T[][] = []
  let last: T[] = []
  let tokens = 0
  for (const item of items) {
    const more = tokensOf(item)
    if (last.length > 0 && (last.length >= most || tokens + more > MAX_CHUNK_TOKENS)) {
      chunks.push(last)
      last = []
      tokens = 0
    }
    last.push(item)
    tokens += more
  }
  if (last.length > 0) chunks.push(last)
  return chunks
}

function sumOf<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0)
}

/**
 * Returns the pack rule for a round of asking, counted from 0: the full pack, then a third of it, then one indicator a
 * request. Indicators that an answer left out are asked about in shorter lists, because small models leave out more of a long
 * list.
 */
export function packRuleOfRound(rule: PackRule, round: number): PackRule {
  if (round <= 0) return rule
  const pack = round === 1 ? atLeastOne(rule.pack / 3) : 1
  return { pack, most: pack }
}

function atLeastOne(pack: number): number {
  return Number.isFinite(pack) ? Math.max(1, Math.floor(pack)) : 1
}

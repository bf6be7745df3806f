/** How open indicators are packed into requests to the model. Pure arithmetic, so that a replay packs the same way. */

/** Asking rounds for one indicator before it is given up: full pack, a third, alone. */
export const MAX_ROUNDS = 3

/** Indicators in one request to the model unless the caller says otherwise; facts.md calls ten a safe default. */
export const DEFAULT_PACK = 10

/**
 * A pack that nobody asked for may grow by half for the sake of a remainder: 13 are one request of 13, not 7 and 6. It
 * is far from the 25 that small models take, and the mean stays ten: only a remainder stretches a chunk, over all of it.
 */
const STRETCH = 1.5

/**
 * Tokens of the indicators in one request: 15 of 320, the longest of a varied catalogue, where a usual one has 240; with
 * full descriptions 8 to 10 fit. Long descriptions fill a chunk sooner, since the length of a question is what makes
 * answers slow and lists lose items.
 */
export const MAX_CHUNK_TOKENS = 5_000

/** Whole numbers, 1 or more. */
export interface PackRule {
  /** What a chunk should hold. */
  readonly pack: number
  /** What no chunk exceeds. */
  readonly most: number
}

/** The rule for a pack that the caller gave, which is then never exceeded, or for none. */
export function packRuleOf(pack: number | undefined): PackRule {
  return pack === undefined
    ? { pack: DEFAULT_PACK, most: Math.floor(DEFAULT_PACK * STRETCH) }
    : { pack: atLeastOne(pack), most: atLeastOne(pack) }
}

/**
 * Splits `items` in order into as many chunks as whole packs fit in, or more where a chunk would exceed `most` items or
 * `MAX_CHUNK_TOKENS` in sum of `tokensOf`; one item alone may exceed that. As even as possible, since even chunks
 * finish together: 23 at pack 10 gives 12, 11 where a chunk may stretch to 15, and 8, 8, 7 where it may not. Where long
 * items make the even split too long, chunks are filled one after the other.
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
 * The rule of asking round `round`, counted from 0: the full pack, then a third of it, then alone. What was left out of
 * an answer is asked in smaller company, because long lists are what small models lose items from.
 */
export function nextPack(rule: PackRule, round: number): PackRule {
  if (round <= 0) return rule
  const pack = round === 1 ? atLeastOne(rule.pack / 3) : 1
  return { pack, most: pack }
}

function atLeastOne(pack: number): number {
  return Number.isFinite(pack) ? Math.max(1, Math.floor(pack)) : 1
}

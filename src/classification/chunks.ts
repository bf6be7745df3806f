/** How open indicators are packed into requests to the model. Pure arithmetic, so that a replay packs the same way. */

/** Asking rounds for one indicator before it is given up: full pack, a third, alone. */
export const MAX_ROUNDS = 3

/**
 * Splits `items` in order into the fewest chunks of at most `pack`, as even as possible: 23 at pack 10 gives 8, 8, 7.
 * Even chunks finish together; 10, 10, 3 would wait for the tens. A pack below 1 counts as 1.
 */
export function packChunks<T>(items: readonly T[], pack: number): T[][] {
  const size = atLeastOne(pack)
  const chunkCount = Math.ceil(items.length / size)
  const chunks: T[][] = []
  let start = 0
  for (let index = 0; index < chunkCount; index += 1) {
    const length = Math.ceil((items.length - start) / (chunkCount - index))
    chunks.push(items.slice(start, start + length))
    start += length
  }
  return chunks
}

/**
 * The pack of asking round `round`, counted from 0: the full pack, then a third of it, then alone. What was left out of
 * an answer is asked in smaller company, because long lists are what small models lose items from.
 */
export function nextPack(pack: number, round: number): number {
  const size = atLeastOne(pack)
  if (round <= 0) return size
  return round === 1 ? atLeastOne(size / 3) : 1
}

function atLeastOne(pack: number): number {
  return Number.isFinite(pack) ? Math.max(1, Math.floor(pack)) : 1
}

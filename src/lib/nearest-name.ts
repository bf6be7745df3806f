/** Finds the known name that a mistyped name was probably meant to be. */

/**
 * The name in `known` that differs least from `name`: by at most two mistyped letters, or by parts left out after the
 * prefix, as in OPENAI_URL for OPENAI_BASE_URL. Undefined where no name is that near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const prefix = name.slice(0, name.indexOf('_') + 1)
  const rest = name.slice(prefix.length)
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const candidate of known) {
    const isPartLeftOut = prefix !== '' && rest !== '' && candidate.startsWith(prefix) && candidate.endsWith(`_${rest}`)
    const distance = isPartLeftOut ? 1 : editDistance(name, candidate)
    if (distance <= MAX_DISTANCE && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { name: candidate, distance }
  }
  return best?.name
}

/** The largest edit distance at which one name is suggested for another. */
const MAX_DISTANCE = 2

/**
 * The smallest number of inserted, deleted, replaced or swapped letters that turns `a` into `b`. Exact up to MAX_DISTANCE;
 * names whose lengths differ by more give a larger number without being compared.
 */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return MAX_DISTANCE + 1
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0
  for (let row = 1; row <= a.length; row += 1) {
    rows[row] = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      let least = Math.min(replaced, at(row - 1, column) + 1, at(row, column - 1) + 1)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, at(row - 2, column - 2) + 1)
      }
      rows[row]?.push(least)
    }
  }
  return at(a.length, b.length)
}

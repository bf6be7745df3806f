/** Ranks what a search finds as people expect it: names before descriptions, and the nearest name first. Pure. */

/** What is looked at of one thing that can be found. */
export interface Findable {
  readonly names: readonly string[]
  /** What says more of it, such as its definition. */
  readonly more: string
}

/**
 * What the words are found in, the best first: the exact name, beginnings of names, words in names, other places of names, words
 * of what says more, and last other places there. Among equals the order stays. All of `items` where nothing is searched.
 */
export function ranked<Item>(items: readonly Item[], search: string, of: (item: Item) => Findable): readonly Item[] {
  const wanted = plain(search)
  if (wanted === '') return items
  const words = wanted.split(' ')
  return items
    .map((item) => ({ item, rank: rankOf(of(item), wanted, words) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ item }) => item)
}

function rankOf({ names, more }: Findable, wanted: string, words: readonly string[]): number | undefined {
  const known = names.map(plain)
  const text = plain(more)
  const tests = [
    () => known.includes(wanted),
    () => known.some((name) => name.startsWith(wanted)),
    () => known.some((name) => words.every((word) => beginsWord(name, word))),
    () => known.some((name) => words.every((word) => name.includes(word))),
    () => words.every((word) => beginsWord(text, word)),
    () => words.every((word) => text.includes(word) || known.some((name) => name.includes(word))),
  ]
  const rank = tests.findIndex((test) => test())
  return rank < 0 ? undefined : rank
}

function beginsWord(text: string, word: string): boolean {
  return ` ${text}`.includes(` ${word}`)
}

/** Machines write names with dashes and underscores where people write spaces. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s_,;:()"'/-]+/g, ' ')
    .trim()
}

/** Finds, in a code list too long for a prompt, the codes that a record may have: by text search over titles and synonyms. */
import MiniSearch from 'minisearch'
import { type CodeList, pathOf } from '../codebooks/code-list.ts'
import type { Indicator } from './types.ts'

export interface Shortlister {
  /** Returns the `count` likeliest codes for a record, the likeliest first; fewer only where the code list holds fewer. */
  find(record: Indicator, count: number): readonly string[]
}

/** The factor by which a question after the answer "none of these" shows more codes than the first question. */
export const WIDENED = 4

/** The weight of a word by the part of a code that holds it: titles and synonyms say most, the titles of parents least. */
const BOOST = { title: 4, synonyms: 4, definition: 1.5, path: 1 }
const SEARCHED_TEXTS = ['name', 'long_name', 'description', 'topic', 'category_group', 'units'] as const

/** Finds codes of a list; with `onlyLeaves` codes that have children are left out. The first question builds the index. */
export function createShortlister(list: CodeList, onlyLeaves: boolean): Shortlister {
  const answers = list.codes.filter(({ code }) => !onlyLeaves || list.leaves.has(code))
  const all = answers.map(({ code }) => code)
  let index: Index | undefined
  const search = (text: string) => {
    index ??= buildIndex(list, answers)
    const counts = countTerms(text)
    // A word that stands again weighs as often as it stands, and is searched once.
    return index.search(text, {
      tokenize: () => [...counts.keys()],
      processTerm: (term) => term,
      boostTerm: (term) => counts.get(term) ?? 1,
    })
  }
  return {
    find(record, count) {
      const [name = '', ...others] = SEARCHED_TEXTS.flatMap((text) => record[text] ?? [])
      const byName = search(name).map(({ id, score }) => [id, 2 * score] as const)
      const byOthers = others.length === 0 ? [] : search(others.join(' ')).map(({ id, score }) => [id, score] as const)
      const scores = new Map<string, number>()
      for (const [id, score] of [...byName, ...byOthers]) scores.set(id, (scores.get(id) ?? 0) + score)
      const found = [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([id]) => id)
      // Where the search finds fewer codes than asked for, the other codes of the list follow in their own order.
      return [...new Set([...found, ...all])].slice(0, count)
    },
  }
}

type Index = MiniSearch<Entry>

interface Entry {
  readonly id: string
  readonly title: string
  readonly synonyms: string
  readonly definition: string
  readonly path: string
}

/** Builds the index of these codes of a list: at the start of a process 70 ms for 424 codes, which most processes never search. */
function buildIndex(list: CodeList, codes: CodeList['codes']): Index {
  const index = new MiniSearch<Entry>({
    fields: ['title', 'synonyms', 'definition', 'path'],
    processTerm: stem,
    searchOptions: {
      boost: BOOST,
      prefix: (term) => term.length > 4,
      fuzzy: (term, index) => (term.length > 5 && index < MOST_FUZZY ? 0.2 : false),
      combineWith: 'OR',
    },
  })
  index.addAll(
    codes.map(({ code, title, synonyms, definition }) => ({
      id: code,
      title,
      synonyms: synonyms.join(' '),
      definition,
      path: pathOf(list, code).slice(0, -1).join(' '),
    })),
  )
  return index
}

/** How often each word stands in a text, in the order of the words and in the form in which they are searched. */
function countTerms(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const word of MiniSearch.getDefault('tokenize')(text)) {
    const term = stem(word)
    if (term !== null) counts.set(term, (counts.get(term) ?? 0) + 1)
  }
  return counts
}

/**
 * So many words of a text are searched with their typing errors forgiven, and the others as they stand. Of a long list of codes
 * each such word takes up to 4 ms.
 */
const MOST_FUZZY = 150
/** The most characters of a word that are searched. A search that forgives typing errors takes time with each of them. */
const MAX_WORD = 60

/**
 * Reduces a word to lower case without accents and common English endings. Returns null for a word such as "of", which is not
 * searched.
 */
function stem(term: string): string | null {
  const plain = term.slice(0, MAX_WORD).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().slice(0, MAX_WORD)
  if (plain.length < 2 || STOP_WORDS.has(plain)) return null
  return plain.replace(/ies$/, 'y').replace(/(?<=..[^s])s$/, '')
}

const STOP_WORDS = new Set([
  'the',
  'of',
  'and',
  'for',
  'in',
  'to',
  'or',
  'with',
  'by',
  'on',
  'at',
  'an',
  'as',
  'from',
  'other',
  'nec',
])

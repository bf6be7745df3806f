/** Reads a code of a code list as a person wrote it: the code, its title, or both; and suggests codes where the text is neither. */
import { showValue } from '../catalogue/problem-report.ts'
import type { Shortlister } from '../classification/shortlist.ts'
import type { CodeList } from '../codebooks/code-list.ts'
import { titledCode } from '../codebooks/code-list.ts'
import type { FieldKind } from '../codebooks/codebook.ts'

type Codes = Extract<FieldKind, { kind: 'codes' }>

/** A message suggests at most this many codes. */
const MOST_SUGGESTED = 5

/** Returns the code that the text means, or a sentence that says why it means none and suggests codes. */
export function readCodeText(
  { list, onlyLeaves }: Codes,
  text: string,
  shortlister: Shortlister | undefined,
): { readonly label: string } | { readonly message: string } {
  const isAnswer = (code: string) => !onlyLeaves || list.leaves.has(code)
  const code = codeIn(list, text)
  if (code !== undefined) {
    return isAnswer(code)
      ? { label: code }
      : {
          message: `${showValue(text)} is a group of codes: give one of its codes, such as ${titled(list, leavesOf(list, code))}`,
        }
  }
  const byTitle = list.codes.filter(({ title }) => canonical(title) === canonical(text)).map((one) => one.code)
  const answers = byTitle.filter(isAnswer)
  const [only, ...others] = answers
  if (only !== undefined && others.length === 0) return { label: only }
  if (only !== undefined) {
    return { message: `${showValue(text)} is the title of several codes, give one of them: ${titled(list, answers)}` }
  }
  const [group] = byTitle
  if (group !== undefined) {
    const below = titled(list, leavesOf(list, group))
    return { message: `${showValue(text)} is the title of a group of codes: give one of its codes, such as ${below}` }
  }
  const near = suggest(list, text, isAnswer, shortlister)
  const advice = near.length === 0 ? '' : `, which has codes such as ${titled(list, near)}`
  return { message: `${showValue(text)} is no code and no title of the list${advice}` }
}

/** Whether the text is a code of the list, whatever it is as a title. */
export function isCode({ list }: Codes, text: string): boolean {
  return list.byCode.has(text) || list.byCode.has(text.toUpperCase())
}

/** The code that stands alone in the text, or before its title as lists of review show it. */
function codeIn(list: CodeList, text: string): string | undefined {
  const known = (code: string) => (list.byCode.get(code) ?? list.byCode.get(code.toUpperCase()))?.code
  const alone = known(text)
  if (alone !== undefined) return alone
  const [first = '', ...rest] = text.split(/\s+/)
  const code = known(first)
  const title = code === undefined ? undefined : list.byCode.get(code)?.title
  if (code === undefined || title === undefined) return undefined
  const said = canonical(rest.join(' '))
  return said === canonical(title) || canonical(`${code} ${said}`) === canonical(titledCode(list, code))
    ? code
    : undefined
}

/** The codes below a group that are no group themselves. */
function leavesOf(list: CodeList, group: string): string[] {
  const isBelow = (code: string): boolean => {
    const parent = list.byCode.get(code)?.parent ?? null
    return parent !== null && (parent === group || isBelow(parent))
  }
  return list.codes.flatMap(({ code }) => (list.leaves.has(code) && isBelow(code) ? [code] : []))
}

function suggest(
  list: CodeList,
  text: string,
  isAnswer: (code: string) => boolean,
  shortlister: Shortlister | undefined,
): readonly string[] {
  if (text === '') return []
  const wanted = text.toUpperCase()
  const alike = list.codes.flatMap(({ code }) => {
    const known = code.toUpperCase()
    return isAnswer(code) && (known.startsWith(wanted) || wanted.startsWith(known)) ? [code] : []
  })
  if (alike.length > 0) return alike
  return shortlister?.find({ indicator_id: '', name: text, sample_values: [] }, MOST_SUGGESTED) ?? []
}

function titled(list: CodeList, codes: readonly string[]): string {
  const more = codes.length > MOST_SUGGESTED ? ` and ${codes.length - MOST_SUGGESTED} more` : ''
  return `${codes
    .slice(0, MOST_SUGGESTED)
    .map((code) => titledCode(list, code))
    .join('; ')}${more}`
}

function canonical(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, ' ')
}

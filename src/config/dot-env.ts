/** Reads the text of a `.env` file as Docker Compose reads it, and refuses what Compose and other readers take differently. */

/** The variables that the file sets, and what is wrong in it: a sentence for each line, without a value. */
export interface DotEnv {
  readonly values: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/
/** Characters that no editor shows and that readers treat differently. A newline and a tab are not among them. */
const UNSEEN = /[^\P{Cc}\n\t]|\u{FEFF}/u
const SINGLE = "put the value in single quotes, as in NAME='value'"

/** Parses the whole text. A byte order mark at its beginning and line ends of Windows change nothing. */
export function parseDotEnv(text: string): DotEnv {
  const values = new Map<string, string>()
  const problems: string[] = []
  const lines = text.replace(/^\u{FEFF}/u, '').split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const line = withoutReturn(lines[at] ?? '')
    if (/^[ \t]*(?:#|$)/.test(line)) continue
    const [whole = '', name = ''] = ASSIGNMENT.exec(line) ?? []
    const refuse = (problem: string) => problems.push(`line ${at + 1}: ${problem}`)
    if (name === '') {
      refuse('must be NAME=value, or begin with # as a comment')
      continue
    }
    const rest = line.slice(whole.length)
    const quote = /^['"]/.exec(rest)?.[0]
    // A quoted value may go on over further lines, whose returns Compose keeps.
    const raw = (lines[at] ?? '').slice(whole.length + 1)
    const read = quote === undefined ? readPlain(rest) : readQuoted(quote, raw, lines.slice(at + 1))
    if ('problem' in read) refuse(`${name} ${read.problem}`)
    else values.set(name, read.value)
    at += 'more' in read ? read.more : 0
  }
  return { values, problems }
}

function withoutReturn(line: string): string {
  return line.replace(/\r$/, '')
}

/** A value, or what is wrong with it; `more` is the number of further lines that it takes. */
type Read = ({ readonly value: string } | { readonly problem: string }) & { readonly more?: number }

function readPlain(rest: string): Read {
  if (UNSEEN.test(rest)) return { problem: UNSEEN_PROBLEM }
  if (/[^\P{Zs} ]/u.test(rest)) return { problem: `has a space that is no plain one: remove it, or ${SINGLE}` }
  const value = rest.replace(/ #.*$/, '').trim()
  if (value.startsWith('#'))
    return { problem: `begins with #, which may be a value or a comment: ${SINGLE}, or remove it` }
  if (value.startsWith('`')) return { problem: `begins with a backtick, which Docker Compose keeps: ${SINGLE}` }
  if (value.includes('\t#'))
    return { problem: 'has a tab before #: put a space there for a comment, or single quotes around a value' }
  return checked(value)
}

function readQuoted(quote: string, rest: string, following: readonly string[]): Read {
  const text = [rest, ...following].join('\n')
  const end = text.indexOf(quote)
  if (end === -1) return { problem: `has no closing ${quote}: add it`, more: following.length }
  const value = text.slice(0, end)
  const more = value.split('\n').length - 1
  const after = withoutReturn(text.slice(end + 1).split('\n', 1)[0] ?? '')
  if (value.endsWith('\\'))
    return { problem: `has a backslash before ${quote}, which readers take differently: ${WITHOUT_FILE}`, more }
  if (!/^[ \t]*(?:#.*)?$/.test(after)) return { problem: `has text after its closing ${quote}: ${WITHOUT_FILE}`, more }
  if (quote === "'") return { ...checkUnseen(value), more }
  if (/\\(?!n)/.test(value))
    return { problem: `has a backslash in double quotes, which readers take differently: ${SINGLE}`, more }
  return { ...checked(value.replaceAll('\\n', '\n')), more }
}

const WITHOUT_FILE = 'set it in the shell, or a secret in a file (NAME_FILE)'

function checked(value: string): Read {
  if (value.includes('$')) return { problem: `has a $, which Docker Compose replaces: ${SINGLE}` }
  return checkUnseen(value)
}

const UNSEEN_PROBLEM = 'has a control character: remove it, or write the line anew'

function checkUnseen(value: string): Read {
  return UNSEEN.test(value) ? { problem: UNSEEN_PROBLEM } : { value }
}

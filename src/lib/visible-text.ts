/** Makes foreign text safe to show: what a terminal obeys, or a reader cannot see, stands there as an escape such as `\u{202e}`. */

/**
 * Characters that a terminal obeys (controls, also those of eight bits), that turn the direction of text, that begin another
 * line, that nobody sees (zero-width characters, fillers, tags, variation selectors), and halves of a surrogate pair.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\ufff9-\ufffb]/gu
/** The same without tab and newline, which belong to the form of a text of several lines. */
const UNSEEN_IN_LINES =
  /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\ufff9-\ufffb]/gu

/** The scripts in whose words a joiner or a non-joiner changes how letters look, as in Persian, Hindi or Sinhala. */
const JOINING_LETTER =
  /[[\p{scx=Arab}\p{scx=Syrc}\p{scx=Nkoo}\p{scx=Mand}\p{scx=Adlm}\p{scx=Rohg}\p{scx=Mong}\p{scx=Phag}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Tibt}\p{scx=Mymr}\p{scx=Khmr}\p{scx=Java}\p{scx=Bali}\p{scx=Newa}]&&[\p{L}\p{M}]]$/v
const EMOJI_BEFORE = /\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?$/u
const EMOJI_NEXT = /^\p{Extended_Pictographic}/u
/** Two emoji with their modifiers are at most this many UTF-16 units, so that no more of a text is looked at. */
const NEAR = 8

/**
 * Returns `text` as one line that is safe on a terminal, in a log, in a report and in a cell of a spreadsheet. Words of all
 * languages and emoji stay as they are, with their combining marks and with the joiners that their letters need.
 */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, escapeAs(shownForm))
}

/** The same for a text of several lines that this program has put together, whose newlines and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(UNSEEN_IN_LINES, escapeAs(shownForm))
}

/** Joins lines to a text of which each is one line, whatever stands in them. */
export function joinLines(lines: readonly string[]): string {
  return lines.map(visibleText).join('\n')
}

/**
 * Escapes the same characters inside a JSON text, as `\u202e`, so that a terminal shows it safely and a program reads the very
 * same values from it. Newlines between the lines of the JSON stay.
 */
export function visibleJson(json: string): string {
  return json.replace(UNSEEN_IN_LINES, escapeAs(jsonForm))
}

/** Settings of a pino log by which none of its lines holds a character that a terminal obeys or a reader does not see. */
export const LOG_HOOKS = { streamWrite: visibleJson } as const

/** Writes a value as JSON in one line that is safe on a terminal. */
export function toVisibleJson(value: unknown): string {
  return visibleJson(JSON.stringify(value))
}

/** Reads back what `visibleText` has written. A text that holds such an escape by itself is read as if it had been written so. */
export function readVisibleText(text: string): string {
  return text.replace(/\\(?:([nrt])|u\{([0-9a-f]{1,6})\})/g, (written, letter: string | undefined, hex: string) => {
    if (letter !== undefined) return SHORT_FORMS.find(([, short]) => short === `\\${letter}`)?.[0] ?? written
    const code = Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : written
  })
}

const SHORT_FORMS = [
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
] as const

function escapeAs(form: (character: string) => string): (character: string, at: number, text: string) => string {
  return (character, at, text) => (isNeeded(character, at, text) ? character : form(character))
}

function shownForm(character: string): string {
  const short = SHORT_FORMS.find(([plain]) => plain === character)
  return short?.[1] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

function jsonForm(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** Whether the unseen character is a part of a word or of an emoji, which without it would be another one. */
function isNeeded(character: string, at: number, text: string): boolean {
  const before = () => text.slice(Math.max(0, at - NEAR), at)
  const next = () => text.slice(at + character.length, at + character.length + NEAR)
  switch (character) {
    case '\u200c':
      return JOINING_LETTER.test(before())
    case '\u200d':
      return JOINING_LETTER.test(before()) || (EMOJI_BEFORE.test(before()) && EMOJI_NEXT.test(next()))
    case '\ufe0e':
    case '\ufe0f':
      return /\p{Extended_Pictographic}$/u.test(before()) || (/[0-9#*]$/.test(before()) && next().startsWith('\u20e3'))
    default:
      // Forms of Han characters and of Mongolian letters.
      if (/[\ufe00-\ufe0d\u{e0100}-\u{e01ef}]/u.test(character)) return /\p{Ideographic}$/u.test(before())
      return /[\u180b-\u180f]/.test(character) && /\p{Script=Mongolian}$/u.test(before())
  }
}

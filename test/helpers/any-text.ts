/** Texts of any characters for property tests: those of the unit "binary" of fast-check, draw for draw. */
import fc from 'fast-check'

const FIRST_SURROGATE = 0xd800
const SURROGATES = 0x800

const character = fc.integer({ min: 0, max: 0x10_ffff - SURROGATES }).map(
  (place) => String.fromCodePoint(place < FIRST_SURROGATE ? place : place + SURROGATES),
  (value) => {
    const code = typeof value === 'string' ? (value.codePointAt(0) ?? 0) : 0
    const isCharacter = typeof value === 'string' && value === String.fromCodePoint(code) && value.isWellFormed()
    if (!isCharacter) throw new Error('no character')
    return code < FIRST_SURROGATE ? code : code - SURROGATES
  },
)

/**
 * A text of whole characters. fast-check would make a table of all 1.1 million of them in every process, which takes a second of
 * CPU time and 180 MB.
 */
export function anyText(constraints: Omit<fc.StringConstraints, 'unit'> = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: character })
}

/** Holds the cells of a row group column by column, the texts as bytes beside each other, until the group is written. */
import { type ColumnType, type TypedValue, typedValue } from './cell-values.ts'

const FIRST_BYTES = 65_536
const FIRST_CELLS = 1_024
/** How many texts of a column are known again. */
const MAX_KNOWN = 256
/** Stands for a cell without a text. */
const NO_TEXT = 0xffff_ffff

/** The cells of one column. */
export interface HeldColumn {
  push(cell: unknown): void
  /** The bytes of the texts that are held. */
  readonly bytes: number
  /** Makes the values anew at each call, so that no more than those of one column are in the heap. */
  values(): (TypedValue | bigint)[]
  clear(): void
}

export function createHeldColumn(type: ColumnType): HeldColumn {
  return type === 'text' || type === 'texts' ? heldTexts(type) : heldValues(type)
}

/**
 * Texts as UTF-8 in one buffer, which is used again for the next group. As strings they would outlive the youngest generation of the
 * heap, which then grows by several row groups until they are collected. What stands in a column again and again is held once.
 */
function heldTexts(type: ColumnType): HeldColumn {
  let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  /** Of each cell the end of its text in the buffer, where it is the first of its text, and the cell that is. */
  let ends = new Uint32Array(FIRST_CELLS)
  let firsts = new Uint32Array(FIRST_CELLS)
  const known = new Map<string, number>()
  let count = 0
  let used = 0

  function firstOf(text: string): number {
    const first = known.get(text)
    if (first !== undefined) return first
    if (known.size < MAX_KNOWN) known.set(text, count)
    // A character takes three bytes at most; a half of a surrogate pair becomes U+FFFD, because it has no bytes in UTF-8.
    const most = used + 3 * text.length
    if (most > buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(most, 2 * buffer.length))
      buffer.copy(larger, 0, 0, used)
      buffer = larger
    }
    used += buffer.write(text, used)
    return count
  }

  return {
    get bytes() {
      return used
    },
    push: (cell) => {
      const text = typedValue(type, cell)
      if (count === ends.length) {
        ends = longer(ends)
        firsts = longer(firsts)
      }
      firsts[count] = typeof text === 'string' ? firstOf(text) : NO_TEXT
      ends[count] = used
      count += 1
    },
    values: () => {
      const values: (string | null)[] = []
      let start = 0
      for (let cell = 0; cell < count; cell += 1) {
        const first = firsts[cell] ?? NO_TEXT
        const end = ends[cell] ?? 0
        if (first === NO_TEXT) values.push(null)
        else values.push(first === cell ? buffer.toString('utf8', start, end) : (values[first] ?? null))
        start = end
      }
      return values
    },
    clear: () => {
      known.clear()
      count = 0
      used = 0
    },
  }
}

function longer(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(2 * numbers.length)
  twice.set(numbers)
  return twice
}

function heldValues(type: ColumnType): HeldColumn {
  let held: TypedValue[] = []
  return {
    bytes: 0,
    push: (cell) => {
      held.push(typedValue(type, cell))
    },
    values: () =>
      type === 'integer' ? held.map((value) => (typeof value === 'number' ? BigInt(value) : value)) : held,
    clear: () => {
      held = []
    },
  }
}

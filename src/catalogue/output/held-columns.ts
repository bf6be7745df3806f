/** Holds the cells of a row group column by column, the texts as bytes beside each other, until the group is written. */
import { type ColumnType, type TypedValue, typedValue } from './cell-values.ts'

const FIRST_BYTES = 65_536
const FIRST_CELLS = 1_024
/** Stands for the end of a text where there is none. */
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
 * heap, which then grows by several row groups until they are collected.
 */
function heldTexts(type: ColumnType): HeldColumn {
  let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  let ends = new Uint32Array(FIRST_CELLS)
  let count = 0
  let used = 0
  return {
    get bytes() {
      return used
    },
    push: (cell) => {
      const text = typedValue(type, cell)
      if (count === ends.length) {
        const longer = new Uint32Array(2 * count)
        longer.set(ends)
        ends = longer
      }
      if (typeof text === 'string') {
        // A character takes three bytes at most; a half of a surrogate pair becomes U+FFFD, because it has no bytes in UTF-8.
        const most = used + 3 * text.length
        if (most > buffer.length) {
          const larger = Buffer.allocUnsafeSlow(Math.max(most, 2 * buffer.length))
          buffer.copy(larger, 0, 0, used)
          buffer = larger
        }
        used += buffer.write(text, used)
      }
      ends[count] = typeof text === 'string' ? used : NO_TEXT
      count += 1
    },
    values: () => {
      let start = 0
      return Array.from(ends.subarray(0, count), (end) => {
        if (end === NO_TEXT) return null
        const text = buffer.toString('utf8', start, end)
        start = end
        return text
      })
    },
    clear: () => {
      count = 0
      used = 0
    },
  }
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

/** An index of the ids in a catalogue, with line and content of each, that takes 16 bytes a slot whatever the length of an id. */
import { hash } from 'node:crypto'

/** How many 32-bit numbers one slot of the hash table takes. */
const WORDS_PER_SLOT = 4
const FIRST_SLOTS = 65_536
/** The hash table doubles its size once more than this part of its slots is used, 0 to 1. */
const MAX_LOAD = 0.8

/** What the index returns for an id that an earlier record of the catalogue had. */
export interface KnownId {
  /** The line of the first record with this id. */
  readonly line: number
  /** Whether the first record with this id had the same content as the record that is compared with it. */
  readonly isSameContent: boolean
}

/**
 * A hash table in one array. A slot holds 64 bits of the id's SHA-256, 32 bits of the SHA-256 of the record's content, and
 * the line, so that 1,000,000 ids take 34 MB. Two of 1,000,000 ids collide with a chance of 3 in 100 million; a collision
 * would refuse the file and name both lines.
 */
export class DuplicateIndex {
  #table = new Uint32Array(FIRST_SLOTS * WORDS_PER_SLOT)
  #slots = FIRST_SLOTS
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Adds a new id to the index and returns undefined. For an id that the index holds already, returns its first record. */
  add(id: string, content: string, line: number): KnownId | undefined {
    const key = digest(id)
    const [body] = digest(content)
    const slot = this.#slotOf(key[0], key[1])
    if (this.#table[slot + 3] !== 0) return this.#knownAt(slot, body)
    this.#table.set([key[0], key[1], body, line], slot)
    this.#count += 1
    if (this.#count > MAX_LOAD * this.#slots) this.#grow()
    return undefined
  }

  /** Looks up the first record of an id without adding the id to the index. */
  get(id: string, content: string): KnownId | undefined {
    const key = digest(id)
    const slot = this.#slotOf(key[0], key[1])
    return this.#table[slot + 3] === 0 ? undefined : this.#knownAt(slot, digest(content)[0])
  }

  #knownAt(slot: number, body: number): KnownId {
    return { line: this.#table[slot + 3] ?? 0, isSameContent: this.#table[slot + 2] === body }
  }

  /** Finds the slot with this key, or the free slot where the key belongs. A slot whose line is 0 is free. */
  #slotOf(high: number, low: number): number {
    const mask = this.#slots - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS_PER_SLOT
      if (this.#table[at + 3] === 0) return at
      if (this.#table[at] === high && this.#table[at + 1] === low) return at
    }
  }

  #grow(): void {
    const old = this.#table
    this.#slots *= 2
    this.#table = new Uint32Array(this.#slots * WORDS_PER_SLOT)
    for (let at = 0; at < old.length; at += WORDS_PER_SLOT) {
      if (old[at + 3] === 0) continue
      this.#table.set(old.subarray(at, at + WORDS_PER_SLOT), this.#slotOf(old[at] ?? 0, old[at + 1] ?? 0))
    }
    // The transfer frees the old table at once, because the garbage collector is slow to free memory outside its heap.
    old.buffer.transfer(0)
  }
}

type Digest = readonly [number, number]

/**
 * Returns the first 64 bits of the SHA-256 of `text`. The hash is read as hexadecimal text, because a Buffer for each hash
 * would stay outside the heap until collected, which takes 30 MB for 200,000 records.
 */
function digest(text: string): Digest {
  const hex = hash('sha256', text, 'hex')
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8, 16), 16)]
}

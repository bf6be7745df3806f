/** Tables of the ids in a catalogue, with two numbers each, that take 16 bytes a slot whatever the length of an id. */
import { hash } from 'node:crypto'

/** How many 32-bit numbers one slot of the hash table takes. */
const WORDS_PER_SLOT = 4
const FIRST_SLOTS = 4_096
/** The hash table doubles its size once more than this part of its slots is used, 0 to 1. */
const MAX_LOAD = 0.8

/** Two whole numbers of 32 bits; the second is never 0, which marks a free slot. */
export type Pair = readonly [number, number]

/**
 * A hash table in one array, of which a slot holds 64 bits of the id's SHA-256 and the two numbers, so that 1,000,000 ids take 34 MB.
 * Two of 1,000,000 ids collide with a chance of 3 in 100 million.
 */
export class IdTable {
  #table = new Uint32Array(FIRST_SLOTS * WORDS_PER_SLOT)
  #slots = FIRST_SLOTS
  #count = 0

  get count(): number {
    return this.#count
  }

  get(id: string): Pair | undefined {
    const key = digest(id)
    return this.#pairAt(this.#slotOf(key[0], key[1]))
  }

  /** Adds a new id and returns undefined. For an id that is there already, changes nothing and returns its pair. */
  add(id: string, pair: Pair): Pair | undefined {
    const key = digest(id)
    const slot = this.#slotOf(key[0], key[1])
    const known = this.#pairAt(slot)
    if (known === undefined) this.#insert(slot, key, pair)
    return known
  }

  /** Gives an id its pair, in place of one that it has. */
  set(id: string, pair: Pair): void {
    const key = digest(id)
    const slot = this.#slotOf(key[0], key[1])
    if (this.#pairAt(slot) === undefined) this.#insert(slot, key, pair)
    else this.#table.set(pair, slot + 2)
  }

  #pairAt(slot: number): Pair | undefined {
    const second = this.#table[slot + 3] ?? 0
    return second === 0 ? undefined : [this.#table[slot + 2] ?? 0, second]
  }

  #insert(slot: number, key: Pair, pair: Pair): void {
    this.#table.set([...key, ...pair], slot)
    this.#count += 1
    if (this.#count > MAX_LOAD * this.#slots) this.#grow()
  }

  /** Finds the slot with this key, or the free slot where the key belongs. */
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

/**
 * Returns the first 64 bits of the SHA-256 of `text`. The hash is read as hexadecimal text, because a Buffer for each hash
 * would stay outside the heap until collected, which takes 30 MB for 200,000 records.
 */
function digest(text: string): Pair {
  const hex = hash('sha256', text, 'hex')
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8, 16), 16)]
}

/** What the index returns for an id that an earlier record of the catalogue had. */
export interface KnownId {
  /** The line of the first record with this id. */
  readonly line: number
  /** Whether the first record with this id had the same content as the record that is compared with it. */
  readonly isSameContent: boolean
}

/** Holds 32 bits of the SHA-256 of a record's content, and its line. A collision of two ids would refuse the file and name both lines. */
export class DuplicateIndex {
  readonly #table = new IdTable()

  get count(): number {
    return this.#table.count
  }

  /** Adds a new id to the index and returns undefined. For an id that the index holds already, returns its first record. */
  add(id: string, content: string, line: number): KnownId | undefined {
    const [body] = digest(content)
    return knownAs(this.#table.add(id, [body, line]), body)
  }

  /** Looks up the first record of an id without adding the id to the index. */
  get(id: string, content: string): KnownId | undefined {
    return knownAs(this.#table.get(id), digest(content)[0])
  }
}

function knownAs(found: Pair | undefined, body: number): KnownId | undefined {
  return found === undefined ? undefined : { line: found[1], isSameContent: found[0] === body }
}

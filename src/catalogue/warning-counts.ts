/** Counts what was left out of a catalogue without refusing the file, and turns the counts into warnings. */
import type { NormaliseWarnings } from '../classification/indicator.ts'
import { showValue } from './problem-report.ts'
import type { CatalogueWarning } from './types.ts'

const MAX_NAMES_KEPT = 1_000
const MAX_NAMES_SHOWN = 10
const MAX_NAME_LENGTH = 80

/** What records of a gold file have beside their texts. */
const GOLD_PROPERTIES: ReadonlySet<string> = new Set(['labels', 'first_reading'])

export class WarningCounts {
  /** The names of unknown fields, at most MAX_NAMES_KEPT, because a hostile file could have a new name in every record. */
  readonly #unknownFields = new Set<string>()
  #goldRecords = 0
  #droppedPoints = 0
  #duplicates = 0
  #skipped = 0
  #controls = 0
  #rowsWithoutPeriod = 0
  #numberedIds = 0
  #cutTexts = 0

  note(warnings: NormaliseWarnings): void {
    this.#droppedPoints += warnings.droppedPoints
    if (warnings.unknownFields.includes('labels')) this.#goldRecords += 1
    for (const name of warnings.unknownFields) {
      if (GOLD_PROPERTIES.has(name)) continue
      if (this.#unknownFields.size >= MAX_NAMES_KEPT) break
      this.#unknownFields.add(name.slice(0, MAX_NAME_LENGTH))
    }
  }

  noteDuplicate(): void {
    this.#duplicates += 1
  }

  noteControls(): void {
    this.#controls += 1
  }

  /** Notes what the reader of a table that it turns, or whose ids it makes, has counted by itself. */
  noteReader({
    rowsWithoutPeriod,
    numberedIds,
  }: {
    readonly rowsWithoutPeriod: number
    readonly numberedIds: number
  }): void {
    this.#rowsWithoutPeriod = rowsWithoutPeriod
    this.#numberedIds = numberedIds
  }

  noteCut(): void {
    this.#cutTexts += 1
  }

  noteSkipped(): void {
    this.#skipped += 1
  }

  toWarnings(): CatalogueWarning[] {
    const warnings: CatalogueWarning[] = []
    const add = (code: string, count: number, message: string) => {
      if (count > 0) warnings.push({ code, count, message })
    }
    add('gold-labels', this.#goldRecords, 'labels of a gold file are not read: the service decides by itself')
    add('unknown-fields', this.#unknownFields.size, this.#unknownFieldsMessage())
    add(
      'dropped-points',
      this.#droppedPoints,
      'sample points left out: without a readable date and number, or with the date of a later point',
    )
    add('control-characters', this.#controls, 'records with control characters, which were replaced by spaces')
    add(
      'duplicate-indicators',
      this.#duplicates,
      'records left out: an earlier record has the same indicator with the same content',
    )
    add('rows-without-period', this.#rowsWithoutPeriod, 'rows left out: they name no period')
    add('numbered-ids', this.#numberedIds, 'ids with a number behind them: other rows have the same ones')
    add('cut-texts', this.#cutTexts, 'records with texts that were cut, because they are longer than their fields')
    add('skipped-records', this.#skipped, 'invalid records skipped')
    return warnings
  }

  #unknownFieldsMessage(): string {
    const names = [...this.#unknownFields]
    const shown = names.slice(0, MAX_NAMES_SHOWN).map(showValue).join(', ')
    const rest = names.length > MAX_NAMES_SHOWN ? ` and ${names.length - MAX_NAMES_SHOWN} more` : ''
    return `unknown fields left out: ${shown}${rest}`
  }
}

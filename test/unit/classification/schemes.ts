/** The codebooks of the tests of the engine: one made for them with every kind of field, and the default one. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type PreparedScheme, prepareScheme } from '../../../src/classification/scheme.ts'
import { codeOf } from '../../../src/codebooks/built-in.ts'
import { type ParsedCodebook, readCodebookText } from '../../../src/codebooks/parse.ts'
import type { CodebookCode, Decision, Indicator, Labels, Reading } from '../../../src/codebooks/types.ts'
import { findingOf } from '../../helpers/codebooks/readings.ts'

export const SHOP_YAML = `name: shop-goods
version: 3
title: Goods of a shop
instructions: Judge by the name.
record:
  name: good
  plural: goods
  description: One thing that a shop sells.
  texts: [{name: name, limit: 40}, {name: description, limit: 60}, {name: units}]
  samples: 2
fields:
  - name: shade
    title: Shade
    guidance: The first that fits.
    note: Grey is a shade too.
    values:
      - {value: pale, definition: Light colours., not: white paper (none)}
      - {value: dark, definition: Dark colours.}
      - {value: none, definition: No colour at all.}
  - name: tone
    title: Tone
    derived: {from: shade, values: {bright: [pale], dim: [dark], plain: [none]}}
  - name: uses
    title: Uses
    multi: true
    max: 2
    values:
      - {value: kitchen, definition: Cooking.}
      - {value: garden, definition: Plants.}
      - {value: office, definition: Work.}
  - name: pack
    title: Pack size
    values: [{value: 1, definition: Single.}, {value: 12, definition: A dozen.}]
  - name: origin
    title: Country of origin
    nullable: true
    pattern: {matches: "[A-Z]{2}", definition: ISO code.}
  - name: weight
    title: Weight
    applies_when: {uses: kitchen}
    number: {min: 0, max: 100, whole: false, definition: Kilograms.}
  - name: maker
    title: Maker
    nullable: true
    text: {max_length: 20, definition: Who makes it.}
  - name: product
    title: Product
    codes: {file: products.csv, shortlist: 5}
  - name: shelf
    title: Shelf
    asked: false
    values: [{value: top, definition: High.}, {value: low, definition: Low.}]
constraints:
  - name: dark-in-kitchen
    when: {shade: dark}
    forbid: {uses: kitchen}
    message: "{shade} things ({tone}, {nothing}) are not for the kitchen"
  - {name: dozen-without-use, when: {pack: 12}, require: {uses: [garden, office]}, message: a dozen needs a use, blocks: false}
rulings: [Grey is dark.]
examples:
  - record: {name: White plates}
    labels: {shade: none, uses: [kitchen], pack: 12, origin: null}
`

export const PRODUCTS = `code,title,parent,definition,synonyms
1,Kitchen goods,,,
11,Plates and bowls,1,What food is served on.,dishes
12,Knives and forks,1,,cutlery; flatware
13,Pans,1,,
2,Garden goods,,,
21,Spades,2,,shovel
22,Seeds,2,,
23,Hoses,2,,
`

/** Reads a codebook and makes it ready for use; fails the test where the text has faults. */
export function schemeOfText(text: string, lists: ReadonlyMap<string, string> = new Map()): PreparedScheme {
  return prepared(readCodebookText(text).parse(lists), 'h1')
}

function prepared(parsed: ParsedCodebook, hash: string, code: CodebookCode | null = null): PreparedScheme {
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.problems))
  return prepareScheme({ codebook: parsed.codebook, hash, code })
}

/** A codebook with fields of every kind: values, numbers, several labels, codes, pattern, text, derived, conditional, not asked. */
export const shop = schemeOfText(SHOP_YAML, new Map([['products.csv', PRODUCTS]]))

const folder = new URL('../../../src/codebooks/', import.meta.url)

export function textOfBuiltIn(name: string, file = 'codebook.yaml'): string {
  return readFileSync(new URL(`${name}/${file}`, folder), 'utf8')
}

export function builtIn(name: string): PreparedScheme {
  const { files, parse } = readCodebookText(textOfBuiltIn(name))
  const lists = files.map((file) => [file, textOfBuiltIn(name, file)] as const)
  return prepared(parse(new Map(lists)), `hash-of-${name}`, codeOf(name))
}

export const economic = builtIn('economic-indicators')

/** The fields of the shop that a model is asked for. */
export const ASKED = ['shade', 'uses', 'pack', 'origin', 'weight', 'maker', 'product'] as const

/** A right label for each of them. */
export const RIGHT = {
  shade: 'pale',
  uses: ['kitchen'],
  pack: 1,
  origin: null,
  weight: 2.5,
  maker: 'Smith & Sons',
  product: '12',
} as const satisfies Labels

/** A record of the shop that the labels in RIGHT fit. */
export function goodOf(parts: Partial<Indicator> = {}): Indicator {
  return { indicator_id: 'r1', name: 'Steel cutlery set', description: 'Knives and forks', sample_values: [], ...parts }
}

/** Findings of all askable fields of the shop with the labels in RIGHT. */
export function shopReading(sure: boolean): Reading {
  return Object.fromEntries(ASKED.map((name) => [name, findingOf(RIGHT[name], sure)]))
}

/** A decision with these labels, all with the same confidence. */
export function decided(labels: Labels = RIGHT, confidence = 0.9, reason = 'it says so'): Decision {
  return {
    labels,
    confidence: Object.fromEntries(Object.keys(labels).map((name) => [name, confidence])),
    reason,
  }
}

/** An element of a model's answer, with labels for the fields in `labels`. */
export function element(key: string, labels: Readonly<Record<string, unknown>>, confidence: unknown = 90): object {
  const list = Object.entries(labels).map(([field, value]) => ({ field, value, confidence }))
  return { key, reason: 'it says so', labels: list }
}

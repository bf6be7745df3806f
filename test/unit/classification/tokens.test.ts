/** Tests of the token estimates, and of the limit of an answer's tokens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { askableFields } from '../../../src/classification/fields.ts'
import { answerKeys, buildSystemPrompt } from '../../../src/classification/prompt.ts'
import { completionTokenLimit, estimateTokens } from '../../../src/classification/tokens.ts'
import type { Field } from '../../../src/codebooks/codebook.ts'
import { builtIns } from './built-ins.ts'
import { economic, schemeOfText, shop } from './schemes.ts'

// The token counts are those of OpenAI's tokenizer o200k_base.
const COUNTED: readonly (readonly [string, number])[] = [
  ['The quick brown fox jumps over the lazy dog', 9],
  ['国内生产总值（现价美元），按季度调整的年化增长率', 17],
  [buildSystemPrompt(economic.codebook), 4_448],
  [JSON.stringify(buildAnswerSchema(economic.codebook)), 808],
  ['', 0],
]

for (const [text, tokens] of COUNTED) {
  test(`a token estimate is no less than the ${tokens} tokens of ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.ok(estimateTokens(text) >= tokens)
    assert.ok(estimateTokens(text) <= tokens * 1.8)
  })
}

/** The longest label that the codebook allows, repeated where a record may have several. */
function longestLabel({ type, multi }: Field): unknown {
  const longest = longestValue(type)
  return multi === null ? longest : Array.from({ length: multi }, () => longest)
}

function longestValue(type: Field['type']): unknown {
  const byLength = (a: unknown, b: unknown) => String(b).length - String(a).length
  switch (type.kind) {
    case 'values':
      return type.values.map(({ value }) => value).toSorted(byLength)[0]
    case 'codes':
      return type.list.codes.map(({ code }) => code).toSorted(byLength)[0]
    case 'number':
      return type.max
    case 'text':
      return 'thousand tonnes of oil equivalent per head '.repeat(5).slice(0, type.maxLength)
    case 'pattern':
      return 'INTL'
    case 'derived':
      return null
  }
}

const LONG = schemeOfText(`name: long
version: 1
title: Long names
record: {name: r, plural: rs, description: A record., texts: [{name: name}]}
fields:
${Array.from(
  { length: 20 },
  (_, index) => `  - name: ${`a_field_with_a_name_of_forty_characters_${index}`.slice(-40).replace(/^[^a-z]+/, '')}
    title: Long
    values:
      - {value: "${'a value of eighty characters, which names all that it means in so many words '.repeat(2).slice(0, 79)}", definition: Long.}
      - {value: short, definition: Short.}`,
).join('\n')}
  - name: several
    title: Several
    multi: true
    max: 20
    values:
      - {value: "${'another-value-of-eighty-characters-joined-by-hyphens-'.repeat(2).slice(0, 80)}", definition: Long.}
      - {value: short, definition: Short.}`)

for (const { codebook } of [...builtIns, shop, LONG]) {
  test(`${codebook.name}: the limit of completion tokens holds a full, indented answer for every record`, () => {
    const fields = askableFields(codebook)
    for (const asked of [fields, fields.slice(0, 1), fields.slice(-1)]) {
      const answer = (key: string) => ({
        key,
        reason: 'The average over the period of a survey percentage of people, which ruling one names explicitly',
        labels: asked.map((field) => ({ field: field.name, value: longestLabel(field), confidence: 100 })),
      })
      for (const count of [1, 10, 25]) {
        const tokens = estimateTokens(JSON.stringify({ answers: answerKeys(count).map(answer) }, null, 1))
        const names = asked.map(({ name }) => name)
        const limit = completionTokenLimit(
          codebook,
          Array.from({ length: count }, () => names),
        )
        assert.ok(limit >= tokens, `${limit} for ${tokens}`)
      }
    }
  })
}

test('the limit grows with the fields that are asked, and is tight', () => {
  const limit = (...names: string[]) => completionTokenLimit(economic.codebook, [names])
  assert.ok(limit('type') < limit('type', 'orientation'))
  assert.ok(limit('type', 'orientation') <= 230)
  assert.equal(limit('type', 'orientation'), limit('orientation', 'type'))
  assert.ok(completionTokenLimit(economic.codebook, []) < limit())
})

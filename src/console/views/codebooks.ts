/** What the pages of codebooks show: all codebooks, and one with its fields, values, rulings and examples. */
import { meansTheSame } from '../../classification/fields.ts'
import type { Field } from '../../codebooks/codebook.ts'
import type { Correction, Disagreement, Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'
import * as codebookPage from '../page/codebook-page.ts'
import * as codebooksPage from '../page/codebooks-page.ts'
import type { View } from '../view.ts'
import { chooseCodebook } from './codebook-choice.ts'
import { labelOrNone } from './judge.ts'

export interface CodebookDeps {
  readonly store: Pick<Store, 'listCodebooks' | 'views'>
  readonly schemes: Codebooks
}

/** A page shows so many codes of a list; the others are found by searching. */
const SHOWN_CODES = 200
const MOST_CASES = 20

export function codebookViews(deps: CodebookDeps): View[] {
  return [
    {
      ...{ path: '/codebooks', name: 'codebooks', right: 'read', everyMs: 0, page: codebooksPage },
      load: async (): Promise<codebooksPage.CodebooksData> => {
        const { names } = await chooseCodebook(deps, null)
        const found = await Promise.all(names.map((name) => deps.schemes.find(name)))
        return {
          codebooks: found.map(({ codebook, code }) => {
            const { name, version, title, fields } = codebook
            return { name, version, title, fields: fields.map((field) => field.title), hasRules: code !== null }
          }),
        }
      },
    },
    {
      ...{ path: '/codebooks/:codebook', name: 'codebook', right: 'read', everyMs: 0, page: codebookPage },
      load: async ({ params }): Promise<codebookPage.CodebookData> => {
        const { codebook, hash } = await deps.schemes.find(params['codebook'])
        const [given, corrections, disagreements] = await Promise.all([
          deps.store.views.countLabels(codebook.name),
          deps.store.views.findCorrections(codebook.name),
          deps.store.views.findDisagreements(hash, MOST_CASES),
        ])
        const corrected = Map.groupBy(corrections, ({ field }) => field)
        const { name, version, title, source, instructions, rulings, examples, constraints, record } = codebook
        return {
          ...{ name, version, title, hash, source: source ?? '', instructions: instructions ?? '', rulings },
          record: record.description,
          sampled: given.sampled,
          fields: codebook.fields.map((field) =>
            toField(field, given.counts.get(field.name) ?? new Map(), corrected.get(field.name) ?? []),
          ),
          cases: disagreements
            .filter((one) => doDiffer(codebook.field.get(one.field), one))
            .map(({ catalogue, id, field, labels, isSettled }) => ({
              ...{ catalogue, id, isSettled },
              field: codebook.field.get(field)?.title ?? field,
              labels: labels.map(({ by, label }) => ({ by, label: labelOrNone(label) })),
            })),
          constraints: constraints.map(({ name: constraint, message, blocks }) => ({
            name: constraint,
            message,
            blocks,
          })),
          examples: examples.map(({ record: texts, labels }) => ({
            texts: Object.values(texts).filter((text) => text !== undefined),
            labels,
          })),
        }
      },
    },
  ]
}

/** Whether people differ in what they say, and not only in how they write it. */
function doDiffer(field: Field | undefined, { labels }: Disagreement): boolean {
  return labels.some(({ label }) => !meansTheSame(field, label, labels[0]?.label))
}

function toField(
  { name, title, guidance, note, type, multi, nullable, asked }: Field,
  given: ReadonlyMap<string, number>,
  corrections: readonly Correction[],
): codebookPage.CodebookField {
  const values =
    type.kind === 'values'
      ? type.values.map(({ value, definition, not }) => ({ value: String(value), definition, not: not ?? '' }))
      : type.kind === 'codes'
        ? type.list.codes
            .slice(0, SHOWN_CODES)
            .map(({ code, title: definition }) => ({ value: code, definition, not: '' }))
        : type.kind === 'derived'
          ? [...new Set(type.valueOf.values())].map((value) => ({
              value,
              definition: `follows from ${type.from}`,
              not: '',
            }))
          : []
  return {
    ...{ name, title, guidance: guidance ?? '', note: note ?? '', most: multi ?? 1, nullable, asked },
    definition: 'definition' in type ? type.definition : '',
    values: values.map((value) => ({
      ...value,
      given: given.get(value.value) ?? 0,
      corrected: corrections.filter((one) => one.value === value.value).map(({ by, times }) => ({ by, times })),
    })),
    more: type.kind === 'codes' ? Math.max(0, type.list.codes.length - SHOWN_CODES) : 0,
  }
}

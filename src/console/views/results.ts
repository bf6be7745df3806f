/** What the page of results shows: those that a filter finds, a page at a time. */

import { askableFields } from '../../classification/fields.ts'
import type { Classification } from '../../classification/types.ts'
import type { Codebook, Field } from '../../codebooks/codebook.ts'
import type { ResultFilter, Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'
import * as page from '../page/results-page.ts'
import type { View } from '../view.ts'
import { chooseCodebook } from './codebook-choice.ts'

export interface ResultDeps {
  readonly store: Pick<Store, 'views' | 'listCodebooks' | 'listCatalogues'>
  readonly schemes: Codebooks
}

const ROWS = 50
const SOURCES = ['rules', 'reuse', 'model', 'escalation', 'person'] as const
const STATUSES = ['accepted', 'unverified', 'needs-review'] as const
/** A list of more values is too long to choose from: its codes are typed. */
const MOST_CHOICES = 60
const SHOWN_FIELDS = 4
const SHOWN_NAME = 300

export function resultsView(deps: ResultDeps): View<page.ResultsData> {
  return {
    ...{ path: '/results', name: 'results', right: 'read', everyMs: 0, page },
    load: async ({ query }) => {
      const [{ names, scheme }, catalogues] = await Promise.all([
        chooseCodebook(deps, query.get('codebook')),
        deps.store.listCatalogues(),
      ])
      const { codebook } = scheme
      const filter = filterOf(codebook, query)
      const found = await deps.store.views.search(filter, cursorOf(query), ROWS)
      const shown = askableFields(codebook).slice(0, SHOWN_FIELDS)
      return {
        codebook: codebook.name,
        codebooks: names,
        catalogues,
        sources: SOURCES,
        statuses: STATUSES,
        fields: codebook.fields.map(choicesOf),
        shown: shown.map(({ name, title }) => ({ name, title })),
        filter: {
          text: filter.text ?? '',
          catalogue: filter.catalogue ?? '',
          status: filter.status ?? '',
          source: filter.source ?? '',
          rule: filter.rule ?? '',
          run: filter.runId ?? '',
          below: filter.below === undefined ? '' : String(filter.below),
          labels: filter.labels ?? {},
        },
        results: found.results.map((result) => toRow(result, shown)),
        found: found.found,
        isMore: found.isMore,
        isFirst: query.get('after') === null,
        next: found.next === undefined ? '' : JSON.stringify([found.next.catalogue, found.next.id]),
      }
    },
  }
}

function filterOf(codebook: Codebook, query: URLSearchParams): ResultFilter {
  const text = (name: string) => query.get(name)?.trim() || undefined
  const labels = Object.fromEntries(
    codebook.fields.flatMap(({ name }) => {
      const value = text(`f.${name}`)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const below = Number(text('below') ?? Number.NaN)
  return {
    codebook: codebook.name,
    fields: codebook.fields.map(({ name }) => name),
    catalogue: text('catalogue'),
    text: text('q'),
    labels,
    rule: text('rule'),
    source: SOURCES.find((one) => one === text('source')),
    status: STATUSES.find((one) => one === text('status')),
    runId: text('run'),
    below: Number.isNaN(below) ? undefined : Math.min(1, Math.max(0, below)),
  }
}

function cursorOf(query: URLSearchParams): { readonly catalogue: string; readonly id: string } | undefined {
  try {
    const [catalogue, id]: unknown[] = JSON.parse(query.get('after') ?? '[]')
    return typeof catalogue === 'string' && typeof id === 'string' ? { catalogue, id } : undefined
  } catch {
    return undefined
  }
}

function choicesOf({ name, title, type }: Field): page.FieldChoices {
  const values =
    type.kind === 'values'
      ? type.values.map(({ value }) => String(value))
      : type.kind === 'derived'
        ? [...new Set(type.valueOf.values())]
        : []
  return { name, title, values: values.length > MOST_CHOICES ? [] : values }
}

function toRow(result: Classification, shown: readonly Field[]): page.ResultRow {
  return {
    id: result.indicator_id,
    name: result.name.slice(0, SHOWN_NAME).toWellFormed(),
    catalogue: result.catalogue,
    labels: shown.map(({ name }) => result.labels[name] ?? null),
    confidence: result.confidence,
    source: result.source,
    status: result.status,
  }
}

/** What the page of a record shows: its texts, what was decided on which words, what runs said before, and records like it. */

import { askableFields, isSameLabel } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Classification, Indicator, Labels } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import { rowRange } from '../../evidence/confidence.ts'
import { shownLabel } from '../../review/label-text.ts'
import { personShapesOf } from '../../review/person-shape.ts'
import type { HistoryEntry, Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'
import * as page from '../page/record-page.ts'
import { quotedIn } from '../plots/record-parts.ts'
import type { View } from '../view.ts'

export interface RecordDeps {
  readonly store: Pick<Store, 'views' | 'findIndicators'>
  readonly schemes: Codebooks
}

/** So many records with the same words are looked at for the same shape. */
const LOOKED_AT = 200
const SHOWN_SIBLINGS = 12
/** A browser shows so much of one text; catalogues may hold more. */
const MAX_TEXT = 5_000

export function recordView({ store, schemes }: RecordDeps): View<page.RecordData> {
  return {
    ...{ path: '/records/:codebook/:catalogue/:id', name: 'record', right: 'read', everyMs: 0, page },
    load: async ({ params }) => {
      const { codebook = '', catalogue = '', id = '' } = params
      const scheme = await schemes.find(codebook)
      const scope = { codebook: scheme.codebook.name, catalogue }
      const known = (await store.findIndicators(scope, [id])).get(id)
      if (known === undefined) {
        const place = `in the catalogue "${catalogue.slice(0, 200)}" by the codebook ${scheme.codebook.name}`
        throw new ServiceError('input-not-found', `There is no result for "${id.slice(0, 200)}" ${place}`)
      }
      const { indicator, latest } = known
      const [history, alike] = await Promise.all([
        store.views.findHistory(scope, id),
        store.views.findAlike(scope, indicator, LOOKED_AT),
      ])
      const result = latest.classification
      return {
        codebook: scheme.codebook.name,
        catalogue,
        id,
        name: indicator.name,
        texts: textsOf(indicator),
        samples: indicator.sample_values,
        fields: fieldsOf(scheme, indicator, result),
        confidence: result.confidence,
        madeOf: madeOf(scheme, result),
        source: result.source,
        status: result.status,
        issues: result.issues,
        reason: result.reason,
        model: result.model,
        runId: result.run_id,
        classifiedAt: result.classified_at,
        history: history.map((entry, index) => entryOf(entry, history[index + 1])),
        siblings: siblingsOf(scheme, indicator, alike),
      }
    },
  }
}

/** The confidences of which that of the row is made: those of the fields that a model may be asked for. */
function madeOf(
  { codebook }: PreparedScheme,
  { field_confidence: confidence }: Classification,
): page.RecordData['madeOf'] {
  const known = askableFields(codebook).flatMap(({ name }) => confidence[name] ?? [])
  const [low, least] = rowRange(known)
  return known.length === 0 ? null : { fields: known.length, least, low }
}

function textsOf(indicator: Indicator): page.RecordData['texts'] {
  const { indicator_id: _id, name: _name, sample_values: _samples, ...texts } = indicator
  return Object.entries(texts).flatMap(([name, text]) =>
    typeof text === 'string' ? [{ name, text: text.slice(0, MAX_TEXT).toWellFormed() }] : [],
  )
}

function fieldsOf(scheme: PreparedScheme, indicator: Indicator, result: Classification): page.RecordField[] {
  const { codebook, code } = scheme
  const reading = code?.read(indicator) ?? {}
  const explained = code?.explain(indicator, reading) ?? {}
  return codebook.fields.map(({ name, title }) => {
    const finding = reading[name]
    const source = result.field_source[name]
    const because = explained[name] ?? finding?.because ?? ''
    return {
      name,
      title,
      label: shownLabel(codebook, name, result.labels[name] ?? null),
      confidence: result.field_confidence[name] ?? null,
      source: source ?? '',
      finding:
        finding === undefined
          ? null
          : {
              ...{ value: shownLabel(codebook, name, finding.value), sure: finding.sure, rule: finding.rule, because },
              stands: source === finding.rule,
            },
      evidence: quotedIn(because),
    }
  })
}

function entryOf(entry: HistoryEntry, before: HistoryEntry | undefined): page.HistoryRow {
  const changes = before === undefined ? [] : changesOf(before.labels, entry.labels)
  return {
    runId: entry.run_id,
    at: entry.runStartedAt,
    source: entry.source,
    status: entry.status,
    confidence: entry.confidence,
    changes,
  }
}

function changesOf(before: Labels, after: Labels): page.HistoryRow['changes'] {
  return Object.keys({ ...before, ...after }).flatMap((field) => {
    const [from, to] = [before[field] ?? null, after[field] ?? null]
    return isSameLabel(from, to) ? [] : [{ field, from, to }]
  })
}

function siblingsOf(
  scheme: PreparedScheme,
  indicator: Indicator,
  alike: readonly Indicator[],
): page.RecordData['siblings'] {
  const own = personShapesOf(scheme, indicator).shared.shapeHash
  const same = alike.filter((other) => personShapesOf(scheme, other).shared.shapeHash === own)
  const shown = same.slice(0, SHOWN_SIBLINGS).map(({ indicator_id: id, name }) => ({ id, name: name.slice(0, 300) }))
  return { shown, found: same.length, isAll: alike.length < LOOKED_AT }
}

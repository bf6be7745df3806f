/** What a page of review asks for and sends: cards, codes that are searched, and decisions. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { showValue } from '../../catalogue/problem-report.ts'
import { askableFields } from '../../classification/fields.ts'
import { decideAll, reportOf } from '../../review/decide.ts'
import type { ReviewItem } from '../../review/review-item.ts'
import type { ReviewItems } from '../../review/review-items.ts'
import { labelsSeen, listProblems, type ReviewLine, type Wording } from '../../review/review-line.ts'
import { saveDecisions } from '../../review/save-decisions.ts'
import type { Store } from '../../store/types.ts'
import { searchCodes } from '../code-search.ts'
import type { Codebooks } from '../codebooks.ts'
import { isOf, type QueueScope, type ReviewQueue } from '../review-queue.ts'
import type { Sessions } from '../sessions.ts'
import { checked } from './forms.ts'
import { findRecordCard } from './record-card.ts'

const MAX_CARDS = 5
/** Records of a card's shape whose names are shown. */
const SHOWN_SIBLINGS = 5
const MAX_DECISIONS = 500
/** A card shows so much of one text; catalogues may hold more. */
const MAX_TEXT = 5_000

const scopeShape = {
  codebook: z.string().max(200).default(''),
  catalogue: z.string().max(300).default(''),
  unverified: z.boolean().default(false),
}
const groupShape = { why: z.string().max(50).optional(), rule: z.string().max(200).optional() }
const holder = z.string().regex(/^[A-Za-z0-9-]{8,60}$/)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const text = z.string().max(1_000)
/** A sitting is a run, whose id tells when it began. */
const sitting = z.string().regex(/^review-\d{14}-[0-9a-f]{8}$/)

const cardsSchema = z.object({
  ...scopeShape,
  ...groupShape,
  holder,
  most: z.int().min(1).max(MAX_CARDS).default(2),
  /** Cards that do not come again, and those that are put aside and still to be decided. */
  without: z.array(hash).max(5_000).default([]),
  later: z.array(hash).max(5_000).default([]),
  /** The record whose card alone is wanted. */
  record: text.default(''),
})

const correction = z.union([text, z.number(), z.array(text).max(50), z.null()])
const decisionSchema = z.object({
  ...scopeShape,
  holder,
  sitting,
  id: z.string().regex(/^[A-Za-z0-9-]{8,60}$/),
  /** Several records where a whole group is accepted. */
  records: z
    .array(
      z.object({
        indicator_id: text,
        catalogue: text,
        shape_hash: hash,
        corrections: z.record(z.string().max(100), correction).default({}),
        note: text.default(''),
        /** The labels that the page showed, so that a result that has changed since is not decided unseen. */
        seen: z.record(z.string().max(100), correction).default({}),
      }),
    )
    .min(1)
    .max(MAX_DECISIONS),
})

export interface ReviewActionOptions {
  readonly store: Store
  readonly schemes: Codebooks
  readonly queue: ReviewQueue
  readonly sessions: Sessions
}

export function serveReviewActions(
  app: FastifyInstance,
  { store, schemes, queue, sessions }: ReviewActionOptions,
): void {
  const scopeOf = async (given: { codebook: string; catalogue: string; unverified: boolean }): Promise<QueueScope> => ({
    scheme: await schemes.find(given.codebook === '' ? undefined : given.codebook),
    catalogue: given.catalogue === '' ? undefined : given.catalogue,
    withUnverified: given.unverified,
  })

  app.post('/review/cards', sessions.protect('review'), async (request) => {
    const given = checked(cardsSchema, request.body)
    const scope = await scopeOf(given)
    const { holder: page, most, why, rule } = given
    const decided = new Set(given.without)
    const without = new Set([...decided, ...given.later])
    const items =
      given.record === ''
        ? await queue.claim(scope, { holder: page, group: { why, rule }, without, most })
        : await queue.hold(scope, page, await findRecordCard({ store, queue }, scope, given.record, without), most)
    const cards = await Promise.all(items.map((item) => toCard(store, scope, item)))
    return { cards, left: leftWithout(await queue.list(scope), decided) }
  })

  app.post('/review/group', sessions.protect('review'), async (request) => {
    const given = checked(z.object({ ...scopeShape, ...groupShape }), request.body)
    const { items } = await queue.list(await scopeOf(given))
    const found = items.filter((item) => isOf(item, given) && item.why !== 'no-answer')
    return {
      records: found.map(({ indicator_id, catalogue, shape_hash, labels, name, same_shape }) => ({
        indicator_id,
        catalogue,
        shape_hash,
        labels,
        name,
        same_shape,
      })),
    }
  })

  app.post('/review/decisions', sessions.protect('review'), async (request, reply) => {
    const given = checked(decisionSchema, request.body)
    const scope = await scopeOf(given)
    // A page that did not hear that its decision was stored sends it again.
    if (await store.reviewCards.isStored(given.sitting, given.id)) return { run_id: given.sitting, isKnown: true }
    const { scheme } = scope
    const fields = askableFields(scheme.codebook).map(({ name }) => name)
    const lines = given.records.map((record, index) => lineOf(record, index, fields))
    const wording = wordingOf(given.records)
    const place = { codebook: scheme.codebook.name, catalogue: undefined, wording }
    const { decided, problems } = await decideAll(store, scheme, { lines, problems: [] }, place)
    if (problems.length > 0) {
      // The same decision may have been stored meanwhile, by a page that was left and by the one after it.
      if (await store.reviewCards.isStored(given.sitting, given.id)) return { run_id: given.sitting, isKnown: true }
      const named = problems.map((one) => ({ ...one, field: scheme.codebook.field.get(one.field)?.title ?? one.field }))
      const message = ['Nothing was stored:', ...listProblems(named, wording)].join('\n')
      return reply.code(422).send({ message })
    }
    await saveDecisions(store, scheme, decided, {
      runId: given.sitting,
      by: sessions.require(request, 'review').name,
      inSitting: { decisionId: given.id, decidedAt: await store.reviewCards.now() },
    })
    await queue.settle(
      scope,
      given.holder,
      given.records.map((record) => record.shape_hash),
    )
    const { accepted, corrected } = reportOf(scheme, decided)
    return { run_id: given.sitting, accepted, corrected }
  })

  app.post('/review/release', sessions.protect('review'), async (request) => {
    const given = checked(z.object({ ...scopeShape, holder, hashes: z.array(hash).max(MAX_CARDS) }), request.body)
    const { scheme } = await scopeOf(given)
    await store.reviewCards.release(scheme.codebook.name, given.holder, given.hashes)
    return {}
  })

  app.get('/review/codes', async (request) => {
    sessions.require(request, 'review')
    const { codebook, field, q } = z
      .object({ codebook: z.string().max(200), field: z.string().max(100), q: z.string().max(200).default('') })
      .parse(request.query)
    return { codes: searchCodes(await schemes.find(codebook), field, q) }
  })
}

/** Messages name the record, which a person knows, and not the place in the request. */
const wordingOf = (records: readonly { readonly indicator_id: string }[]): Wording => ({
  line: (index) => showValue(records[index]?.indicator_id ?? ''),
  nameCatalogue: 'look at one catalogue alone',
  nameCodebook: (name) => `look at the codebook ${name}`,
})

type DecidedRecord = z.infer<typeof decisionSchema>['records'][number]

/** A record in the form in which the decisions of review files are checked as well. */
function lineOf(record: DecidedRecord, index: number, fields: readonly string[]): ReviewLine {
  const { indicator_id: indicatorId, catalogue, corrections, note, seen } = record
  const corrected = Object.entries(corrections).map(([field, label]) => {
    const written = label === null ? null : Array.isArray(label) ? label : String(label)
    return [field, written] as const
  })
  return {
    ...{ line: index, indicatorId, catalogue, note: note.trim() },
    decision: corrected.length === 0 ? 'accept' : 'correct',
    corrections: corrected,
    seen: labelsSeen(seen, fields),
  }
}

/** The item with all texts that the codebook judges by, and with the names of some records that its decision settles. */
async function toCard(store: Store, { scheme }: QueueScope, item: ReviewItem) {
  const { codebook } = scheme
  const ids = item.same_shape_ids.slice(0, SHOWN_SIBLINGS)
  const scope = { codebook: codebook.name, catalogue: item.catalogue }
  const known = await store.findIndicators(scope, [item.indicator_id, ...ids])
  const indicator = known.get(item.indicator_id)?.indicator
  const texts = codebook.record.texts.flatMap(({ name }) => {
    const shown = name === 'name' ? undefined : indicator?.[name]
    return shown === undefined ? [] : [{ name, text: shown.slice(0, MAX_TEXT).toWellFormed() }]
  })
  const siblings = ids.map((id) => ({ id, name: known.get(id)?.indicator.name.slice(0, 200) ?? '' }))
  return { ...item, texts, siblings }
}

/** What is left for a page that has decided some of the cards, though not all of its decisions have been stored yet. */
function leftWithout({ items, indicators, shapes, answered }: ReviewItems, decided: ReadonlySet<string>) {
  const gone = items.filter((item) => decided.has(item.shape_hash))
  const records = gone.reduce((sum, item) => sum + item.same_shape, 0)
  return { indicators: indicators - records, shapes: shapes - gone.length, answered }
}

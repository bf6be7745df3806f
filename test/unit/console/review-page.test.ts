/** What the page of review says before a card is shown: how many are left, and where those are that nothing has checked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { h } from 'preact'
import { render } from 'preact-render-to-string'
import type { Frame } from '../../../src/console/page/frame.ts'
import { Page, type ReviewData } from '../../../src/console/page/review-page.ts'

const FRAME: Frame = { base: '', path: '/review', visitor: null, csrf: '', zone: 'UTC', away: '', isLive: false }
const NOTHING: ReviewData = {
  ...{ codebook: 'c', codebooks: ['c'], catalogue: 'made up', catalogues: ['made up'], unverified: false, record: '' },
  ...{ guesses: 0, reviewer: 'ann', why: '', rule: '', left: { indicators: 0, shapes: 0, answered: 0 }, known: 0 },
  ...{ byWhy: [], byRule: [], fields: [], together: [] },
}
const pageOf = (more: Partial<ReviewData>) => render(h(Page, { data: { ...NOTHING, ...more }, frame: FRAME }))

test('where there are only guesses the page counts them, and leads to them', () => {
  const page = pageOf({ guesses: 62 })
  assert.match(page, /0 to review, 62 unverified/)
  assert.match(page, /Nothing needs review here, but 62 records are unverified/)
  assert.match(page, /href="\/review\?[^"]*catalogue=made\+up&amp;unverified=1"[^>]*>Review the 62 unverified/)
  assert.match(pageOf({}), /Nothing needs review here\./)
  assert.doesNotMatch(pageOf({}), /unverified=1/)
})

test('the card of one record has its place also where nothing else is left', () => {
  assert.match(pageOf({ record: 'X.1' }), /id="cards"/)
  assert.match(pageOf({ record: 'X.1' }), /href="\/review\?[^"]*"[^>]*>Review all/)
  assert.doesNotMatch(pageOf({}), /id="cards"/)
})

/** What the page of accuracy says of a certificate that is not decided yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { render } from 'preact-render-to-string'
import { html } from '../../../src/console/page/html.ts'
import { CertificateCard, type CertifiedShown } from '../../../src/console/plots/accuracy-parts.ts'

const frame = {
  ...{ base: '', path: '/accuracy', csrf: 'c', zone: 'UTC', away: '', isLive: false },
  visitor: { name: 'ann', rights: ['read'], mayRename: false },
}

/** The card of a certificate over so many rows, of which six are labelled. */
function cardOf(population: number, more: number | null): string {
  const claim = { claim: '*', state: 'more', right: 5, labelled: 6, lower: 0.1, upper: 0.99, more }
  const certified: CertifiedShown = {
    ...{ state: 'more', made_at: '2026-11-29T10:00:00.000Z', plan: { target: 0.97, population } },
    result: { labelled: 6, waiting: 0, claims: [claim], fields: [], cut: null },
  }
  return render(html`<${CertificateCard} certified=${certified} frame=${frame} />`)
}

test('the card never calls for more labels than there are rows left', () => {
  assert.match(cardOf(62, null), /56 at most, and even these are not likely to show it/)
  assert.doesNotMatch(cardOf(62, null), /2,000/)
  assert.doesNotMatch(cardOf(2_006, null), /more than/)
  assert.match(cardOf(9_000, null), /more than 2,000/)
  assert.match(cardOf(9_000, 294), /about 294/)
})

/** The stack of the tests of bills, with a model of a known price, which runs as long as the test file that loads them. */
import { after, before } from 'node:test'
import { type QuirkyWorld, startQuirkyWorld } from '../../../helpers/quirky-endpoint/world.ts'

/** The prices of the model in USD per million tokens: those of gpt-6-luna; the tier flex costs half. */
export const PRICE = { input: 0.1, output: 0.5 }
export const FLEX = { input: 0.05, output: 0.25 }

export let world: QuirkyWorld

before(async () => {
  world = await startQuirkyWorld({
    OPENAI_MODEL: 'quirky',
    OPENAI_PRICES: JSON.stringify({ quirky: { ...PRICE, tiers: { flex: FLEX } } }),
  })
})

after(() => world?.stop())

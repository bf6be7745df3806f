import type { Orientation } from '../types.ts'
import type { Typed } from './aggregation.ts'
import type { Rule } from './context.ts'
import { DEBT_SERVICE, PRICE_WORD, STOCK_MARKET } from './words.ts'
import { AID, BAD, BAD_DOUBT, BAD_SCORE, BAD_SHARE_NOT, BALANCE_GOOD, GOOD, GOOD_SURE, GOVERNMENT_PARTS, LAW_FOR_EQUALITY, NEUTRAL, NEUTRAL_WORDS_DOUBT, OTHER_SHARE_DOUBT, PEOPLE_BY_KIND, PRICE_LEVEL, REMEDY, SCALE_SAYS_BEST, SCORE } from './orientation-words.ts'


const text = (s: Typed) => s.head
const growthOf = (s: Typed) => s.type === 'growth-rate'

export const ORIENTATION_RULES: readonly Rule<Orientation, Typed>[] = [
  {
    rule: 'law-for-equality',
    value: 'higher-is-positive',
    when: (s) => s.unit.kind === 'flag' && LAW_FOR_EQUALITY.test(s.head),
    because: 'A law for equality or protection is good for the people.',
  },
  { rule: 'flag', value: 'neutral', when: (s) => s.unit.kind === 'flag', sure: false, because: 'What the flag says is not known to be good.' },
  {
    rule: 'neutral-types',
    value: 'neutral',
    when: (s) => ['interest-rate', 'yield', 'threshold', 'elasticity', 'correlation', 'multiplier', 'allocation'].includes(s.type),
    because: 'Interest, yields, thresholds and statistics depend on the side one takes.',
  },
  {
    rule: 'hours-and-terms',
    value: 'neutral',
    when: (s) => s.type === 'duration' && /\bhours\b|\bmaturity\b|\bgrace\b|\bduration\b|\bworkweek\b/.test(s.head) && !/\bchildren\b|\btime to\b/.test(s.head),
    sure: false,
    because: 'More time is not known to be better.',
  },
  { rule: 'temperature', value: 'neutral', when: (s) => s.type === 'other', sure: (s) => s.unit.kind === 'temperature', because: 'Temperature is neither good nor bad.' },
  { rule: 'volatility', value: 'lower-is-positive', when: (s) => s.type === 'volatility', sure: (s) => /\bvix\b|\bmarket\b/.test(s.head), because: 'Fluctuation is bad (ruling 12: VIX).' },
  {
    rule: 'gap',
    value: 'neutral',
    when: (s) => s.type === 'gap' && /\boutput\b|\binflation\b|\bcredit\b/.test(s.head),
    because: 'The output gap is neutral (ruling 12).',
  },
  { rule: 'gap-of-people', value: 'lower-is-positive', when: (s) => s.type === 'gap', sure: (s) => /\bpoverty\b|\bgender\b|\bpay\b|\bwage\b/.test(s.head), because: 'A smaller gap is better.' },
  { rule: 'spread', value: 'neutral', when: (s) => s.type === 'spread', sure: false, because: 'A spread depends on the side one takes.' },
  {
    rule: 'chance-of-survival',
    value: 'higher-is-positive',
    when: (s) => s.type === 'probability' && /\bsurvival\b/.test(s.name),
    because: 'To live longer is better.',
  },
  {
    rule: 'chance-of-harm',
    value: 'lower-is-positive',
    when: (s) => s.type === 'probability' && (BAD.test(s.name) || /\bdeath\b|\bmortality\b|\bloss\b|\brisk\b|\bcrisis\b/.test(s.name)),
    because: 'It is the chance of a harm.',
  },
  { rule: 'chance', value: 'neutral', when: (s) => s.type === 'probability', sure: false, because: 'What the chance is of is not known to be bad.' },
  ...indexRules(),
  {
    rule: 'minimum-wage-or-pay',
    value: 'higher-is-positive',
    when: (s) => s.type === 'price' && /\bwages?\b|\bearnings\b|\bsalar|\bpay\b|\bremuneration\b/.test(s.head),
    because: 'Pay is income.',
  },
  { rule: 'cost-of-trading', value: 'lower-is-positive', when: (s) => s.type === 'price' && /^costs? (?:to|of)\b/.test(s.head), sure: false, because: 'Lower costs are better.' },
  { rule: 'price', value: 'neutral', when: (s) => s.type === 'price', sure: (s) => !/\bshare price\b|\bstock price\b/.test(s.head), because: 'Prices and exchange rates depend on the side one takes.' },
  {
    rule: 'price-change',
    value: 'neutral',
    when: (s) => growthOf(s) && (PRICE_WORD.test(s.head) || /\bdeflation\b|\blabou?r costs?\b|\bemployment cost\b/.test(s.head)) && !STOCK_MARKET.test(s.head),
    because: 'Inflation and price changes are neutral.',
  },
  { rule: 'stock-market-change', value: 'higher-is-positive', when: (s) => growthOf(s) && STOCK_MARKET.test(s.head), because: 'A rising stock market is good (ruling 12).' },
  { rule: 'inflation-expected', value: 'neutral', when: (s) => s.type === 'sentiment' && /\binflation\b|\bprices?\b|\binterest\b/.test(s.head), sure: false, because: 'Expected inflation is neutral.' },
  { rule: 'opinion', value: 'higher-is-positive', when: (s) => s.type === 'sentiment', because: 'More confidence is better.' },
  ...shareRules(),
  { rule: 'remedy', value: 'higher-is-positive', when: (s) => REMEDY.test(text(s)) && (s.percent || s.type === 'ratio' || s.type === 'index'), sure: (s) => s.head.includes('coverage') || !/\bbenefits?\b|\bforgiv|\bincidence\b|\bbinding\b/.test(s.head), because: 'Help, access and coverage are good.' },
  { rule: 'debt-relief', value: 'higher-is-positive', when: (s) => /\bforgiven?|\bforgiveness\b|\bdebt (?:stock )?reduction\b/.test(s.head), sure: false, because: 'Debt that is forgiven need not be paid.' },
  { rule: 'rescheduled', value: 'neutral', when: (s) => /\breschedul/.test(s.head), sure: false, because: 'Rescheduling moves a burden in time.' },
  { rule: 'aid', value: 'neutral', when: (s) => AID.test(s.head), sure: (s) => /\bprovided\b/.test(s.head), because: 'Aid given and external financing are neutral (ruling 12).' },
  { rule: 'debt-service', value: 'lower-is-positive', when: (s) => DEBT_SERVICE.test(s.head) || (s.money && /^(?:tds|amt|int)\b/.test(s.units)), because: 'Debt service is paid by the people.' },
  { rule: 'net-debt-flows', value: 'neutral', when: (s) => s.money && /^(?:nfl|ntr|dis|com)\b/.test(s.units), because: 'External financing is neutral (ruling 12).' },
  { rule: 'debt-outstanding', value: 'lower-is-positive', when: (s) => s.money && /^(?:dod)\b/.test(s.units), because: 'Debt owed is a burden (ruling 12).' },
  { rule: 'change-in-inventories', value: 'neutral', when: (s) => /\binventor/.test(s.head) && !growthOf(s), because: 'Inventories are neither good nor bad.' },
  { rule: 'balance-good', value: 'higher-is-positive', when: (s) => BALANCE_GOOD.test(s.head) && !/\bdeficit\b/.test(s.head), because: 'Surpluses of trade, current account and budget are good.' },
  { rule: 'tourism-earned', value: 'higher-is-positive', when: (s) => /\btourism\b/.test(s.head) && /\brevenues?\b|\breceipts\b|\barrivals\b/.test(s.head), because: 'Tourists bring income.' },
  { rule: 'reserves-to-imports', value: 'higher-is-positive', when: (s) => /\bimport cover\b|\bmonths of imports\b/.test(s.head), sure: false, because: 'Reserves that last longer are better.' },
  { rule: 'tractors', value: 'higher-is-positive', when: (s) => /\btractors\b/.test(s.head) && !/\bimports?\b|\bprices?\b|\bstocks\b|\bloans\b/.test(s.head), because: 'Tractors are good (ruling 12).' },
  { rule: 'fdi-in', value: 'higher-is-positive', when: (s) => /\bforeign direct\b|\bfdi\b|\bdirect investment\b/.test(s.head) && !/\boutflow|\babroad\b/.test(s.head), sure: (s) => !/, net$/.test(s.head), because: 'FDI inflow is good (ruling 12).' },
  { rule: 'remittances-in', value: 'higher-is-positive', when: (s) => /\bremittances\b/.test(s.head) && !/\bpaid\b|\boutflow|\bcost\b|\bsending\b/.test(s.head), because: 'Remittances received are income.' },
  { rule: 'bad', value: 'lower-is-positive', when: (s) => BAD.test(text(s)), sure: (s) => !BAD_DOUBT.test(s.head), because: 'The name says something bad for the people.' },
  { rule: 'government-part', value: 'neutral', when: (s) => GOVERNMENT_PARTS.test(s.head), because: 'Government spending is neutral.' },
  { rule: 'female-or-age-share', value: 'neutral', when: (s) => s.type === 'share' && !GOOD.test(s.head), sure: (s) => s.whole !== '', because: 'Most shares are neutral.' },
  { rule: 'achievement-of-people', value: 'higher-is-positive', when: (s) => s.type === 'percentage' && GOOD.test(s.head) && !NEUTRAL.test(s.head), because: 'It is an achievement of people or a rate that is better higher.' },
  { rule: 'neutral-words', value: 'neutral', when: (s) => NEUTRAL.test(text(s)) && !/\bforeign exchange reserves\b/.test(s.head), sure: (s) => !(s.type === 'percentage' && s.whole !== '' && !/\bprofit/.test(s.whole)) && !NEUTRAL_WORDS_DOUBT.test(s.head), because: 'It depends on the side one takes or on the level.' },
  { rule: 'good', value: 'higher-is-positive', when: (s) => GOOD.test(text(s)), sure: (s) => !/\bconstruction\b|\bexpenditures?\b|\bspending\b|\bhospital\b/.test(s.head) || GOOD_SURE.test(s.head), because: 'More of it is better for the people.' },
  { rule: 'people-by-kind', value: 'neutral', when: (s) => PEOPLE_BY_KIND.test(s.head), sure: (s) => !/\brefugee|\bimmigrants\b/.test(s.head) && s.type !== 'percentage', because: 'How many people there are is neither good nor bad.' },
  { rule: 'not-known-to-be-good', value: 'neutral', when: () => true, sure: false, because: 'Neither good nor bad words were found.' },
]

function indexRules(): readonly Rule<Orientation, Typed>[] {
  const index = (s: Typed) => s.type === 'index'
  return [
    { rule: 'rank', value: 'lower-is-positive', when: (s) => index(s) && (/\brank(?:ing)?s?\b/.test(s.name) || /\b1 ?= ?(?:most|best|highest)/.test(s.units)), because: 'Rank one is the best.' },
    { rule: 'scale-says-best', value: 'higher-is-positive', when: (s) => index(s) && SCALE_SAYS_BEST.test(s.units), because: 'The scale says that higher is better.' },
    { rule: 'bad-score', value: 'lower-is-positive', when: (s) => index(s) && BAD_SCORE.test(s.head), because: 'The score counts something bad.' },
    { rule: 'corruption-score', value: 'higher-is-positive', when: (s) => index(s) && /\bcorruption\b/.test(s.head), because: 'The corruption index counts upwards.' },
    { rule: 'stock-market', value: 'higher-is-positive', when: (s) => index(s) && STOCK_MARKET.test(s.head), because: 'A stock-market index is better higher (ruling 12).' },
    { rule: 'price-level', value: 'neutral', when: (s) => index(s) && (PRICE_WORD.test(s.head) || PRICE_LEVEL.test(s.head)), because: 'Price levels are neutral.' },
    { rule: 'score', value: 'higher-is-positive', when: (s) => index(s) && (SCORE.test(s.head)), sure: (s) => !/\bclimate\b/.test(s.head), because: 'Higher scores are better.' },
    { rule: 'bad-index', value: 'lower-is-positive', when: (s) => index(s) && BAD.test(s.head), sure: false, because: 'The index counts something bad.' },
    { rule: 'activity', value: 'higher-is-positive', when: index, sure: (s) => GOOD.test(s.head) || /\bfed\b|\bism\b|\bchicago\b|\bbusiness\b|\bservices\b/.test(s.head), because: 'More activity is better.' },
  ]
}

function shareRules(): readonly Rule<Orientation, Typed>[] {
  const share = (s: Typed) => s.type === 'share'
  return [
    { rule: 'bad-share', value: 'lower-is-positive', when: (s) => share(s) && BAD.test(s.head) && !BAD_SHARE_NOT.test(s.head), because: 'The part that is counted is bad.' },
    { rule: 'child-labour', value: 'lower-is-positive', when: (s) => share(s) && /\bchild(?:ren)? (?:employment|in employment)\b/.test(s.head), because: 'Child labour is bad (ruling 12).' },
    { rule: 'time-lost', value: 'lower-is-positive', when: (s) => share(s) && /\btime spent\b|\blosses\b|\bvalue lost\b/.test(s.head), because: 'What is lost is bad.' },
    { rule: 'women-in-power', value: 'higher-is-positive', when: (s) => share(s) && /\bheld by women\b|\bfemale share of\b|\bwomen in parliament\b/.test(s.head), because: 'More women in such posts is progress.' },
    { rule: 'grant-element', value: 'higher-is-positive', when: (s) => share(s) && s.head.includes('grant element'), because: 'A higher grant element is better (ruling 3).' },
    { rule: 'part-of-income', value: 'higher-is-positive', when: (s) => share(s) && /\bsavings?\b|\binvestment\b|\bcapital formation\b/.test(s.head), sure: false, because: 'Saving and investing is taken as good.' },
    { rule: 'other-share', value: 'neutral', when: share, sure: (s) => (s.whole !== '' || /\bshare (?:of|held)\b|\bcomposition\b/.test(s.head)) && !OTHER_SHARE_DOUBT.test(s.head), because: 'Most shares are neutral.' },
  ]
}

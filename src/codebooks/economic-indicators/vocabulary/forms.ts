/** Words of the vocabulary that narrow the type of a name and measure nothing themselves, such as "per" or "index". */
import type { HeadTable } from './notation.ts'

export const FORMS: HeadTable = [
  [
    'growth-rate',
    'growth; yoy; mom; qoq; y y; m m; q q; growth rate; annual growth; percent change; percentage change; annual percentage change; year-on-year; year on year; month-on-month; quarter-on-quarter; annualized growth; previous period; previous year; preceding period; year ago; one year ago',
  ],
  ['growth-rate balance', 'change; annual change; net change'],
  ['growth-rate interest-rate percentage ratio yield price', 'rate'],
  ['index growth-rate sentiment volatility', 'index; index value'],
  ['index', 'rank; ranking; rating; score; percentile rank; scale'],
  ['ratio', 'ratio'],
  [
    'ratio price growth-rate capacity volume',
    'per; per capita; per person; capita; per head; per employee; per worker',
  ],
  ['share', 'share; composition; currency composition; share of world total; distribution'],
  [
    'share percentage ratio growth-rate index gap interest-rate yield spread probability allocation threshold volatility',
    'percent; %; percentage; proportion; pct',
  ],
  ['balance stock ratio growth-rate percentage', 'net'],
  ['flow count price share ratio index growth-rate volume percentage', 'new'],
  ['balance ratio', 'balance; surplus; deficit'],
  ['price interest-rate duration index growth-rate percentage other volume ratio', 'average; mean; median'],
  ['count ratio', 'number; number of; count'],
  ['spread', 'versus; over treasury'],
  ['threshold', 'target; ceiling'],
  ['duration price threshold index percentage share count ratio gap growth-rate probability', 'age; year old'],
  ['flow balance volume count stock', 'cumulative; ytd; year-to-date; since january; from january'],
  // Phrases that look like a head and are none, so that nothing is sure beside them.
  [
    'other',
    `government budget for; budget for; budget of; contribution of; reserve ratio; loan to value; loan to deposit; to value
    housing vacancy rate; rental vacancy rate; to deposit; spending on; expenditure on; wage inflation; bank debt; net fdi
    net foreign direct investment; enrollment in private; private enrollment; private school enrollment; child employment
    import in gdp; export in gdp; share of import; share of export`,
  ],
]

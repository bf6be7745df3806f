/** The rulings of the codebook on cases where two careful readers differed, in the sentences that the prompt quotes. */

/** The ruling that tells apart the types that divide one quantity by another. */
export const DIVISION_RULING =
  '"Rate", "balance" and "index" in a name decide nothing alone. "Divided by something" is settled by what stands ' +
  'below the line: the whole that contains it (share), a group in which it is counted (percentage), anything else ' +
  '(ratio). Money per unit of a good or of work is a price; money per person of a population is a ratio.'

/** The ruling that says which temporal aggregation a ratio or share has. */
export const RATIO_AGGREGATION_RULING =
  'Ratios and shares: of a stock (debt to GDP) point-in-time; of a flow to a flow (revenue % of GDP, current ' +
  'account to GDP, exports composition) period-total; per head of a flow (GDP per capita) period-total; structural ' +
  '(beds per 1000, pupils per teacher, % of population with electricity) not-applicable.'

/**
 * The numbered rulings that the prompt shows to the model. Missing numbers belong to rulings on units and frequency, which a
 * model never decides.
 */
export const RULINGS: readonly { readonly number: number; readonly text: string }[] = [
  {
    number: 1,
    text:
      'Portions of people or firms: unemployment, participation, employment rate and capacity utilisation are ' +
      'period-average; every other percentage or share of people, firms or jobs (prevalence, literacy, coverage, ' +
      'access, attainment, composition, opinion) is not-applicable. Shares of money flows are period-total.',
  },
  {
    number: 2,
    text:
      'A flow, stock, price, production or index name measured in a bare "%" (no "of ..."): growth-rate ("Factory ' +
      'Orders, %", "Private Investment, %", "Global Dairy Trade Price Index, %").',
  },
  {
    number: 3,
    text:
      '"Which kind someone or something is" (sex, age, sector, job status) is share; "a condition, experience or ' +
      'achievement" is percentage (a poverty headcount too). GINI is an index whose units "%" stay percentage. The ' +
      'average grant element in % is a share, period-average, higher-is-positive.',
  },
  {
    number: 4,
    text:
      'Net of two flows wherever name or description says net, disbursements minus repayments, transfers net: ' +
      'balance. Gross grants and disbursements: flow. A change of an amount of money or volume: balance, ' +
      'period-total; a change of persons or of units: growth-rate, period-rate, kind count. A literal "stocks", ' +
      '"credit", "liabilities" is a stock.',
  },
  {
    number: 5,
    text:
      'Exchange-quoted and spot commodity prices: point-in-time; retail, pump, wage and other surveyed prices: ' +
      'period-average. Minimum wage: price, not-applicable, higher-is-positive.',
  },
  {
    number: 6,
    text:
      'Opinion: a confidence, outlook or conditions balance is sentiment; a rating by survey on a fixed scale is ' +
      'index, not-applicable; a % of people who hold a view is percentage.',
  },
  {
    number: 7,
    text:
      'Events per population (deaths, cases per 1,000): ratio, period-total. Things that exist per population: ' +
      'ratio, not-applicable. A forecast chance: point-in-time; a life-table chance: not-applicable.',
  },
  { number: 10, text: '"Cumulative" counts only over time: "(cumulative)" levels of schooling is not-applicable.' },
  {
    number: 11,
    text:
      'A gap and an allocation of flows are period-total, of states point-in-time. Persons employed, unemployed, in ' +
      'the labour force; rigs: count, point-in-time. Procedures, lead times: not-applicable.',
  },
  {
    number: 12,
    text:
      'Orientation: growth takes the orientation of what grows. External financing, loans, credit, capital flows, ' +
      'aid given, tax and government revenue: neutral. FDI inflow and grants received: higher-is-positive. Debt ' +
      'owed and arrears: lower-is-positive. Consumption, labour force, stock-market index, terms of trade, rigs, ' +
      'tractors: higher-is-positive. VIX, GINI, informality, child labour, pupil-teacher ratio: lower-is-positive. ' +
      'Output gap, energy mix, other shares: neutral.',
  },
]

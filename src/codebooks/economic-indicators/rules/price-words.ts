/** The vocabulary of the rules that recognise prices, interest rates, yields, opinions and indices. */
import { pattern } from '../readers/pattern.ts'

export const OUTPUT_MEASURE = pattern`
  \bproductivity\b|\bgdp\b|\bvalue added\b|\bper unit of\b|\bintensity\b
`
export const EXCHANGE_RATE_EXCLUDED = pattern`
  \beffective\b|\breserves?\b|\bindex\b|\bintervention\b|\bturnover\b|\bratio\b
`
export const NAME_PRICE_IN_MONEY = pattern`
  \bprices?\b(?! index)|\bcost of (?:a|one)\b|\btariffs?\b|\bfares?\b
`
export const NAME_PRICE_IN_MONEY_EXCLUDED = pattern`
  \bgdp\b|\bgross domestic\b|\bexpenditure\b|\bsubsid|\bvalue added\b|\bconsumption\b
`
export const COMMODITY_IN_MONEY = pattern`
  ^(?:brent|wti|crude oil|gold|silver|copper|bitcoin|natural gas|coal|platinum)\b
`
export const COMMODITY_IN_MONEY_EXCLUDED = pattern`
  \b(?:exports?|imports?|reserves?|production|stocks|rents|consumption|per capita)\b
`
export const OPINION_SURE = pattern`
  \bconfidence\b|\bsentiment\b|\boptimism\b|\bexpectations?\b|\bclimate\b|\bzew\b|\bifo\b|\bnahb\b|\bnfib\b
  |\btankan\b|\bgfk\b
`
export const UNITS_INDEX_UNSURE = pattern`
  \b(?:ratio|number of|per capita|balance of trade|current account|debt|parity)\b
`
export const NAME_INDEX = pattern`
  \bindex\b|\bindices\b|\branks?\b|\branking\b|\bscores?\b|\brating\b|\bpmi\b|\breer\b|\bneer\b
  |\beffective exchange rate\b|\bterms of trade\b|\bcpi\b|\bppi\b|\bdeflator\b|\bease of doing business\b
`
/** The governance indicators of the World Bank, which are scores although their names may not say so. */
export const GOVERNANCE = pattern`
  \bcontrol of corruption\b|\brule of law\b|\bgovernment effectiveness\b|\bregulatory quality\b
  |\bvoice and accountability\b|\bpolitical stability\b
`
/** Words that make a series in index points an index. Without such a word the points may be those of an opinion survey. */
export const INDEX_SAID = pattern`
  \bindex\b|\bindices\b|\bpmi\b|\bism\b|\bfed\b|\bcpi\b|\bppi\b|\bprices?\b|\bdeflator\b|\bproduction\b|\boutput\b
  |\bproductivity\b|\bcosts?\b|\bearnings\b|\bwages?\b|\bsales\b|\bexports?\b|\bimports?\b|\bterms of trade\b
  |\bexchange rate\b|\breer\b|\bneer\b|\bactivity\b|\borders\b|\bemployment\b|\bcorruption\b|\bterrorism\b|\binflation\b
  |\bturnover\b|\bconstruction\b|\bmanufacturing\b|\bservices\b|\bfreight\b|\bgdp\b|\bvolume\b
`

/** Denominators that are an amount of a good, such as a barrel, so that money divided by them is a price. */
export const GOODS = pattern`
  ^(?:\d{1,4} ?)?(?:barrel|tonne|kg|litre|pound|bushel|gallon|ounce|troy ounce|m2|m3|[kmgt]wh|mmbtu|therm|short ton|cwt
  |dozen|head|unit|piece|dry tonne|dmtu?|bag|feu|teu|container|kwh|cubic met.*|square (?:foot|feet|met.*)
  |sq ?ft|cigarette.*|pack)$
`
export const WORK_TIME = /^(?:hour|day|week|month|year)$/
/** Words beside which the name of an interest rate means another thing, such as "payments" in "interest payments". */
export const RATE_CONTEXT = pattern`
  \bpayments?\b|\bincome\b|\bexpenses?\b|\barrears\b|\bspread\b|\bshare\b|\bcoverage\b|\bgrowth\b
`

export const GOVERNMENT_BOND =
  /\b(?:government|treasury|state|federal|sovereign) (?:bonds?|securit|notes?|bills?|par)|\bpar yield\b|\bgilts?\b/
/** Names that are those of a rate of interest also where no units stand. */
export const RATE_NAME =
  /\b(?:bank|policy|repo|cash|call|lombard|prime|interest|lending|deposit|discount|overnight|base|key)\b.{0,40}\brates?\b|\bsonia\b|[a-z]ibor\b/
/** Words of a quotation, such as the buying rate of a bank. */
export const QUOTED = /\((?:buying|selling|sale|purchase|middle|ask|bid|closing)\)|\b(?:buying|selling|middle) rates?\b/
export const MONEY_OF_A_COUNTRY =
  /\b(?:dollars?|euros?|pounds?|sterling|yen|francs?|yuan|renminbi|ro?ubles?|rupees?|kron[aeo]r?|usd|eur|gbp|jpy|chf|cny)\b/
/** Two currencies, one of which is quoted in the other, as in "Yen per US dollar". */
export const PAIR_OF_CURRENCIES = new RegExp(
  `${MONEY_OF_A_COUNTRY.source}.{0,12}(?:\\b(?:per|to|into|against)\\b|/).{0,16}${MONEY_OF_A_COUNTRY.source}`,
)
export const PRICE_OF_A_GOOD = /^[^;:]{0,60}(?<!constant |current |market |basic )\bprices? (?:for|of|to|paid)\b/

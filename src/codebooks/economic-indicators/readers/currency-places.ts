/** The currencies of the countries that an indicator's texts point to, which decide words such as "dollars" that several currencies share. */

/** What an indicator says of its own currency: its currency code, and the texts that may point to a country. */
export interface OwnCurrency {
  /** The indicator's own currency code where it is one of ISO 4217; null where it has none. */
  readonly code: string | null
  readonly country: string
  readonly source: string
  /** Texts that may point to a country beside others, such as the name of the data set and the name. */
  readonly others: readonly string[]
}

/** Beginnings of the names of countries and of their people, by the currency that such a country has. */
const PLACE_NAMES = `
  USD united states|usa|u.s.; AUD australia|queensland|new south wales|tasmania|kiribati|nauru|tuvalu; CAD canad|ontario|quebec|alberta
  NZD new zealand|aotearoa|cook islands|niue; SGD singapore; HKD hong kong; TWD taiwan|chinese taipei; MOP maca; JMD jamaica; TTD trinidad
  BBD barbad; BSD baham; BZD belize; BMD bermud; BND brunei; KYD cayman; FJD fiji; GYD guyan; LRD liberia; NAD namibia
  SBD solomon; SRD surinam; ZWG zimbabwe; XCD eastern caribbean|antigua|grenada|saint lucia|st. lucia|st lucia|saint vincent|st. vincent|saint kitts|st. kitts
  DOP dominican; XCD dominica; MXN mexic|méxic; ARS argentin; CLP chile; COP colombia; UYU urugua; CUP cuba; PHP philippin; NIO nicaragua
  GBP united kingdom|great britain|british|england|scotland|wales|northern ireland; EGP egypt; LBP leban; SYP syria; SSP south sudan; SDG sudan; CYP cypr; GIP gibraltar
  INR india; PKR pakistan; LKR sri lanka; NPR nepal; MUR mauriti; SCR seychelles; MVR maldiv; BTN bhutan; IDR indonesia
  SEK swed; NOK norw|norges; DKK denmark|danish|danmark|faroe|greenland; ISK iceland; CZK czech; SKK slovak; EEK estonia
  CHF switzerland|swiss|liechtenstein; XAF cameroon|central african|chad|congo-brazzaville|republic of congo|equatorial guinea|gabon|cemac
  XOF benin|burkina|côte d'ivoire|cote d'ivoire|ivory coast|guinea-bissau|mali|niger|senegal|togo|waemu|bceao; CDF democratic republic of the congo|dr congo
  GNF guinea; RWF rwanda; BIF burundi; DJF djibouti; KMF comor; XPF new caledonia|french polynesia; MGA madagascar
  RSD serbia; MKD macedonia; DZD algeria; TND tunisia; LYD libya; JOD jordan; KWD kuwait; BHD bahrain; IQD iraq
  AED united arab emirates|uae|dubai|abu dhabi; MAD morocc; SAR saudi; QAR qatar; OMR oman; YER yemen; IRR iran; TRY turk|türk
  KES kenya; UGX uganda; TZS tanzania; SOS somali; ZMW zambia; MWK malawi; RON romania; MDL moldova; UZS uzbek; KGS kyrgyz
  KRW south korea|republic of korea|korea; KPW north korea; RUB russia; BYN belarus; CNY china|chinese; JPY japan; ZAR south africa
  LSL lesotho; SZL eswatini|swaziland; AZN azerbaijan; TMT turkmen; EUR euro area|eurozone|germany|france|italy|spain|ireland|austria|netherlands|belgium|finland|portugal|greece
`
/** Abbreviations of countries and of the offices of one country, which count only in capitals and as a whole word. */
const PLACE_CODES = `
  USD US USA BEA BLS EIA FRED; AUD AU AUS ABS RBA; CAD CA CAN StatCan; NZD NZ NZL RBNZ; SGD SG SGP MAS; HKD HK HKG HKMA; TWD TW TWN DGBAS; JMD JM JAM
  TTD TT TTO; BBD BB BRB; BSD BS BHS; BZD BZ BLZ; FJD FJ FJI; GYD GY GUY; NAD NA NAM; MXN MX MEX INEGI; ARS AR ARG INDEC BCRA; CLP CL CHL
  COP CO COL DANE; UYU UY URY; DOP DO DOM; PHP PH PHL BSP PSA; GBP GB GBR UK ONS; EGP EG EGY CAPMAS; LBP LB LBN; SYP SY SYR; SDG SD SDN
  INR IN IND RBI MOSPI; PKR PK PAK SBP; LKR LK LKA CBSL; NPR NP NPL; MUR MU MUS; SEK SE SWE SCB; NOK NO NOR SSB; DKK DK DNK DST; ISK IS ISL
  CZK CZ CZE CNB; CHF CH CHE SNB; RSD RS SRB; DZD DZ DZA; TND TN TUN; JOD JO JOR; KWD KW KWT; BHD BH BHR; IQD IQ IRQ; AED AE ARE UAE; MAD MA MAR
  SAR SA SAU; QAR QA QAT; OMR OM OMN; IRR IR IRN; TRY TR TUR CBRT TCMB; KES KE KEN KNBS; UGX UG UGA; TZS TZ TZA; ZMW ZM ZMB; MWK MW MWI
  RON RO ROU; MDL MD MDA; KRW KR KOR; BYN BY BLR; CNY CN CHN; JPY JP JPN; ZAR ZA ZAF SARB
`

const lines = (text: string) =>
  text
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
const NAMES: ReadonlyMap<string, string> = new Map(
  lines(PLACE_NAMES).flatMap((line) =>
    line
      .slice(4)
      .split('|')
      .map((name): [string, string] => [name, line.slice(0, 3)]),
  ),
)
const CODES: ReadonlyMap<string, string> = new Map(
  lines(PLACE_CODES).flatMap((line) =>
    line
      .slice(4)
      .split(' ')
      .map((code): [string, string] => [code, line.slice(0, 3)]),
  ),
)
/** The longer name of two that begin alike stands first, such as "dominican" before "dominica". */
const NAME = new RegExp(
  `(?<!\\p{L})(?:${[...NAMES.keys()]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replaceAll('.', '\\.'))
    .join('|')})`,
  'gu',
)
/** The most characters of a text in which places are looked for. */
const MAX_TEXT = 320

/** Returns the currencies of the places that a text names. */
function namedIn(text: string): string[] {
  return [...text.slice(0, MAX_TEXT).toLowerCase().matchAll(NAME)].map(([name]) => NAMES.get(name) ?? '')
}

/** Returns the currencies of the abbreviations of places and offices in a text. */
function abbreviatedIn(text: string): string[] {
  return (text.slice(0, MAX_TEXT).match(/[A-Za-z]+/g) ?? []).flatMap((word) => CODES.get(word) ?? [])
}

/**
 * Returns those of `currencies` that the country, the source and the other texts of an indicator point to, the country's
 * first. Where country or source point to one of them, the other texts are not asked: they may name a partner in trade.
 */
export function currenciesOfPlaces(own: OwnCurrency, currencies: ReadonlySet<string>): string[] {
  const country = /^[A-Za-z]{2,3}$/.test(own.country.trim())
    ? abbreviatedIn(own.country.toUpperCase())
    : namedIn(own.country)
  const first = [...country, ...namedIn(own.source), ...abbreviatedIn(own.source)]
  const found = first.filter((code) => currencies.has(code))
  return found.length > 0 ? found : own.others.flatMap(namedIn).filter((code) => currencies.has(code))
}

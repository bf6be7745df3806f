/** The vocabulary of the unit reader: multipliers, words for each kind of unit, and the sentence that explains each rule. */
import { pattern } from './pattern.ts'

/** Words for multipliers in many languages, in lower case. */
export const SCALE_WORDS: ReadonlyMap<string, number> = new Map(
  (
    [
      [1e2, 'hundred hundreds'],
      [10, 'ten tens'],
      [
        1e3,
        'thousand thousands thous thsd ths tsd tausend th k kilo milliers millier miles mille migliaia mila duizend',
      ],
      [
        1e3,
        'tusen tkr tys tis bin ribu nghìn ngàn mil mii tūkst тыс тысяч тысячи хил χιλ हज़ार हजार ألف آلاف thousandths',
      ],
      [1e4, 'tenthousand man'],
      [1e5, 'lakh lakhs lac lacs लाख'],
      [
        1e6,
        'million millions mn mln mlns mio mill mil. mm millón millon millones milhão milhões milhoes milioni milione',
      ],
      [1e6, 'millionen miljoen miljoner miljon milyon milionów miliony milion juta triệu млн миллион миллионов مليون'],
      [1e6, 'milj mkr milioane εκατ'],
      [1e7, 'crore crores cr करोड़'],
      [1e8, 'hundredmillion'],
      [
        1e9,
        'billion billions bn bln bil milliard milliards milliarden mrd mrds mld mlds md mds miljard miljarder miliardi mia mdkr miliarde δισ',
      ],
      [1e9, 'milyar miliardów miliar bilhão bilhões bilhoes tỷ млрд миллиард миллиардов مليار'],
      [
        1e12,
        'trillion trillions trn tn tln billones billón billon biliony trilyon trilhões triliun трлн триллион تريليون',
      ],
    ] as const
  ).flatMap(([scale, words]) => words.split(' ').map((word): [string, number] => [word, scale])),
)

/** Letters that are multipliers only beside money: "USD M" is a million, while "m" alone is a metre. */
export const MONEY_LETTERS: ReadonlyMap<string, number> = new Map([
  ['m', 1e6],
  ['k', 1e3],
  ['b', 1e9],
  ['t', 1e12],
])

/**
 * Chinese, Japanese, Korean and Thai words of units, each with the English word that replaces it. The words are replaced in
 * this order: a unit that contains a number word, such as 千克 (kg), stands before the number word.
 */
export const CJK_WORDS: readonly (readonly [RegExp, string])[] = [
  [/千瓦[时時]/g, ' kWh '],
  [/千瓦/g, ' kW '],
  [/立方米/g, ' m3 '],
  [/平方公里|平方千米/g, ' km2 '],
  [/平方米/g, ' m2 '],
  [/公里|千米/g, ' km '],
  [/千克|公斤/g, ' kg '],
  [/公[顷頃]/g, ' hectares '],
  [/พันล้าน/g, ' billion '],
  [/ล้าน/g, ' million '],
  [/(?<=^|[\d千万萬億亿百천만억])[台辆輛户戸件套家대]$/g, ' units '],
  [/百万|百萬|백만/g, ' million '],
  [/千万|千萬|천만/g, ' crore '],
  [/十亿|十億|십억/g, ' billion '],
  [/万|萬|만(?!\p{L})/gu, ' tenthousand '],
  [/亿|億|억/g, ' hundredmillion '],
  [/兆|조(?!\p{L})/gu, ' trillion '],
  [/千|천(?!\p{L})/gu, ' thousand '],
  [/人(?!民[币幣])|명/g, ' persons '],
]

/** Notes on method or source, such as "modeled ILO estimate", which are cut from a units text before the rest is read. */
export const NOTES = new RegExp(
  pattern`
    \b(?:modell?ed|national|projected|preliminary|revised|ilo|imf|world bank|official|survey|staff) (?:ilo 
    |based )?(?:estimates?|projections?)\b|\b(?:not |non-?)?seasonally adjusted(?: annual(?:ised|ized)? rate)?\b
    |\b(?:nsa|saar|sa|swda)\b|\b(?:period|annual|monthly|quarterly|yearly) averages?\b|\bend of period\b
    |\b(?:year[- ]to[- ]date|ytd|cumulative)\b|\b(?:preliminary|estimates?d?|provisional|residual|derived
    |unspecified|not applicable|not available)\b|\bprojected estimates\b|\baverage for affected firms\b
    |\bages? \d{1,2}(?:\+|-\d{1,2}| and (?:above|over|older))
  `.source,
  'gi',
)

/** Matches a units text that names no unit, such as "n/a" or "none". */
export const EMPTY = pattern`
  ^(?:[\s\-–—.,;:()/*?]*|n\.?\/?a\.?|none|null|nil|unknown|undefined|nan|no unit|unitless)$
`

export const PERCENT = pattern`
  %|\bper ?cent(?!ile)|\bpct\b|\bpp\b|\bp\.p\.?|\bbps?\b|\bbasis points?\b|\bpourcent|\bprozent|\bporcent
  |\bpor ciento|\bper mille\b|\bgrowth (?:rate|previous|same|on)\b|\brates? of (?:change|growth|increase)\b|‰|процент|بالمئة|प्रतिशत|百分|п\. ?п\.|\bv\. ?h\.
`
export const FLAG = pattern`
  \b[01] ?= ?(?:yes|no|true|false)(?=$| ?[;,)\/])|^\+?1 or 0$|^0 or \+?1$|\byes ?\/ ?no\b|\bboolean\b|\bdummy\b|\bbinary\b|\btrue ?\/ ?false\b|^0 ?\/ ?1$
`
export const INDEX = pattern`
  = ?100\b|^\d{1,3} ?(?:-|to) ?\d{1,3}(?: ?\([^()]{1,40}\))?$|\bind(?:ex|ices|eks|ice)\b|\bíndice|индекс|指数|指數|(?<!basis |percentage |percent |% )\bpo?i?nts?\b
  |\bpunkte?n?\b|\bpuntos?\b|\bpontos?\b|\bpunti\b
  |\bscores?\b|\branks?\b|\branking|\brating|\bscale\b|\b\d{1,3} ?= ?[a-z]|\bbase year\b|\bgpi\b|\bstars?\b
`
export const RATIO_WORD = pattern`
  \bratios?\b|\belasticity\b|\bcoefficients?\b|\bmultiples?\b|\btimes\b|\bfraction\b|\bproportion\b|\b1 in\b
  |\bdimensionless\b|^x$
`
export const TEMPERATURE = pattern`
  \bcelsius\b|\bfahrenheit\b|\bkelvin\b|°|℃|\bdegrees?\b|\bdeg\b
`
export const DURATION = pattern`
  \b(?:days?|hours?|hrs?|years?|yrs?|months?|weeks?|minutes?|mins?|seconds?|jours|heures|tage|stunden|años
  |horas|días|anos|dias|meses)\b
`
export const PHYSICAL = pattern`
  \b(?:tonn?es?|tons?|t|mt|kt|gt|kg|kgs|kilogram(?:me)?s?|(?:kilo)?calories|kcal|carats?|grams?|g|mg|micrograms?|µg|ug|lbs?|pounds?|ounces?|oz|hg
  |troy|quintals?|bushels?|bales?|barrels?|bbls?|bpd|mbpd|mb|boe|mmboe|toe|ktoe|mtoe|btu|mmbtu|therms?|joules?
  |terajoules?|petajoules?|gigajoules?|megajoules?|[tpgmk]j|watts?|(?:kilo|mega|giga
  |tera)watt(?:[- ]?hours?)?s?|[kmgt]wh?|[kmgt]wp|lit(?:er|re)s?|gallons?|ml|hl|met(?:er|re)s?|kilomet(?:er
  |re)s?|millimet(?:er|re)s?|mm|cm|m|km|miles?(?! de )|inch(?:es)?|feet|ft|acres?|hectares?|has?|sq|square|cubic|m2|m3
  |m²|m³|km2|km²|mcm|bcm|bcf|mcf|tcf|cf|teu|dwt|ton-?km|tkm|passenger-km|vehicle-km|route-km|hpa|db|ppm|ppb
  |tco2e?|mtco2e?|co2e?|gw|mw|kw|(?:passenger|tonne|vehicle|freight)[- ]kilomet(?:er|re)s?|toneladas|tonnen|kilolit(?:er|re)s?|kl)\b|тонн|吨|トン|м3|куб\. ?м|[км]вт|барр|طن|टन
`
export const COUNT = pattern`
  \b(?:numbers?|nos?|persons?|people|units?|heads?|each|cases?|firms?|companies|enterprises|establishments
  |households?|employees|workers|jobs?|vacancies|rigs?|wells|vehicles?|cars?|aircraft|ships?|vessels?
  |passengers?|tourists?|visitors?|arrivals|departures|trips|nights|flights|births?|deaths?|events?|incidents?
  |applications?|permits?|registrations?|subscriptions?|subscribers|users|students|pupils|teachers|beds|rooms
  |dwellings?|houses|homes|buildings|contracts?|transactions?|shares?|lots?|issues|items|pieces|patents?
  |articles|species|servers|accounts|branches|machines|tractors|cattle|animals|births|women|men|children
  |adults|inhabitants|population|capita|refugees|migrants|troops|procedures|payments|visits|claims|outages
  |personen|personas|personnes|pessoas|unidades|stück|stk|count|bankruptcies|countries
  |cities|schools|hospitals|doctors|nurses|physicians|calls|tests|doses|attacks|crimes|strikes|participants
  |containers|litigations|homicides)\b|\btonnages?\b|\b(?:persoane|orang|adet|kişi)(?!\p{L})|osób|osob\b|человек|единиц|штук|души
`
/** Words of units. A currency code that is also a word still counts as a code beside them, as in "constant ALL Million". */
export const UNIT_FILLER = pattern`
  ^(?:constant|current|real|nominal|prices?|chained|volumes?|value|at|in|of|and|bop|dod|nfl|dis|tds|ntr|int
  |amt|com|und|cif|fob|basis|annual|annuali[sz]ed|equivalent|units?|base|year|index|per|million|market|rate
  |moneda|mill?|saar|sa|nsa)$
`

/** Names that count people, things or events, so that the unit is a count where the units text is empty. */
export const NAMES_THINGS = pattern`
  \b(?:population|persons|people|adults|children|pupils|teachers|students|passengers|arrivals|departures
  |applications|subscriptions|servers|companies|articles|species|refugees?|migrants?|migration|deaths|births
  |workers|employees|personnel|households|vehicles|registrations|tourists|visitors|unemployed|employed
  |labou?r force|number of|rigs|bankruptcies|patents|homicides|cases|internet users|subscribers|branches
  |vacancies|jobs|claims|tractors|beds|physicians|nurses|aircraft|ships|takeoffs|transactions|movements
  |establishments|schools|hospitals|depositors|trademarks|designs|livestock|researchers|technicians|inhabitants)\b
`
/** Names of money, which a unit that is only a multiplier does not count. */
export const NAMES_AMOUNT = pattern`
  \b(?:exports?|imports?|gdp|revenues?|expenditures?|spending|debts?|liabilit(?:y|ies)|assets?|loans?|deposits?|credits?|reserves?
  |incomes?|investments?|tax(?:es)?|value added|balance|savings?|capital|payments?|receipts?|transfers?|securities|equity)\b
`
/** Names of rates, amounts and indices, whose unit is no count although the names may mention people or things. */
export const NAMES_MEASURE = pattern`
  \b(?:growth|change|rate|ratio|index|share|percent|proportion|density|expectancy|prevalence|incidence|yoy|mom
  |qoq|gdp|income|expenditure|spending|compensation|wages|earnings|hours|pay|(?<!constant |current )prices?|costs?|productivity|output|score|coverage|confidence|balance|value|debt|loans
  |benefits)\b|%
`

/** The sentence that explains each rule of the unit reader to a person. */
export const BECAUSE: Readonly<Record<string, string>> = {
  'units-flag': 'The units say yes or no.',
  'units-percent': 'The units say percent.',
  'units-index': 'The units say index, points, score or a base year.',
  'units-currency': 'The units name a currency.',
  'units-ratio': 'The units say ratio or coefficient.',
  'units-rate': 'The units count per a number of people or things.',
  'units-temperature': 'The units are a temperature.',
  'units-physical': 'The units are a physical quantity.',
  'units-duration': 'The units are a length of time.',
  'units-count': 'The units count people or things.',
  'units-multiplier-only': 'The units are only a multiplier.',
  'units-multiplier-of-unread': 'The units are a multiplier of a word that is not known.',
  'units-unread': 'The units hold no known word.',
  'units-empty': 'There are no units and the name gives none.',
  'name-bracket': 'The units are empty or a note, and the bracket of the name gives the unit.',
  'name-tail': 'The units are empty, and the name ends with the unit after its last comma or dash.',
  'name-growth': 'The units are empty and the name says growth.',
  'name-percent': 'The units are empty and the name says percent.',
  'name-base-year': 'The units are empty and the name states a base of 100.',
  'name-rank': 'The units are empty and the name says rank.',
  'name-x-to-y-ratio': 'The units are empty and the name is a ratio of X to Y.',
  'name-per': 'The units are empty and the name says per a number of people.',
  'name-things': 'The units are empty and the name counts people or things.',
  'currency-code': 'The units are only a multiplier and the indicator has a currency code.',
}

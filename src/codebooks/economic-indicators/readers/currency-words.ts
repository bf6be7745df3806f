/** The texts by which the unit reader recognises a currency: names, signs, and codes that are also plain words. */
import { pattern } from './pattern.ts'

/**
 * Currency codes that are also words, such as ALL. Such a code counts only where every other word of the text is a word of
 * units.
 */
export const WORDLIKE_CODES: ReadonlySet<string> = new Set(
  'ALL TOP TRY CUP MOP PEN BAM GEL LAK RON SOS MAD COP BOB SLE ANG ERN CAD SIT STD CLF RUB VES DEM MUR'.split(' '),
)

/**
 * A name or sign of a currency. `code` is null where several currencies share the name, so that the indicator's
 * `currency_code` decides.
 */
export interface CurrencyWord {
  readonly pattern: RegExp
  readonly code: string | null
  /** The currencies that share the name; absent where none but `code` has it, or where any currency may have it. */
  readonly shared?: ReadonlySet<string>
}

const codes = (text: string): ReadonlySet<string> => new Set(text.split(' '))
const DOLLARS = 'USD AUD CAD NZD SGD HKD TWD JMD TTD BBD BSD BZD BMD BND KYD FJD GYD LRD NAD SBD SRD XCD ZWG ZWL'
const PESOS = 'MXN ARS CLP COP UYU CUP DOP PHP'
const FRANCS = 'CHF XOF XAF XPF CDF GNF RWF BIF DJF KMF MGA'
const CROWNS = 'SEK NOK DKK ISK CZK SKK EEK'
const RUPEES = 'INR PKR LKR NPR MUR SCR MVR BTN'
const POUNDS = 'GBP EGP LBP SYP SDG SSP CYP GIP'
const RIALS = 'SAR QAR OMR YER IRR'
const DINARS = 'RSD MKD DZD TND LYD JOD KWD BHD IQD'

/** Words for the currency of the country that the indicator is about. */
export const NATIONAL_CURRENCY = pattern`
      \b(?:national|local|domestic|own) currenc(?:y|ies)|\blocal currency units?\b|\b(?:real )?lcu\b|\b(?:current )?monetary units?\b
      |\bmoneda nacional|\bmonnaie nationale|\blandeswährung|национальн\S* валют
    `

/**
 * Names and signs of currencies, tried in order on the lower-case text before "per" or "/". A longer name stands before
 * the shorter name that it contains: "hk$" before "$".
 */
export const CURRENCY_WORDS: readonly CurrencyWord[] = [
  {
    pattern:
      /\bpp[ps]s?\b|\bpurchasing[- ]power (?:standard|parit)|\binternational[- ]?(?:dollars?|\$)|\bint(?:l|'l|ernational)?\.? ?\$|\bintl\b|\bgeary/,
    code: 'INTL',
  },
  {
    pattern: NATIONAL_CURRENCY,
    code: 'LCU',
  },
  { pattern: /日元/, code: 'JPY' },
  { pattern: /港[元币幣]/, code: 'HKD' },
  { pattern: /韩元|韓元/, code: 'KRW' },
  { pattern: /[台臺][币幣]/, code: 'TWD' },
  { pattern: /\bhk ?\$|\bhong kong dollars?/, code: 'HKD' },
  { pattern: /\bnz ?\$|\bnew zealand dollars?/, code: 'NZD' },
  { pattern: /\bnt ?\$|\b(?:new )?taiwan dollars?/, code: 'TWD' },
  { pattern: /\ba(?:u|us)? ?\$|\baustralian dollars?/, code: 'AUD' },
  { pattern: /\bc(?:an|dn)? ?\$|\bcanadian dollars?/, code: 'CAD' },
  { pattern: /\bsg?\$|\bsingapore dollars?/, code: 'SGD' },
  { pattern: /\br\$|\breais\b|\bbrazilian real/, code: 'BRL' },
  { pattern: /\bmex ?\$|\bmexican (?:new )?pesos?/, code: 'MXN' },
  { pattern: /\bcanadian cents?/, code: 'CAD' },
  { pattern: /\bj\$|\bjamaican? dollars?/, code: 'JMD' },
  { pattern: /\btt\$/, code: 'TTD' },
  { pattern: /\bn\$|\bnamibian? dollars?/, code: 'NAD' },
  { pattern: /\bbds\$|\bbarbados dollars?/, code: 'BBD' },
  { pattern: /\bbz\$|\bbelize dollars?/, code: 'BZD' },
  { pattern: /\bec\$|\b(?:east(?:ern)?) caribbean dollars?/, code: 'XCD' },
  { pattern: /\bfj?\$|\bfiji(?:an)? dollars?/, code: 'FJD' },
  { pattern: /\bgy?\$|\bguyan(?:a|ese) dollars?/, code: 'GYD' },
  { pattern: /\brd\$|\bdominican pesos?/, code: 'DOP' },
  { pattern: /\bcol\$|\bcolombian pesos?/, code: 'COP' },
  { pattern: /\bch\$|\bchilean pesos?/, code: 'CLP' },
  { pattern: /\bar\$|\bargentin(?:e|ian?) pesos?/, code: 'ARS' },
  { pattern: /\$ ?u\b|\buruguayan pesos?/, code: 'UYU' },
  { pattern: /\bsoles\b/, code: 'PEN' },
  { pattern: /\bgh ?[¢₵]|₵/, code: 'GHS' },
  { pattern: /\beuro ?cents?\b|€ ?c(?:t|ents?)?\b/, code: 'EUR' },
  // A dollar sign after letters that no entry above knows belongs to some other country, so it must not be read as USD.
  { pattern: /\b(?!us?\$|usa?\$)[a-z]{1,3}\$/, code: null },
  {
    pattern: pattern`
      \bu\.?s\.?a?\.? ?(?:\$|dollars?|cents?)|\busd\b|\b(?:united states|american) (?:dollars?|cents?)|долл|米ドル|美元
    `,
    code: 'USD',
  },
  { pattern: /[$]/, code: 'USD', shared: codes(`${DOLLARS} ${PESOS} NIO`) },
  { pattern: /\bdollars?\b|\bdólares|\bdolares|¢|ドル|달러|دولار/, code: 'USD', shared: codes(DOLLARS) },
  { pattern: /€|\beuros?\b|\becu\b|евро|ευρώ|ユーロ|欧元|يورو/, code: 'EUR' },
  { pattern: /\be£|£ ?e\b|\bl\.e\.|\begyptian pounds?/, code: 'EGP' },
  { pattern: /\b[a-z]{1,2}£/, code: null },
  { pattern: /英[镑鎊]|\bpounds? sterling|\bsterling\b|\bbritish pounds?/, code: 'GBP' },
  { pattern: /£|\bpence\b/, code: 'GBP', shared: codes(POUNDS) },
  { pattern: /\bcn¥|\bchinese yuan\b|\brenminbi|\brmb\b|人民币|人民幣/, code: 'CNY' },
  { pattern: /\byuan\b|元/, code: 'CNY', shared: codes('CNY TWD HKD MOP') },
  { pattern: /\byen\b|円/, code: 'JPY' },
  { pattern: /¥/, code: 'JPY', shared: codes('JPY CNY') },
  { pattern: /₹|\bindian rupees?|रुपये/, code: 'INR' },
  { pattern: /\b(?:rs|rupees?)\b.{0,8}\b(?:cr|crores?|lakhs?)\b/, code: 'INR', shared: codes(RUPEES) },
  { pattern: /\bpakistani? rupees?/, code: 'PKR' },
  { pattern: /\bsri lankan? rupees?/, code: 'LKR' },
  { pattern: /₽|\brussian ro?ubles?\b/, code: 'RUB' },
  { pattern: /\bro?ubles?\b|руб/, code: 'RUB', shared: codes('RUB BYN') },
  { pattern: /\bsouth korean won\b/, code: 'KRW' },
  { pattern: /₩|\bwon\b|원/, code: 'KRW', shared: codes('KRW KPW') },
  { pattern: /₺|\btl\b|\bturkish liras?|\btürk lirası/, code: 'TRY' },
  { pattern: /₦|\bnairas?\b/, code: 'NGN' },
  { pattern: /₪|\bshekels?\b|\bnis\b/, code: 'ILS' },
  { pattern: /₫|\bdong\b|đồng/, code: 'VND' },
  { pattern: /₴|\bhryvnias?\b|грив|грн/, code: 'UAH' },
  { pattern: /฿|\bbaht\b|บาท/, code: 'THB' },
  { pattern: /₱|\bphilippine pesos?/, code: 'PHP' },
  { pattern: /\bzł|\bzlot(?:y|ys|ych)\b/, code: 'PLN' },
  { pattern: /\bforints?\b|\b(?:mrd|mld|mio|mill?|mn|m)\.? ft\b/, code: 'HUF' },
  { pattern: /\bkorunas?\b|\bkč/, code: 'CZK', shared: codes('CZK SKK') },
  { pattern: /\bringgits?\b|\brm\b/, code: 'MYR' },
  { pattern: /\brupiahs?\b|\brp\b/, code: 'IDR' },
  { pattern: /\btakas?\b|\btk\b|৳/, code: 'BDT' },
  { pattern: /₸|\btenge\b|тенге/, code: 'KZT' },
  { pattern: /\bbirrs?\b/, code: 'ETB' },
  { pattern: /\bcedis?\b/, code: 'GHS' },
  { pattern: /\bsouth african rands?|\brands?\b/, code: 'ZAR' },
  { pattern: /₾/, code: 'GEL' },
  { pattern: /֏/, code: 'AMD' },
  { pattern: /₼/, code: 'AZN' },
  { pattern: /₲/, code: 'PYG' },
  { pattern: /₡/, code: 'CRC' },
  { pattern: /₮/, code: 'MNT' },
  { pattern: /₭/, code: 'LAK' },
  { pattern: /؋/, code: 'AFN' },
  { pattern: /៛/, code: 'KHR' },
  { pattern: /(?<!\p{L})лв(?!\p{L})/u, code: 'BGN' },
  { pattern: /\bksh\b/, code: 'KES' },
  { pattern: /\btsh\b/, code: 'TZS' },
  { pattern: /\bush\b/, code: 'UGX' },
  { pattern: /\bswiss francs?|\bsfr\b/, code: 'CHF' },
  { pattern: /\bcfa francs?|\bf ?cfa\b/, code: 'XOF', shared: codes('XOF XAF') },
  { pattern: /\bsaudi ri[yj]als?/, code: 'SAR' },
  { pattern: /\b(?:uae|emirati) dirhams?/, code: 'AED' },
  { pattern: /\bsdrs?\b|\bspecial drawing rights?/, code: 'XDR' },
  { pattern: /\bswedish kron[ao]r?\b/, code: 'SEK' },
  { pattern: /\b(?:md?|t)kr\b|\bm kr\b/, code: 'SEK', shared: codes(CROWNS) },
  { pattern: /\bdanish kroner?\b/, code: 'DKK' },
  { pattern: /\bnorwegian kroner?\b/, code: 'NOK' },
  // Names of money that one currency alone has.
  ...(
    [
      ['ALL', 'leke?'],
      ['AMD', 'drams?'],
      ['AOA', 'kwanzas?'],
      ['BGN', 'leva?|levs?'],
      ['BOB', 'bolivianos?'],
      ['BWP', 'pulas?'],
      ['CRC', 'colones|colón'],
      ['GEL', 'laris?'],
      ['GMD', 'dalasis?'],
      ['GTQ', 'quetzal(?:es)?'],
      ['HNL', 'lempiras?'],
      ['HRK', 'kunas?'],
      ['HTG', 'gourdes?'],
      ['KHR', 'riels?'],
      ['MMK', 'kyats?'],
      ['MNT', 't[uö]gr[iö]g|tugriks?'],
      ['MVR', 'rufiyaas?'],
      ['MZN', 'meticai?s|metical'],
      ['NIO', 'c[oó]rdobas?'],
      ['PAB', 'balboas?'],
      ['PGK', 'kinas?'],
      ['PYG', 'guaran[ií](?:e?s)?'],
      ['TJS', 'somonis?'],
      ['VUV', 'vatus?'],
      ['AFN', 'afghanis?'],
      ['BTN', 'ngultrums?'],
      ['MOP', 'patacas?'],
    ] as const
  ).map(([code, names]) => ({ pattern: new RegExp(`(?<!\\p{L})(?:${names})(?!\\p{L})`, 'u'), code })),
  { pattern: /\brupees?\b|\brs\b|₨/, code: null, shared: codes(RUPEES) },
  { pattern: /\bpesos?\b/, code: null, shared: codes(PESOS) },
  { pattern: /\bfrancs?\b/, code: null, shared: codes(FRANCS) },
  { pattern: /\bdinars?\b|(?<!\p{L})динар/u, code: null, shared: codes(DINARS) },
  { pattern: /\bdirhams?\b/, code: null, shared: codes('AED MAD') },
  { pattern: /\bri[yj]als?\b|ريال/, code: null, shared: codes(RIALS) },
  { pattern: /\bliras?\b/, code: null, shared: codes('TRY LBP SYP ITL') },
  { pattern: /\bkron[aeo]r?\b|\bkr\b/, code: null, shared: codes(CROWNS) },
  { pattern: /\bkwachas?\b/, code: null, shared: codes('ZMW MWK') },
  { pattern: /\bshillings?\b/, code: null, shared: codes('KES UGX TZS SOS') },
  { pattern: /\bpounds\b(?= million| billion)/, code: null, shared: codes(POUNDS) },
  { pattern: /\bsoms?\b|(?<!\p{L})(?:сум(?!\p{L})|сом(?!\p{L}))/u, code: null, shared: codes('UZS KGS') },
  { pattern: /\blei\b/, code: null, shared: codes('RON MDL') },
  { pattern: /\bmanats?\b/, code: null, shared: codes('AZN TMT') },
  { pattern: /\bcents?\b/, code: null, shared: codes(`${DOLLARS} ZAR EUR LKR KES MUR SCR LSL SZL`) },
  { pattern: /\bcurrency\b|[₠-₿]/, code: null },
]

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
}

/** Words for the currency of the country that the indicator is about. */
export const NATIONAL_CURRENCY = pattern`
      \b(?:national|local|domestic|own) currenc(?:y|ies)|\blocal currency units?\b|\b(?:real )?lcu\b
      |\bmoneda nacional|\bmonnaie nationale|\blandeswährung|национальн\S* валют
    `

/**
 * Names and signs of currencies, tried in order on the lower-case text before "per" or "/". A longer name stands before
 * the shorter name that it contains: "hk$" before "$".
 */
export const CURRENCY_WORDS: readonly CurrencyWord[] = [
  {
    pattern: /\bppps?\b|\binternational[- ]?(?:dollars?|\$)|\bint(?:l|'l|ernational)?\.? ?\$|\bintl\b|\bgeary/,
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
      \bu\.?s\.?a?\.? ?(?:\$|dollars?|cents?)|\busd\b|[$]|\bdollars?\b|\bdólares|\bdolares|долл|米ドル|美元
      |\bus cents?\b|¢|ドル|달러|دولار
    `,
    code: 'USD',
  },
  { pattern: /€|\beuros?\b|\becu\b|евро|ευρώ|ユーロ|欧元|يورو/, code: 'EUR' },
  { pattern: /\be£|£ ?e\b|\bl\.e\.|\begyptian pounds?/, code: 'EGP' },
  { pattern: /\b[a-z]{1,2}£/, code: null },
  { pattern: /英[镑鎊]|£|\bpounds? sterling|\bsterling\b|\bbritish pounds?|\bpence\b/, code: 'GBP' },
  { pattern: /\bcn¥|\bchinese yuan\b|\brenminbi|\brmb\b|\byuan\b|人民币|人民幣|元/, code: 'CNY' },
  { pattern: /\byen\b|円/, code: 'JPY' },
  { pattern: /¥/, code: 'JPY' },
  { pattern: /₹|\bindian rupees?|रुपये|\b(?:rs|rupees?)\b.{0,8}\b(?:cr|crores?|lakhs?)\b/, code: 'INR' },
  { pattern: /\bpakistani? rupees?/, code: 'PKR' },
  { pattern: /\bsri lankan? rupees?/, code: 'LKR' },
  { pattern: /₽|\bro?ubles?\b|руб/, code: 'RUB' },
  { pattern: /₩|\b(?:south )?korean won\b|\bwon\b|원/, code: 'KRW' },
  { pattern: /₺|\btl\b|\bturkish liras?|\btürk lirası/, code: 'TRY' },
  { pattern: /₦|\bnairas?\b/, code: 'NGN' },
  { pattern: /₪|\bshekels?\b|\bnis\b/, code: 'ILS' },
  { pattern: /₫|\bdong\b|đồng/, code: 'VND' },
  { pattern: /₴|\bhryvnias?\b|грив|грн/, code: 'UAH' },
  { pattern: /฿|\bbaht\b|บาท/, code: 'THB' },
  { pattern: /₱|\bphilippine pesos?/, code: 'PHP' },
  { pattern: /\bzł|\bzlot(?:y|ys|ych)\b/, code: 'PLN' },
  { pattern: /\bforints?\b|\b(?:mrd|mld|mio|mill?|mn|m)\.? ft\b/, code: 'HUF' },
  { pattern: /\bkorunas?\b|\bkč/, code: 'CZK' },
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
  { pattern: /\bcfa francs?|\bf ?cfa\b/, code: 'XOF' },
  { pattern: /\bsaudi ri[yj]als?/, code: 'SAR' },
  { pattern: /\b(?:uae|emirati) dirhams?/, code: 'AED' },
  { pattern: /\bsdrs?\b|\bspecial drawing rights?/, code: 'XDR' },
  { pattern: /\bswedish kron[ao]r?\b|\b(?:md?|t)kr\b|\bm kr\b/, code: 'SEK' },
  { pattern: /\bdanish kroner?\b/, code: 'DKK' },
  { pattern: /\bnorwegian kroner?\b/, code: 'NOK' },
  {
    pattern: pattern`
      \brupees?\b|\brs\b|\bpesos?\b|\bfrancs?\b|\bdinars?\b|\bdirhams?\b|\bri[yj]als?\b|\bliras?\b
      |\bkron[aeo]r?\b|\bkr\b|\bkwachas?\b|\bshillings?\b|\bpounds\b(?= million| billion)|\bsoms?\b
      |\bcurrency\b|\blei\b|\bcents?\b|(?<!\p{L})(?:динар|сум(?!\p{L})|сом(?!\p{L}))|ريال|[₨₠-₿]
    `,
    code: null,
  },
]

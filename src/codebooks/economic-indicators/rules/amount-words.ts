/** The vocabulary of the rules that recognise amounts: durations, balances, stocks, volumes and flows. */
import { pattern } from '../readers/pattern.ts'

export const NAME_TIME = pattern`
  ^age at\b|^(?:mean|median) age\b|\blife expectancy\b|\byears of schooling\b|\bworking hours\b|\bhours worked\b|\blead time\b
`
export const CAPACITY_SURE = pattern`
  \b(?:installed|refin\w+|generat\w+|production|storage|hospital(?:-bed)?|power|nameplate|port) capacity\b
`
export const MONEY_PER_OTHER = pattern`
  \bproductivity\b|\bper (?:person|worker|unit|hectare|capita|hour)\b
`
export const MONEY_PER_OTHER_SURE = pattern`
  \bproductivity\b|\bintensity\b|\bper\b|\byield\b|\bemissions\b
`
export const MEDIAN_INCOME = pattern`
  \b(?:median|average|mean) (?:\w+ )?income\b|\bmean consumption\b
`
export const NET_POSITION = pattern`
  \bnet (?:foreign|external|international|open|worth)|\binvestment position\b
`
export const NET_POSITION_EXCLUDED = pattern`
  \binflow|\boutflow|\bflows\b|\bdirect\b|\bportfolio\b|\bpurchases\b
`
export const NET_OF_TWO_FLOWS_UNSURE = pattern`
  \bnet (?:primary|secondary|current|taxes|acquisition|incurrence|profit|income|sales|savings
  |investment in nonfinancial)|\badjusted\b|\bnational\b|\bdiscrepancy\b|\bcash\b|\bemissions\b
  |\bnet (?:premium|interest)
`
export const EXTERNAL_FINANCE_NET = pattern`
  \bterms of trade adjustment\b|\bforeign (?:bond|stock|securities) investment\b|\btic flows\b
`
export const STOCK_OF_MONEY_UNSURE = pattern`
  \bresidual\b|\blending\b|\bcredit cards?\b|\bspending\b|\bdebt (?:stock )?(?:reduction|rescheduled)\b|\brevenue\b
  |\bcredits\b
`
export const STOCK_OF_THINGS = pattern`
  ^(?:sq\.? ?km|hectares?|km2|acres?|(?:thousand|million) hectares)
`

/** Words that say a figure is the net of two opposing flows. */
export const NET = pattern`
  \bnet\b(?! (?:of tax|(?:electricity |power )?(?:generation|production|output|supply)|weight|tonnage|calorific|capacity))|\bbalance\b(?! sheets?)|\bcurrent account\b|\bcapital account\b|\bfinancial account\b
  |\bbudget\b|\bcapital flows?\b|\bdeficit\b|\bsurplus\b|\berrors and omissions\b|\bcapital and financial\b
  |\bbop\b|\bfiscal balance\b|\bdiscrepancy\b|\bnet\/|\blending\/borrowing\b
`
/**
 * Words of a description that make a series net although its name does not say so: by ruling 4 of the codebook, disbursements
 * minus repayments are a balance.
 */
export const NET_IN_DESCRIPTION = pattern`
  \bdisbursements minus\b|\b(?:minus|net of) (?:principal )?repayments\b
`
/** Names of net figures that are themselves a stock or a position. */
export const NET_STOCK = pattern`
  \bnotional\b|\bamounts outstanding\b|\bnet (?:foreign|domestic|external|international|claims|reserves|open|debt|worth|credit)
  |\bnet (?!issu).{0,20}(?:position|assets|debt|credit)\b
`
export const STOCK = pattern`
  \bdebts?\b(?! service| forgiveness| buyback)|\bmoney supply\b|\bm[0-4]\b|\bbroad money\b|\breserves?\b
  |\bloans?\b|\bcredits?\b|\bbalance sheets?\b|\bstocks?\b(?! traded| market trading)|\binventories\b
  |\bmarket capitali[sz]ation\b|\bdeposits\b|\bassets\b|\bliabilities\b|\barrears\b|\bclaims (?:on|of|within|against|vis)\b|\badvances\b|(?<!\b(?:net|new|gross) )\blending to\b|\bexternal positions?\b|\bcross-border positions?\b
  |\bholdings?\b|\bland\b|\barea\b|\bmonetary base\b|\bcurrency in circulation\b|\bcash in circulation\b
  |\boutstanding\b|\bpublic debt\b|\binternational investment position\b|\bmortgages?\b|\bexposures?\b
  |\bsavings deposits\b|\bnet worth\b|\bcapital stock\b|\brail lines\b|\bundisbursed\b|\bloan portfolio\b
  |\bin storage\b|\b(?:gas|oil|underground|working) storage\b|\bbills outstanding\b|\bgovernment bonds\b
`
/** Words that make credit or debt a flow of a period instead of a stock. */
export const GRANTED = pattern`
  ^interest on\b|\b(?:new|granted|begun|started|starts|completed|authori[sz]ed|originations?|disbursements?|commitments?|forgiven|forgiveness|rescheduled|buyback
  |reduction|issued|issuance|purchases|repurchases|service|repayments?|charges|payments?)\b
`
export const PRODUCED = pattern`
  \bproduction\b|\bproduced\b|\boutput\b|\bconsumption\b|\bexports?\b|\bimports?\b|\bgenerat|\bemissions?\b
  |\bprecipitation\b|\brainfall\b|\bfreight\b|\bwithdrawals?\b|\bdemand\b|\bsupply\b|\bsales\b|\bdeliveries\b
  |\bshipments?\b|\bcatch\b|\bharvest\b|\btraffic\b|\bgoods transported\b|\bpassengers carried\b|\bremovals\b
  |\bthroughput\b|\bcargo\b|\bdischarge\b|\bwaste\b|\buse\b|\bslaughter|\brefin
`
export const FLOW = pattern`
  \bgdp\b|\bgni\b|\bgnp\b|\bgross (?:domestic|national)\b|\bexports?\b|\bimports?\b|\bspending\b
  |\bexpenditures?\b|\bexpenses?\b|\brevenues?\b|\binvestments?\b|\bcapital formation\b|\bremittances\b
  |\bdirect investment\b|\baid\b|\bgrants?\b|\bsales\b|\bturnover\b|\bprofits?\b|\bincome\b|\bvalue added\b
  |\bconsumption\b|\boutput\b|\bproduction\b|\breceipts\b|\bpayments?\b|\bdisbursements\b|\bcommitments\b
  |\btax(?:es)?\b|\bsavings?\b|\borders\b|\bcompensation\b|\bsubsidies\b|\binterest\b|\btourism\b|\bcharges\b
  |\bduties\b|\bcontributions\b|\btrade\b|\bconstruction\b|\btransfers\b|\bdebt service\b|\brents\b|\bdamage\b
  |\bdepletion\b|\bforgiven|\brescheduled\b|\bbuyback\b|\bstocks traded\b|\bwages\b|\bdividends\b
  |\bshipments\b|\bweapons\b|\bbenefits\b|\bprincipal\b|\bremitt|\bfdi\b|\bdemand\b|\bpurchases\b|\bcosts\b
  |\bbonuses\b|\bissuance\b|\btransactions\b
`
/**
 * The abbreviations that the World Bank's debt tables write before the currency of a stock: debt outstanding (DOD),
 * undisbursed (UND).
 */
export const LEDGER_STOCK = /^(?:dod|und)\b/
/**
 * The abbreviations that the World Bank's debt tables write before the currency of a net figure: net flows (NFL), net
 * transfers (NTR).
 */
export const LEDGER_NET = /^(?:nfl|ntr)\b/
/**
 * The abbreviations that the World Bank's debt tables write before the currency of a gross flow: disbursements (DIS),
 * commitments (COM), amortization (AMT), interest (INT), debt service (TDS).
 */
export const LEDGER_FLOW = /^(?:dis|com|amt|int|tds)\b/

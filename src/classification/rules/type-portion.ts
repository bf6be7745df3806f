import { pattern } from './pattern.ts'
import type { IndicatorType } from '../types.ts'
import type { Context, Rule } from './context.ts'
import { DEBT, DEBT_SERVICE } from './words.ts'

const X = pattern`
  \boda\b|\bfertilizer\b|\bpresent value\b|\breserves\b|\bnon-?performing\b
`
const NOT_PART_OF_GDP_DOUBT = pattern`
  \bsavings?\b|\bmilitary\b|\bhealth\b|\bresearch\b|\beducation\b|\bnational expenditure\b
`
const DEPENDENCY_RATIO = pattern`
  \bdependency ratio\b|\bratio of .{1,80} to\b|\bpupil[- ]teacher\b|\bstudent[- ]teacher\b
  |\bpupils per teacher\b|\bdebt to (?:income|equity|exports)\b|\bloans? to deposits?\b
  |\bratio of female to male\b|\bcapital (?:adequacy|to assets)\b|\bliquid reserves to\b|\bprice to rent\b
  |\bnet interest margin\b|\breturn on (?:assets|equity|capital)\b
`
const CONDITION_OF_PEOPLE_DOUBT = pattern`
  \bshare\b|\bproportion of (?:women|time)|\bvalue lost\b|\bfemale participation\b|\bincrease in\b|\bneet\b
  |\bover-age\b|\bfemale (?:top|headed)\b|\bsurvival\b|\brisk of\b|\badequacy\b|\bspecies\b|\bexpenditure on\b
`
const CONDITION_IN_PERCENT_DOUBT = pattern`
  \bdelinquen|\bchurn\b|\bincidence\b|\bcompleteness\b|\bownership\b
`
const PART_OF_FLOW_DOUBT = pattern`
  \bloss(?:es)?\b|\bvalue lost\b|\binterest\b|\badequacy\b|\bcost\b|\bhouseholds\b|\bbenefit incidence\b
  |\bdebt\b|\bservice coverage\b|\bprofits?\b|\btaxes\b.{1,200}\bvalue added\b
`
const NAME_RATIO = pattern`
  \bratios?\b|\bin months of imports\b|\bimport cover\b|\bas a (?:proportion|percentage|share) of\b|\bdebt\b
  |\bto [a-z]+$|\bper \d
`

export const GDP = pattern`
  ^(?:\w+ )?(?:gdp|gni|gnp|gross (?:domestic|national) (?:product|income)|national income)\b
`
const PER_HEAD = /\bper (?:capita|person|head|worker|employee)\b/
const PART_OF_GDP = pattern`
  \bvalue added\b(?! tax)|\bconsumption expenditure\b|\bconsumption\b|\bcapital formation\b|\binvestment\b
  |\bgdp from\b|\bindustry\b|\bagriculture\b|\bmanufacturing\b|\bservices\b|\bhousehold (?:spending
  |consumption)\b|\blabou?r share\b
`
const NOT_PART_OF_GDP = pattern`
  \bdebts?\b|\brevenues?\b|\bexpenditures?\b|\bexpense\b|\bspending\b|\bcurrent account\b|\bbudget\b
  |\bdeficit\b|\bsurplus\b|\blending\b|\bborrowing\b|\bbalance\b|\btax(?:es)?\b|\binterest\b|\bcredit\b
  |\bmoney\b|\breserves\b|\bcapitali[sz]ation\b|\bremittances\b|\bforeign direct\b|\bfdi\b|\boda\b|\baid\b
  |\bassistance\b|\bclaims\b|\bdeposits\b|\bloans\b|\bassets\b|\bliabilities\b|\bstocks traded\b
  |\bdirect investment\b|\bportfolio\b|\bnet\b
`
export const PEOPLE = pattern`
  \b(?:population|people|persons?|wom[ae]n|m[ae]n|females?|males?|children|adults?|students?|pupils?|teachers?
  |firms?|households?|employment|labou?r force|workers?|employees|cohort|births?|age group|aged?|youth|boys
  |girls|enrol?lment|cases|jobs|managers|mothers|newborns|infants|companies|seats|residents|managerial
  |unemployed|unemployment|patients|graduates|homes|respondents|schools?|enterprises|infections?|deaths
  |total (?:primary|secondary|tertiary))\b
`
const KIND_OF_PEOPLE = pattern`
  ^population(?:,| ages| aged| in (?:the )?largest| in urban| living in areas)|^(?:urban|rural|male
  |female) population|^(?:self-employed|employers|wage and salaried|contributing family|vulnerable employment
  |part[- ]time|full[- ]time|temporary|own-account|informal employment)|^employment in\b
  |^child employment in\b|^children in employment, (?:self|study|unpaid|wage|work)|^labou?r force, (?:female
  |male|women)|\bmigrant stock\b|\barmed forces\b|\bcause of death\b|\bwomen'?s share\b
  |\bwomen in (?:parliament|national)|\bfemale share\b|\bshare of (?:women|female|men)\b|\bheld by women\b
  |, (?:private|vocational|general pupils)$|\b(?:pupils|teachers|academic staff|students)$
  |\blong-term unemployment\b|\brefugees?\b|\bshare of labou?r force\b
`
const PARTICIPATION = pattern`
  \bunemployment\b(?! benefit)|\bparticipation rate\b|\bemployment rate\b|\bemployment to population\b
  |\bcapacity utili[sz]ation\b|\bjobless rate\b|\bactivity rate\b|\blabou?r force with\b|\bunderemployment\b
  |\butili[sz]ation\b|\blabou?r participation\b
`
const LAW_RATE = pattern`
  \btax rates?\b|\btariffs?\b(?! lines)|\bsocial security rates?\b|\bvat\b|\bvalue added tax\b|\bwithholding\b
  |\bbound rate\b|\bcontribution rates?\b|\btax and contribution|\btaxes payable\b|\bprofit tax\b
  |\bcorporate tax\b|\bsales tax\b|\bincome tax\b|\bduty rates?\b|\bexcise\b|\bsocial security\b|\btaxe?s?$
`
const CONDITION = pattern`
  \bliteracy\b|\benrol?lment\b|\bcompletion\b|\bprevalence\b|\bcoverage\b|\bownership\b|\baccess\b
  |\bpenetration\b|\bimmuni[sz]ation\b|\bvaccinat|\bheadcount\b|\bpoverty\b|\bdelinquenc|\bvacancy rate\b
  |\battainment\b|\bincidence\b|\bproportion of (?:population|people|women|men|children|households|firms
  |seats)\b|\bnet intake\b|\bpersistence\b|\bprogression\b|\brepeaters\b|\bdropout\b|\bundernourishment\b
  |\binternet\b|\bwomen who\b|\bpeople (?:who|using|practicing|with)\b|\bfirms\b|\bsmoking\b|\battendance\b
  |\bpregnant women\b|\bhomeownership\b|\bsuccess rate\b|\bdetection rate\b|\bcompleteness\b|\bchurn\b
  |\bat risk\b
`
const MONEY_WHOLE = pattern`
  \b(?:exports|imports|expenses?|expenditures?|revenues?|spending|tax(?:es)?|sales|income|output|investment
  |consumption|production|emissions?|energy|electricity|trade|withdrawals?|manufacturing|turnover|budget
  |generation|supply|receipts|benefits|welfare|formation|savings|total|value added|use|cost|wages|time|grants
  |profits?)\b
`
const STATE_WHOLE = pattern`
  \b(?:debt|loans|reserves|assets|liabilities|deposits|portfolio|land|land area|area|stock|money|capital
  |lending|credit|holdings|equity|species|forest|resources)\b
`
const CROSSES =
  X

const people = (c: Context) => c.percent && PEOPLE.test(c.whole)

export const PORTION_RULES: readonly Rule<IndicatorType>[] = [
  {
    rule: 'grant-element',
    value: 'share',
    when: (c) => c.percent && /\bgrant element\b/.test(c.head),
    because: 'The average grant element in % is a share (ruling 3).',
  },
  {
    rule: 'rate-set-by-law',
    value: 'percentage',
    when: (c) => c.percent && LAW_RATE.test(c.head) && (c.whole === '' || /\bprofits?\b/.test(c.whole)) && !/\bto gdp\b|\brevenues?\b|\bpayment systems?\b/.test(c.head),
    sure: (c) => !/\bcollected\b|\bcompliance\b|\befficiency\b|\bevasion\b/.test(c.head),
    because: 'Tax, tariff and social-security rates are percentages set by law.',
  },
  {
    rule: 'labour-or-utilisation-rate',
    value: 'percentage',
    when: (c) => c.percent && PARTICIPATION.test(c.head) && !/\bratio of\b/.test(c.head) && !KIND_OF_PEOPLE.test(c.head) && !/\bcoverage\b|\bbenefit/.test(c.head) && (c.whole === '' || people(c) || /\bcapacity\b/.test(c.whole)),
    because: 'Unemployment, participation, employment and utilisation rates are percentages.',
  },
  {
    rule: 'per-head',
    value: 'ratio',
    when: (c) => PER_HEAD.test(c.head) && !c.barePercent && c.unit.kind !== 'index' && !/\bper capita income tax\b/.test(c.head),
    because: 'An amount per head is a ratio.',
  },
  {
    rule: 'per-gdp-per-head',
    value: 'ratio',
    when: (c) => c.percent && GDP.test(c.whole) && PER_HEAD.test(c.whole),
    because: 'It is divided by income per head, which does not contain it.',
  },
  {
    rule: 'not-part-of-gdp',
    value: 'ratio',
    when: (c) => c.percent && GDP.test(c.whole) && NOT_PART_OF_GDP.test(c.head) && !/\bconsumption expenditure\b/.test(c.head),
    sure: (c) => !NOT_PART_OF_GDP_DOUBT.test(c.head),
    because: 'It is divided by GDP, which does not contain it.',
  },
  {
    rule: 'trade-to-gdp',
    value: 'ratio',
    when: (c) => c.percent && GDP.test(c.whole) && /\bexports?\b|\bimports?\b|\btrade\b/.test(c.head),
    sure: (c) => /\bimports\b|\btrade\b/.test(c.head) && !/\bgdp from\b/.test(c.head),
    because: 'Trade is divided by GDP, which does not contain it.',
  },
  {
    rule: 'part-of-gdp',
    value: 'share',
    when: (c) => c.percent && GDP.test(c.whole) && PART_OF_GDP.test(c.head),
    because: 'It is a part of the GDP it is divided by.',
  },
  {
    rule: 'divided-by-gdp',
    value: 'ratio',
    when: (c) => c.percent && GDP.test(c.whole),
    sure: false,
    because: 'It is divided by GDP; whether GDP contains it is open.',
  },
  {
    rule: 'debt-service-to-something',
    value: 'ratio',
    when: (c) => c.percent && c.whole !== '' && (DEBT_SERVICE.test(c.head) || DEBT.test(c.head) || CROSSES.test(c.head)) && !/\bdebt\b|\bloans\b|\bdebt service\b|\bsector\b/.test(c.whole) && !(/\binterest\b/.test(c.head) && /\bexpense\b/.test(c.whole)),
    sure: (c) => !people(c),
    because: 'It is divided by a different quantity.',
  },
  {
    rule: 'reserves-to-debt',
    value: 'ratio',
    when: (c) => c.percent && /\breserves\b/.test(c.head) && /\bdebt\b|\bimports\b|\bgdp\b/.test(c.whole),
    because: 'Reserves are divided by a different quantity.',
  },
  {
    rule: 'dependency-ratio',
    value: 'ratio',
    when: (c) => DEPENDENCY_RATIO.test(c.name),
    sure: (c) => c.unit.kind !== 'count' && !/\bmargin\b|\breturn on\b/.test(c.name),
    because: 'The name divides one quantity by a different one.',
  },
  {
    rule: 'npl-share',
    value: 'share',
    when: (c) => c.percent && /\bnon-?performing loans?\b|\bnpls?\b/.test(c.head),
    sure: false,
    because: 'Bad loans are a part of the loans they are divided by.',
  },
  {
    rule: 'kind-of-people',
    value: 'share',
    when: (c) => c.percent && (people(c) || /\btotal\b/.test(c.whole) || c.barePercent) && KIND_OF_PEOPLE.test(c.head) && !/^trained\b|\bexposed\b|\bslums\b|\bat risk\b|\bsavings?\b/.test(c.head),
    sure: (c) => !/\bpersistence\b/.test(c.head) && (people(c) || c.whole !== '' || /share|held by|women in/.test(c.head)),
    because: 'It says which kind the people are (ruling 3).',
  },
  {
    rule: 'condition-of-people',
    value: 'percentage',
    when: (c) => people(c) || (c.percent && /\bbirths attended\b|\bexposed\b/.test(c.head)),
    sure: (c) => !CONDITION_OF_PEOPLE_DOUBT.test(c.head),
    because: 'It is the portion of people or firms with a condition, experience or achievement.',
  },
  {
    rule: 'condition-in-percent',
    value: 'percentage',
    when: (c) => (c.barePercent || (c.unit.kind === 'unknown' && /\bprevalence\b|\bliteracy\b/.test(c.head))) && CONDITION.test(c.head) && !/\bbinding\b|\bshare held\b/.test(c.head),
    sure: (c) => !CONDITION_IN_PERCENT_DOUBT.test(c.head),
    because: 'The name says a condition or achievement of people, measured in percent.',
  },
  {
    rule: 'part-of-state',
    value: 'share',
    when: (c) => c.percent && STATE_WHOLE.test(c.whole) && !/\bexpenditure\b/.test(c.whole),
    sure: (c) => !/\bmortality\b|\bwithdrawals?\b|\breserves\b/.test(c.head),
    because: 'It is a part of the stock it is divided by.',
  },
  {
    rule: 'part-of-flow',
    value: 'share',
    when: (c) => c.percent && MONEY_WHOLE.test(c.whole),
    sure: (c) => !PART_OF_FLOW_DOUBT.test(`${c.head} ${c.whole}`),
    because: 'It is a part of the whole it is divided by.',
  },
  {
    rule: 'name-share',
    value: 'share',
    when: (c) => c.percent && /\bshares?\b|\bcomposition\b|\bproportion\b/.test(c.head),
    sure: (c) => /\bshare of\b|\bincome share\b|\bcomposition\b/.test(c.head) && !/\btariff lines\b|\byouth not\b/.test(c.head),
    because: 'The name says share or composition.',
  },
  {
    rule: 'savings-rate',
    value: 'share',
    when: (c) => c.barePercent && /\bsavings?\b/.test(c.head),
    sure: false,
    because: 'Savings are a part of the income they are divided by.',
  },
  {
    rule: 'units-per-number',
    value: 'ratio',
    when: (c) => c.unit.kind === 'rate' || c.unit.kind === 'ratio',
    sure: (c) => !/\bindex\b|\bmortality rate, (?:adult|under)/.test(c.head),
    because: 'It is divided by a different quantity or counted per number of people.',
  },
  {
    rule: 'name-ratio',
    value: 'ratio',
    when: (c) => (c.percent || c.unit.kind === 'unknown' || c.unit.kind === 'duration') && NAME_RATIO.test(c.head),
    sure: (c) => /\bratio\b/.test(c.head) && / to /.test(c.head),
    because: 'The name divides one quantity by another.',
  },
  {
    rule: 'percent-of-something',
    value: 'percentage',
    when: (c) => c.percent,
    sure: false,
    because: 'It is measured in percent and nothing more is known.',
  },
]

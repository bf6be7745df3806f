/** The vocabulary of the rules that recognise shares, ratios and percentages. */
import { pattern } from '../readers/pattern.ts'

/** Words for amounts that are no part of the total that they are divided by, even where the name says "% of" that total. */
export const CROSSES_GROUPS = pattern`
  \boda\b|\bfertilizer\b|\bpresent value\b|\breserves\b|\bnon-?performing\b
`
export const NOT_PART_OF_GDP_UNSURE = pattern`
  \bsavings?\b|\bhealth\b|\bresearch\b|\beducation\b|\bnational expenditure\b
`
export const DEPENDENCY_RATIO = pattern`
  \bdependency ratio\b|\bratio of .{1,80} to\b|\bpupil[- ](?:\w{1,12} )?teacher\b|\bstudent[- ]teacher\b
  |\bpupils per teacher\b|\bdebt to (?:income|equity|exports)\b|\bloans? to deposits?\b
  |\bratio of female to male\b|\bcapital (?:adequacy|to assets)\b|\bliquid reserves to\b|\bprice to rent\b
  |\bnet interest margin\b|\breturn on (?:assets|equity|capital)\b
`
export const CONDITION_OF_PEOPLE_UNSURE = pattern`
  \bshare\b|\bproportion of (?:women|time)|\bvalue lost\b|\bfemale participation\b|\bincrease in\b|\bneet\b
  |\bover-age\b|\bsurvival\b|\brisk of\b|\badequacy\b|\bspecies\b|\bexpenditure on\b
`
export const CONDITION_IN_PERCENT_UNSURE = pattern`
  \bdelinquen|\bchurn\b|\bincidence\b|\bcompleteness\b|(?<!home )\bownership\b
`
export const PART_OF_FLOW_UNSURE = pattern`
  \bloss(?:es)?\b|\bvalue lost\b|\bnet\b|\binterest\b|\badequacy\b|\bcost\b|\bhouseholds\b|\bbenefit incidence\b
  |\bdebt\b|\bservice coverage\b|\bprofits?\b|\btaxes\b.{1,200}\bvalue added\b
`
export const NET_OF_FLOWS = pattern`
  \b(?:imports?|exports?|trade|transfers?|flows?), net\b|\bnet (?:imports?|exports?|trade|transfers?|flows?)\b
`
export const NAME_RATIO = pattern`
  \bratios?\b|\bin months of imports\b|\bdays of (?:net )?imports\b|\bimport cover\b|\bas a (?:proportion|percentage|share) of\b|\bdebt\b
  |\bto [a-z]+$|\bper \d
`
export const GDP = pattern`
  ^(?:\w+ )?(?:gdp|gni|gnp|gross (?:domestic|national) (?:product|income)|national income)\b
`
export const PER_HEAD = pattern`
  \bper (?:capita|person|head|worker|employee|adult|inhabitant)\b|\/(?:capita|person|employee|worker)\b
`
/** Words for components of GDP, whose percentage of GDP is a share. */
export const PART_OF_GDP = pattern`
  \bvalue added\b(?! tax)|\bconsumption expenditure\b|\bconsumption\b|\bcapital formation\b|\binvestment\b
  |\bgdp from\b|\bindustry\b|\bagriculture\b|\bmanufacturing\b|\bservices\b|\bhousehold (?:spending
  |consumption)\b|\blabou?r share\b
`
/** Words for amounts that GDP does not contain, so that their percentage of GDP is a ratio. */
export const NOT_PART_OF_GDP = pattern`
  \bdebts?\b|\brevenues?\b|\bexpenditures?\b|\bexpense\b|\bspending\b|\bcurrent account\b|\bbudget\b
  |\bdeficit\b|\bsurplus\b|\blending\b|\bborrowing\b|\bbalance\b|\btax(?:es)?\b|\binterest\b|\bcredit\b
  |\bmoney\b|\bm[0-4]\b|\breserves\b|\bcapitali[sz]ation\b|\bremittances\b|\bforeign direct\b|\bfdi\b|\boda\b|\baid\b
  |\bassistance\b|\bclaims\b|\bdeposits\b|\bloans\b|\bassets\b|\bliabilities\b|\bstocks traded\b
  |\bdirect investment\b|\bportfolio\b|\bnet\b
`
/** Words for totals that are groups of people, firms or jobs, as in "% of population". */
export const PEOPLE = pattern`
  \b(?:population|people|persons?|wom[ae]n|m[ae]n|females?|males?|children|adults?|students?|pupils?|teachers?
  |firms?|households?|employment|labou?r force|workers?|employees|cohort|births?|age group|aged?|youth|boys
  |girls|enrol?lment|cases|jobs|managers|mothers|newborns|infants|companies|seats|residents|managerial
  |unemployed|unemployment|patients|graduates|homes|respondents|schools?|enterprises|infections?|deaths
  |total (?:primary|secondary|tertiary))\b
`
/** Names that say which kind of people is counted, so that by ruling 3 of the codebook their percentage is a share. */
export const KIND_OF_PEOPLE = pattern`
  ^population(?:,| ages| aged| in (?:the )?largest| in urban| living in areas)|^(?:urban|rural|male
  |female) population|^(?:self-employed|employers|wage and salaried|contributing family|vulnerable employment
  |part[- ]time|full[- ]time|temporary|own-account|informal employment)|^employment in\b|^(?:(?:fe)?male )?(?:agriculture|industry|services?|salaried|family) workers$
  |^\w+ employment as a (?:proportion|share|percentage) of
  |^child employment in\b|^children in employment, (?:self|study|unpaid|wage|work)|^labou?r force, (?:female
  |male|women)|\bmigrant stock\b|\barmed forces\b|\bcause of death\b|\bwomen'?s share\b
  |\bwomen in (?:parliament|national)|\bfemale share\b|\bwho are (?:female|male|women|men)\b|\bshare of (?:women|female|men)\b|\bheld by women\b
  |, (?:private|vocational|general pupils)$|\b(?:pupils|teachers|academic staff|students)$
  |\blong-term unemployment\b|\brefugees?\b|\bshare of labou?r force\b|\bfemale top managers?\b|\bfemale[- ]headed\b
`
/** Names of unemployment, participation, employment and utilisation rates. */
export const PARTICIPATION = pattern`
  \bunemployment\b(?! benefit)|\bparticipation rate\b|\bemployment rate\b|\bemployment to population\b
  |\bcapacity utili[sz]ation\b|\bjobless rate\b|\bactivity rate\b|\blabou?r force with\b|\bunderemployment\b
  |\butili[sz]ation\b|\blabou?r participation\b|\bclaimant (?:count )?rate\b|\binformal(?:ity)? (?:employment )?rate\b
`
/** Names of taxes, tariffs and contributions, whose rates are set by law. */
export const LAW_RATE = pattern`
  \btax rates?\b|\btariffs?\b(?! lines)|\bsocial security rates?\b|\bvat\b|\bvalue added tax\b|\bwithholding\b
  |\bbound rate\b|\bcontribution rates?\b|\btax and contribution|\btaxes payable\b|\bprofit tax\b
  |\bcorporate tax\b|\bsales tax\b|\bincome tax\b|\bduty rates?\b|\bexcise\b|\bsocial security\b|\btaxe?s?$
`
/** Names of conditions and achievements of people, firms or loans. */
export const CONDITION = pattern`
  \bliteracy\b|\benrol?lment\b|\bcompletion\b|\bprevalence\b|\bcoverage\b|\bownership\b|\baccess\b
  |\bpenetration\b|\bimmuni[sz]ation\b|\bvaccinat|\bheadcount\b|\bpoverty\b|\bdelinquenc|\bvacancy rate\b
  |\battainment\b|\bincidence\b|\bproportion of (?:population|people|women|men|children|households|firms
  |seats)\b|\bnet intake\b|\bpersistence\b|\bprogression\b|\brepeaters\b|\bdropout\b|\bundernourishment\b
  |\binternet\b|\bwomen who\b|\bpeople (?:who|using|practicing|with)\b|\bfirms\b|\bsmoking\b|\battendance\b
  |\bpregnant women\b|\bhomeownership\b|\bsuccess rate\b|\bdetection rate\b|\bcompleteness\b|\bchurn\b
  |\bat risk\b|\bneet\b|\bnot in (?:employment|education)\b
`
/** Words for totals that are flows of money, energy or time, as in "% of exports". */
export const MONEY_WHOLE = pattern`
  \b(?:exports|imports|expenses?|expenditures?|revenues?|spending|tax(?:es)?|sales|income|output|investment
  |consumption|production|emissions?|energy|electricity|trade|withdrawals?|manufacturing|turnover|budget
  |generation|supply|receipts|benefits|welfare|formation|savings|total|value added|use|cost|wages|time|grants
  |profits?)\b
`
/** Words for totals that exist at a date, as in "% of debt". */
export const STATE_WHOLE = pattern`
  \b(?:debt|loans|reserves|assets|liabilities|deposits|portfolio|land|land area|area|stock|money|capital
  |lending|credit|holdings|equity|species|forest|resources)\b
`

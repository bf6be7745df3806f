/** The vocabulary of the rules for the temporal aggregation. */
import { pattern } from '../readers/pattern.ts'

/** Words for numerators of a ratio or share that exist at a date, such as debt, so that the value holds at a date. */
export const STOCK_ABOVE = pattern`
  \bdebts?\b(?! service)|\bcredit\b|\bmoney\b|\bm[0-4]\b|\bnpls?\b|\breserves\b|\bcapitali[sz]ation\b
  |\bdeposits\b|\bassets?\b|\bliabilities\b|\bclaims\b|\bloans?\b|\bpresent value\b|\bland\b|\bareas?\b
  |\bstock of\b|\bcapital (?:adequacy|to assets)\b|\bimport cover\b|\bmonths of imports\b|\bprice to rent\b
  |\bforeign holdings\b|\bcropland\b|\bnon-?performing\b|\bcurrency composition\b|\bjob (?:openings|vacanc)|\b(?:days|months) of (?:net )?imports\b
`
/** Words for numerators of a ratio or share that are flows, such as interest, so that the value covers a period. */
export const FLOW_ABOVE = pattern`
  \bdebt service\b|\bnet investment\b|\brents\b|\binterest\b|\bpayments?\b|\bstocks traded\b|\bservice\b|\bexpenditure\b|\bincurrence\b
  |\bacquisition\b|\bnet flows\b|\byield$
`
export const EVENTS_PER_PEOPLE = pattern`
  \bdeaths?\b|\bmortality\b|\bbirths?\b|\bbirth rate\b|\bincidence\b|\bhomicides?\b|\bsuicides?\b|\bcases\b
  |\bcrimes?\b|\bfertility\b|\bmurders?\b|\bmurdered\b|\bdrownings?\b|\binjur(?:y|ies|ed)\b|\battacks?\b|\bdisasters?\b
  |\bkill(?:ed|ings)\b|\bstillbirths?\b|\bnew business|\bmarriages?\b|\bdivorces?\b|\baccidents?\b
  |\bsurgical procedures\b|\bregistrations\b
`
export const LIFE_TABLE_CHANCE = pattern`
  \bdying\b|\bdeath\b|\bsurvival\b|\bmortality\b|\bexact ages\b|\blifetime\b
`
export const GAP_OR_PLAN_OF_FLOWS = pattern`
  \boutput\b|\bgdp\b|\bfinancing\b|\bfiscal\b|\bsavings?\b|\btrade\b|\bfunding\b
`
export const TIME_WORKED = pattern`
  \bhours\b|\bworkweek\b|\bunemployment\b|\baverage (?:grace|maturity)\b
`
export const TIME_NOT_OF_A_PERIOD_SURE = pattern`
  \blife expectancy\b|\btime\b|\bdays to\b|\bdelay\b|\bschooling\b|\blead time\b|\bduration\b|\bclearance\b
`
export const NET_POSITION_AT_A_DATE = pattern`
  \bposition\b|\bnet (?:foreign|external|international) (?:assets|reserves)\b|\bnet worth\b
`
export const VOLUME_SUMMED_UNSURE = pattern`
  \bmean annual exposure\b|\bconcentration\b|\bresources\b|\baverage\b(?! precipitation)
`
export const PUMP_OR_RETAIL_SURE = pattern`
  \bgasoline\b|\bpetrol\b|\bdiesel\b|\bpump\b|\bretail\b|\bhous|\bhome
`
export const COMMODITY_INDEX = pattern`
  \b(?:baltic|crb|lme|commodit(?:y|ies) index|(?<!weighted u\.s\. )dollar index(?!:)|dxy|gsci|freight index)\b
`
export const INDEX_AVERAGED_SURE = pattern`
  \bpmi\b|\bproduction\b|\bproductivity\b|\boutput\b|\bterms of trade\b|\breer\b|\bneer\b
  |\beffective exchange\b|\bcosts?\b|\bindex\b|\bactivity\b|\bsales\b|\bwages?\b|\bearnings\b|= ?100
`
export const LABOUR_RATE = pattern`
  \bunemployment\b(?! benefit)|\bparticipation rate\b|\bemployment rate\b|\bemployment to population\b
  |\butili[sz]ation\b|\bjobless rate\b|\bclaimant (?:count )?rate\b|\bactivity rate\b|\blabou?r force with\b|\bunderemployment\b
  |\blabou?r participation\b|\boccupancy\b
`
export const PEOPLE_SHARE_EXCLUDED = pattern`
  \bsavings?\b|\bincome share\b|\bexpenditure\b|\bexports\b|\bimports\b|\bexpense\b|\bcompensation\b
  |\blabou?r share\b
`
export const THINGS_PER_PEOPLE = pattern`
  \bpupil|\bsex ratio\b|\bstudent-teacher|\bdependency\b|\bparity\b|\bhectares per person\b|\bresources per (?:capita|person)\b|\bdensity\b
`
export const PORTION_OF_FLOW_SURE = pattern`
  \bproduction\b|\bconsumption\b|\bexports\b|\bimports\b|\benergy\b|\bexpenditure\b
  |\bper (?:capita|person|worker|employee|head)\b|\bshare\b|\bintensity\b|\bproductivity\b|\byield\b
  |\bemissions\b
`
export const PROCEDURES = pattern`
  \bprocedures\b|\bdocuments to\b|\btax payments\b|\bvisits or required meetings\b
`
export const EVENTS_EXCLUDED = pattern`
  \bliving with\b|\bsubscri|\bat risk\b|\bcontinuing\b|\bvacanc|\bactive cases\b
`

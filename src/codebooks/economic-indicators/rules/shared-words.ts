/** The vocabulary that rules of several fields share, such as the words for growth, debt or a stock market. */
import { pattern, words } from '../readers/pattern.ts'

export const GROWTH = words`
  growth|inflation|deflation|yoy|mom|qoq|wow|y/y|m/m|q/q|y-o-y|m-o-m|q-o-q|year[- ]on[- ]year
  |year[- ]over[- ]year|month[- ]on[- ]month|month[- ]over[- ]month|quarter[- ]on[- ]quarter|annual change
  |monthly change|wachstum|croissance|crecimiento|инфляция
`
export const GROWTH_UNITS = pattern`
  % ?(?:change|growth|var|yoy|mom|qoq|y\/y|m\/m|q\/q)|\bpercent(?:age)? (?:change|growth)|annual (?:% |percent 
  |percentage )?(?:growth|change)|^annual %$|\b(?:yoy|mom|qoq)\b|year[- ]on[- ]year|\bgrowth rate\b|percent(?:age)? change|\brates? of (?:change|growth|increase)\b
`
export const CHANGE = /(?<!climate |use |dates? of )\bchanges?\b(?! of (?:address|ownership))/
export const PRICE_WORD = words`
  prices?|cpih?|cpif|ipca|ppi|wpi|rpi|hicp|pce price|deflators?|cost of living|unit value|inflation|precios|prix|preise
`
export const DEBT = words`
  debts?|indebtedness|liabilities|arrears|borrowings|bonds outstanding|dod
`
export const DEBT_SERVICE = pattern`
  \bdebt service\b|\binterest payments?\b|\bprincipal repayments?\b|\bamortization\b|\bimf (?:repurchases
  |charges)\b|^(?:tds|amt|int)\b
`
export const INTEREST_RATE = words`
  fixed rate mortgage average|federal funds target range|interest rates?|policy rates?|interbank(?: (?:offered )?rates?)?|lending rates?|deposit rates?
  |(?:reverse )?repo(?: rate)?|repurchase rate|short[- ]term rates?|call rates?|lombard(?: rate)?|rediscount rates?|selic|tiie|
  overnight(?: (?:financing|lending|deposit|index
  |funding))?(?: rate)?|sofr|sonia|estr|eonia|saron|tona|[a-z]{1,5}ibor|discount rates?
  |prime(?: lending)? rates?|fed(?:eral)? funds(?: target)?(?: rate)?|mortgage rates?|bank rates?|cash rate
  |base rate|key rate|refinanc\w* rates?|refi rate|call money(?: rate)?|loan rates?|borrowing rates?
  |swap rates?|funding rates?|(?:lending|deposit|standing) facility(?: rate)?|interest on|financing rates?
  |money market rates?|treasury bill rates?|mortgage interest|funds rate
`
/** Money that is lent or kept. Where such a name has units per year, the indicator is the rate of interest on it. */
export const LENT = pattern`
  \bloans?\b|\bdeposits?\b|\blending\b|\bcredits?\b|\bmortgages?\b|\boverdrafts?\b|\brefinancing\b|\bfacility\b|\badvances\b
  |\bcertificates of deposit\b|\bcall money\b|\bcommercial paper\b
`
export const PER_YEAR = /\bper (?:annum|year)\b|\bp\.? ?[ay]\b|\bannual percent\b/
export const YIELD = pattern`
  \byields?\b|\bgovernment bonds?\b|\b\d{1,2}[- ]?(?:y|yr|year)s?(?: \w{1,14})? (?:bonds?|notes?|treasury
  |gilts?|bunds?|jgb)\b|\b(?:bonds?|notes?|treasury|gilts?|bunds?) \d{1,2} ?(?:y|yr|year)s?\b|\b(?:t
  |treasury)[- ]?(?:bills?|bonds?|notes?)\b|\btreasury (?:bill )?rates?\b|\bconstant maturity\b|\b\d{1,2}[- ](?:month|week) bills?\b|\b(?:inflation[- ](?:indexed|linked|protected)|treasury) securit(?:y|ies)\b
`
export const EXCHANGE_RATE = pattern`
  \bfx\b|\b(?:foreign )?exchange rates?\b|\bspot rate at\b|\bmiddle rates?\b|\bforex rates?\b|\bcurrency rate\b|\bparallel rate\b
  |^[a-z]{3} ?\/ ?[a-z]{3}\b|\balternative conversion factor\b|^(?:\w+ )?currency$
`
export const SENTIMENT = pattern`
  \bconfidence\b|\bsentiments?\b|\boptimism\b|\bpessimism\b|(?<!life |healthy )\bexpectations?\b|\b(?:business
  |economic|consumer|investment|industry|retail|services?) (?:climate|outlook|morale|mood)\b|\bifo\b|\bzew\b
  |\btankan\b|\bcbi\b|\bgfk\b|\bsentix\b|\bnfib\b|\bnahb\b|\b(?:business|current|economic) (?:conditions?|watchers)\b|\bconfianza\b
  |\bconfiance\b|\bvertrauen\b|\bgeschäftsklima\b
`
/** Words for scores and ranks of a country or institution, for which no period matters. */
export const SCORE = pattern`
  \brank(?:ing)?s?\b|\bscores?\b|\brating|\bcorruption\b|\bterrorism\b|\bcpia\b|\bcompetitiveness\b
  |\bease of\b|\bdoing business\b|\bperformance index\b|\bhuman (?:capital|development)\b|\bparity index\b
  |\bdisclosure index\b|\brights index\b|\bcredit information\b|\bfreedom\b|\bdemocracy\b|\bhappiness\b
  |\bpeace index\b|\bgovernance\b|\bfragil|\bperception|\bdiversification\b|\bstability\b|\brule of law\b
  |\bgini\b|\bconnectivity index\b|\bstatistical (?:capacity|performance)\b|\bresource allocation index\b
  |\bassessment\b|\binnovation index\b|\binequality\b|\bservice coverage index\b|\brisk index\b
  |\bclimate risk\b|\besg\b|\bvulnerability\b|\breadiness\b
`
export const STOCK_MARKET = pattern`
  ^(?!.*\b(?:home|hous(?:e|ing)|propert(?:y|ies)|shiller|trade[- ]weighted|effective)\b).*(?:\bstock (?:market|exchange|index|price index)\b|\bstock market\b|\bs&p\b|\bnasdaq\b|\bdow jones\b|\bnikkei\b
  |\btopix\b|\bftse\b|\bdax\b|\bcac\b|\bsensex\b|\bnifty\b|\bbovespa\b|\bibovespa\b|\bhang seng\b|\bshanghai\b
  |\bkospi\b|\beuro stoxx\b|\bstoxx\b|\bmsci\b|\brussell\b|\bequit(?:y|ies) (?:index|indices)\b
  |\bshare (?:price )?index\b|\bshare prices\b|\bbse\b|\bnse\b|\bjse\b|\basx\b|\btsx\b|\bibex\b|\bmib\b
  |\baex\b|\bsmi\b|\bomx\b|\bwig\b|\bbist\b|\btadawul\b|\btasi\b|\bmoex\b|\brts\b|\bset index\b|\bjci\b
  |\bklci\b|\bpsei\b|\bmerval\b|\bipc mexico\b|\bcolcap\b|\bigpa\b|\bkse\b|\begx\b|\ball[- ]share\b
  |(?<!fed |leading |pmi )\bcomposite index\b(?! of)|\btotal return index\b)
`
/** Words for goods that are traded on an exchange or have a world-market price. */
export const COMMODITY = pattern`
  \bbrent\b|\bwti\b|\boil price|\brice\b|\bcrude(?: oil)?\b|\bnatural gas\b|\bgold\b|\bsilver\b|\bcopper\b
  |\balumini?um\b|\bzinc\b|\bnickel\b|\blead\b|\btin\b|\bcobalt\b|\blithium\b|\bplatinum\b|\bpalladium\b
  |\bwheat\b|\bmaize\b|\bcorn\b|\bsoy ?beans?\b|\bsugar\b|\bcoffee\b|\bcocoa\b|\bcotton\b|\bpalm oil\b
  |\brubber\b|\bcoal\b|\biron ore\b|\buranium\b|\blng\b|\bspot\b|\bfutures\b|\bheating oil\b|\boats\b
  |\bbitcoin\b|\bsteel\b|\blumber\b|\bpropane\b|\bnaphtha\b
`
/** Words for goods whose prices are surveyed in shops, at pumps or among households. */
export const PUMP_OR_RETAIL = pattern`
  \bgasoline\b|\bpetrol\b|\bdiesel\b|\bpump\b|\bretail\b|\bproducer prices?\b|\bfarm[- ]?gate\b|\bfarm prices?\b|\bhous(?:e|ing)\b|\bhomes?\b|\bpropert(?:y|ies)\b
  |\brents?\b|\belectricity\b|\bfuel\b|\bconsumer\b|\bapartments?\b|\bdwellings?\b
`
export const WAGE = pattern`
  \bwages?\b|\bearnings\b|\bsalar(?:y|ies)\b|\bpay(?: per|$)|\bremuneration\b|\bhourly compensation\b
  |\bsalario|\blohn|\bsalaire
`
/** Words for people and things that exist at a date, so that their count holds at a date. */
export const COUNTED_STATE = pattern`
  \bpopulation\b|\bemployed\b|\bunemployed\b|\bemployment\b|\bunemployment\b|\blabou?r force\b|\bworkforce\b
  |\bpersons?\b|\bemployees\b|\bnumber of (?:residents|women|men|youth|adults|pensioners|households|immigrants|graduates
  |single|urban|rural|persons|self|part)|\bliving with\b|\bat risk\b|\bnumber of (?:banks|atms|schools
  |companies|firms)\b|\brigs?\b|\bvacanc|\bjob openings\b|\bsubscri(?:ptions|bers)\b|\bservers\b
  |\bthreatened\b|\blisted\b|\bbranches\b|\bpupils\b|\bteachers\b|\bstudents\b|\bout[- ]of[- ]school\b|\brefugees?\b
  |\bmigrant stock\b|\bmigrants\b|\bpersonnel\b|\bcontinuing (?:jobless )?claims\b|\bhospitals?\b|\bbeds\b
  |\bdoctors\b|\bnurses\b|\btractors\b|\bhouseholds\b|\bpeace ?keepers\b|\bnumber of people\b|\bpayrolls?\b
  |\bhospitali[sz]ed\b|\bactive cases\b|\btroops\b|\bdisplaced by\b
`
/** Words for events that happen over a period, so that their count is a total of the period. */
export const COUNTED_EVENT = pattern`
  \barrivals\b|\bdepartures\b|\bregistrations?\b|\bregistered\b|\bpermits?\b|\bstarts\b|\bbankruptc
  |\binsolvenc|\bbirths?\b|\bdeaths?\b|\bnewly infected\b|\bapplications?\b|\bpassengers?\b|\bpatents?\b
  |\btrademark|\barticles\b|\bsales\b|\bclaims\b|\bjob cuts\b|\blayoffs\b|\bcrimes?\b|\bhomicides\b|\bcases\b
  |\bvisits?\b|\bnew displacement\b|\btrading volume\b|\btransactions?\b|\bcompletions\b|\bdemolitions\b
  |\bstrikes\b|\battacks\b|\btests\b|\bvaccinations?\b|\bproduction\b|\bvisitors\b|\btourists?\b|\bimports?\b
  |\bexports?\b|\bquits\b|\bhires\b|\bhirings\b|\bpushed below\b|\bforeclosures\b|\bimmigration\b
  |\bemigration\b|\bcargo\b|\bcontainer\b|\btraffic\b|\bovernight stays\b|\border(?:s|ed)\b|\bdeliveries\b
  |\boutages\b
`

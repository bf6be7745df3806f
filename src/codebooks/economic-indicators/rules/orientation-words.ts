/** The vocabulary of the rules for the orientation. */
import { pattern } from '../readers/pattern.ts'

/**
 * Words for help against something bad, such as vaccination. They make a name positive although the name also says what is
 * bad.
 */
export const REMEDY = pattern`
  \bcoverage\b|\btreatment\b|\btherapy\b|\baccess\b|\bimmuni[sz]ation\b|\bvaccinat|\bsuccess rate\b
  |\bdetection rate\b|\bbenefits?\b|\battended by\b|\breceiving\b|\bnets\b|\bsurvival\b|\brecovery rate\b
  |\bcompleteness\b|\badequacy\b|\bforgiv|\bexclusive breastfeeding\b
`
/** Words for things that are bad for the people, so that a lower value is positive. */
export const BAD = pattern`
  \bcarbon intensity\b|\bfood insecurity\b|\bhomicide\b|\bmurder|\bdrownings?\b|\binjur(?:y|ies|ed)\b|\bstillbirth|\btobacco\b
  |\bunemploy|\bjob ?seekers\b|\bclaimants?\b|\bjobless|\bunderemploy|\bpoverty\b|\bat risk of\b|\bmortality\b
  |\bdeaths?\b|\bdeath rate\b|\bdying\b|\bdisease|\bhiv\b|\bmalaria\b|\btuberculosis\b|\binfected\b
  |\bincidence of\b|\bcrimes?\b|\bhomicides?\b|\bsuicide|\bbankruptc|\binsolvenc|\barrears\b|\bdelays?\b
  |\bemissions?\b|\bpollution\b|\bterroris|\bchild(?:ren)? (?:labou?r|employment|in employment)\b
  |\bworking hours of children\b|\binformal(?:ity)?\b|\bout[- ]of[- ]school\b|\bearly leavers\b|\bundernourish|\bstunting\b|\bwasting\b
  |\bunderweight\b|\boverweight\b|\bobesity\b|\banemia\b|\bdiabetes\b|\bsmoking\b|\bslums?\b
  |\bopen defecation\b|\bnon-?performing\b|\bnpls?\b|\bdefault\b|\bbrib|\blosses due\b|\boutages?\b|\btheft\b
  |\bviolence\b|\bvulnerable employment\b|\bvix\b|\bvolatility\b|\bgini\b|\binequality\b|\bpupil[- ](?:\w{1,12} )?teacher\b
  |\bstudent[- ]teacher\b|\bdebt\b|\bindebted|\blayoffs\b|\bjob (?:cuts|loss)|\bstrikes\b|\bforeclosures?\b
  |\bdelinquen|\bmisery\b|\brecession\b|\buncertainty\b|\bteenage mothers\b|\binfections?\b|\bcorruption rank
  |\bclimate risk\b|\bstress\b|\brisk score\b|\bcasualt|\bdisplaced\b|\bdisplacement\b|\bneet\b
  |\byouth not in\b|\bnot in (?:employment|education)\b|\bdropout|\brepeaters\b|\bprevalence of (?:hiv|anemia|stunting)|\blow-birthweight\b
  |\bco2\b|\benergy intensity\b|\bthreatened\b|\bdeforestation\b|\bimpoverish|\bcatastrophic\b
  |\bpushed below\b|\baccidents?\b|\bfatalit|\bunmet need\b|\bmisery\b|\bwater stress\b|\bbeating\b|\bunsafe\b
  |\bgenital mutilation\b|\bcoronavirus\b|\bcovid|\balcohol\b|\binterest arrears\b|\btime to (?:export|import
  |prepare|resolve)|\btime required\b|\btime to clear\b|\btime spent dealing\b|\blead time\b|\bprocedures to\b
  |\bstart-up procedures\b|\bcost (?:to|of business)\b|\bbusiness: cost\b|\bgreenhouse\b|\binformal payments\b|\bclaims\b(?! on| of| within| against| vis)|\bparticulate\b|\bpm ?2\.5\b|\bpm ?10\b
  |\bmalnutrition\b|\bhunger\b|\brisk premium\b|\bmethane\b|\bnitrous\b|\bfirst married\b|\bdeficits?\b
  |\bdamage\b|\bover-age\b|\bgifts in meetings\b|\bdo not report\b|\bout-of-pocket\b|\btransaction costs?\b|\bunregistered\b
  |\badolescent fertility\b|\bwaste\b(?! (?:recycl|treat))|\bcases\b|\bmeasles\b|\bcholera\b|\bdengue\b|\bcancer\b|\bjob losses\b|\bdroughts\b|\bbills outstanding\b|\bbonds outstanding\b
`
/** Words for things of which neither more nor less is good for the people, so that the orientation is neutral. */
export const NEUTRAL = pattern`
  \bforeign (?:bond|stock) investment\b|\binvestment abroad\b|\bconsumption of fixed capital\b|\bdepletion\b
  |\bnet lending to\b|\b(?:current|recurrent) expenditure|\binterest\b|\b(?:bond|bill|note|treasury|dividend) yields?\b|\bexchange rates?\b
  |(?<!mobile[- ])\bmoney\b|\bm[0-4]\b|\btax(?:es)?\b|\btariffs?\b|\bimports?\b
  |\bgovernment (?:\w+ )?(?:spending|expenditures?|revenues?|consumption|final)|\b(?:fiscal
  |public) (?:expenditures?|spending|revenues?)|\bgeneral government (?:total |final )?(?:expenditure
  |consumption|revenue)|\bmilitary\b|\btemperature\b|\bprecipitation\b|\brainfall\b|\bcurrency in circulation\b|\bloans?\b|\bcredits?\b|\blending\b
  |\bcapital flows?\b|\bfinancing\b|\baid\b|\boda\b|\bdisbursements?\b|\bcommitments\b|\bbalance sheets?\b
  |\binventor(?:y|ies)\b|\bstocks\b(?! traded)|(?<!adolescent )\bfertility\b|\bbirth rate\b|\bmigra|\bland\b
  |\bsocial security\b|\brevenues?\b|\bexpenses?\b|\boutput gap\b|\bimport cover|\bweapons\b|\bportfolio\b
  |\bage dependency\b|^(?:merchandise |total )?trade$|\bcapital account\b|\bfinancial account\b|\berrors and omissions\b|\bdiscrepanc|\brents\b|\boutflows?\b|\bremittances, paid\b
  |\bpaid\b|\bpayments\b|\bsubsidies\b|\binflation\b|\barmed forces\b|\bretirement age\b|\bstarting age\b
  |\bpopulation density\b|\btourism, expenditures?\b|\b(?:total|banks?|central bank) assets\b|\bclaims (?:on|of)\b|\bdeposits\b|\bwithdrawals?\b
`
/** Words for things that are good for the people, so that a higher value is positive. */
export const GOOD = pattern`
  \bgdp\b|\bgni\b|\bgnp\b|\bgross (?:domestic|national)\b|\boutput\b|\bproduction\b|\bincomes?\b|\bexports?\b
  |\btrade balance\b|\bbalance of trade\b|\bcurrent account\b|\bbudget\b|(?<!federal )\breserves?\b|\bemployment\b
  |\bemployed\b|\bjobs?\b|\bpayrolls?\b|\bparticipation\b|\blabou?r force\b|\bconfidence\b|\bsentiment\b
  |\boptimism\b|\bexpectations?\b|\bclimate\b|\bproductivity\b|\binvestments?\b|\bcapital formation\b
  |\blife expectancy\b|\bconsumption\b|\bspending\b|\bexpenditures?\b|\bsales\b|\borders\b|\bprofits?\b
  |\bregistrations?\b|\barrivals\b|\bwages?\b|\bearnings\b|\bsalar|\bremittances\b|\bforeign direct\b|\bfdi\b
  |\bvalue added\b|\bpermits\b|\bstarts\b|\benrol?lment\b|\bliteracy\b|\bcompletion\b|\battainment\b
  |\bdesalinated\b|\bmobile network\b|\bhome ?ownership\b|\bownership\b|\bterms of trade\b|\brigs?\b|\btractors\b|\bpmi\b|\bactivity\b|\bcapacity\b|\bvacancies\b
  |\bsavings?\b|\bgrants?\b|\btourists?\b|\bphysicians\b|\bnurses\b|\bdoctors\b|\bhospital\b|\batms?\b|\bcash machines\b|\bautomated teller\b|\bbeds\b
  |\bsubscri|\binternet\b|\bservers\b|\bpatents?\b|\barticles\b|\bsanitation\b|\bdrinking water\b
  |\belectricity\b|\bhandwashing\b|\bclean fuels\b|\byield\b|\bschooling\b|\bpassengers\b|\bfreight\b
  |\bconstruction\b|\bsold\b|\bvisitors\b|\bgeneration\b|\b(?:rates of|total|regular|average) pay\b|\bresearch(?:ers)?\b|\btechnicians\b|\bheld by women\b|\bturnover\b|\breceipts\b
  |\bworkers\b|\bemployees\b|\bslaughter|\bindustry\b|\bmanufacturing\b|\bretail\b|\bshipments\b|\bcapitali[sz]ation\b
  |\bfixed investment\b|\btrained teachers\b|\bintake\b|\bpersistence\b|\bprogression\b|\bcontracepti
  |\bfamily planning\b|\bformal training\b|\bformally registered\b|\bprotected (?:against|by|areas)\b|\bcatch\b|\bcrude runs\b|\bdecisions\b|\bnew business|\bbranches\b|\bdepositors\b|\baccount\b|\bleading\b
  |\bcoincident\b|\bsurplus\b|\bhousing market\b|\bnew home\b|\bdemand\b|\butili[sz]ation\b|\bhealth workers\b
  |\bsurgical workforce\b|\bforeign assets\b|\bforest\b|\bcompetitiveness\b|\bmortgage (?:applications
  |approvals|market)\b|\brail lines\b|\brailways?\b|\broads?\b|\bpatent|\btrademark|\bindustrial design\b|\bredbook\b|\bhospitals\b|\btourism\b
  |\bgoods transported\b|\b(?:air|rail|road) transport\b|\btraffic\b|\bwomen in parliament\b|\breturn on\b|\bcapital adequacy\b
  |\bcapital to assets\b|\blisted domestic\b|\bcondom\b|\bfinance (?:investment|working capital)\b|\br&d\b
  |\bimport cover\b|\bmonths of imports\b
`
/** Words for groups of people by kind, age or place, whose size is neither good nor bad. */
export const PEOPLE_BY_KIND = pattern`
  \bpopulation\b|^number of (?:urban |rural |single |working-age )?(?:residents|women|men|youth|adults
  |pensioners|immigrants|graduates|parents|households|persons|people)\b
`
/** Words for the subject of a law that protects people or makes them equal. */
export const LAW_FOR_EQUALITY = pattern`
  \bwom[ae]n\b|\bgender\b|\bmaternity\b|\bequal|\bdiscriminat|\bharassment\b|\bviolence\b|\bmarriage\b
  |\bmothers\b|\bpaternity\b|\bpregnan|\bfemales?\b
`
export const GOVERNMENT_PARTS = pattern`
  \bcompensation of employees\b|\bsubsidies\b|\bgoods and services expense\b|\bother expense\b
`
export const AID = pattern`
  \boda\b|\bofficial aid\b|\bdevelopment assistance\b|\baid flows\b|\bofficial flows\b
`
export const BALANCE_GOOD = pattern`
  \btrade balance\b|\bbalance (?:of|on) (?:trade|goods|payments|services)\b|\bcurrent account\b|\bbudget\b(?! (?:revenue
  |expenditure|spending))|\bnet lending\b(?! to)|\bfiscal balance\b|\bprimary balance\b|\bnet exports\b
  |\bexternal balance\b|\bdeficit(?: ?\/ ?| or )surplus\b|\bsurplus(?: or |.{0,8}\/ ?)deficit\b|\bstructural balance\b|\bcyclically adjusted balance\b|\bsurplus ?\/ ?deficit\b|\bnet trade\b|\bbudget balance\b
`
export const BAD_UNSURE = pattern`
  \bdebt (?:forgiveness|reduction|stock r|buyback|resched)|(?<!jobless |benefit |unemployment )\bclaims\b|\bcases\b|\bcost\b|\balcohol\b|(?<!emissions from )\bwaste\b
`
export const NEUTRAL_WORDS_UNSURE = pattern`
  \bpayments\b|\bmigra|(?<!population )\bdensity\b|\bper student\b|\bhealth expenditure\b|\bwithdrawal|\bportfolio\b|\bdeposits\b|\bcapacity to import\b|\bforest\b
`
export const GOOD_SURE = pattern`
  \b(?:consumer|household|personal|consumption|capital formation|national|construction)\b
`
export const SCALE_SAYS_BEST = pattern`
  \b\d{1,3} ?= ?(?:low|weak|less|worst|lowest|poor|extremely under)|\b[2-9]\d{0,2} ?= ?(?:high|best|strong)
`
export const BAD_SCORE = pattern`
  \bterroris|\bgini\b|\brisk\b|\binequality\b|\buncertainty\b|\bmisery\b|\bfragil|\bvulnerability\b|\bstress\b
  |\bpollution\b|\bstringency\b|\bhunger\b
`
export const PRICE_LEVEL = pattern`
  \btrade[- ]weighted\b|\ball[- ]items\b|\bhome price\b|\beffective exchange\b|\breer\b|\bneer\b|\blabou?r costs?\b|\bemployment cost\b|\bdollar index\b|\bhous(?:e
  |ing) index\b|\bfreight\b|\bbaltic\b|\bimports?\b|\bcommodit
`
export const GOOD_SCORE = pattern`
  \bscores?\b|\brating\b|\bcompetitiveness\b|\bperformance\b|\bhuman (?:capital|development)\b|\bfreedom\b
  |\bdemocracy\b|\bhappiness\b|\bease of\b|\bstatistical\b|\bparity\b|\bconnectivity\b|\bcoverage\b
  |\ballocation index\b|\bdisclosure\b|\brights\b
`
export const BAD_SHARE_EXCLUDED = pattern`
  \bdebt composition\b|\bcause of death\b|\bemissions?\b|\bnitrous\b|\bmethane\b|\bchild employment in\b
  |\badequacy\b|\bbenefits?\b|\bdebt\b|\bcurrency composition\b
`
export const OTHER_SHARE_UNSURE = pattern`
  \bout-of-pocket\b|\bprotected\b|\bwomen's share\b|\bbenefit\b
`

/** Heads of the vocabulary about people, work, health, schooling and access to services. */
import type { HeadTable } from './notation.ts'

export const PEOPLE_HEADS: HeadTable = [
  // Work.
  [
    'percentage-@average count-@date growth-rate-',
    `unemployment rate; unemployment; youth unemployment rate; long-term unemployment rate; long term unemployment rate
    long-term unemployment; youth unemployment; jobless rate; claimant count rate; underemployment rate; claimant count
    civilian unemployment rate`,
  ],
  [
    'percentage+@average',
    `employment rate; employment to population ratio; labor force participation; labor force participation rate
    participation rate; capacity utilization; capacity utilization rate; labor force with basic education
    refinery utilization rate; labor force with intermediate education; labor force with advanced education
    ratio of female to male labor force participation rate; civilian labor force participation rate`,
  ],
  ['count-@date growth-rate-', 'unemployed person; unemployed'],
  [
    'count-@total count-@average growth-rate-',
    'initial claim; initial jobless claim; jobless claim; jobless claims 4-week average',
  ],
  ['count-@date', 'continuing jobless claim; continuing claim'],
  [
    'count+@date growth-rate+ share0@none',
    `employment; employed person; employed; employee; nonfarm payroll; non farm payroll; all employee; full time employment
    part time employment; civilian employment; government payroll`,
  ],
  ['count+@date growth-rate+ share0@none percentage+@none', 'labor force; job vacancy; job opening; job vacancy rate'],
  [
    'share0@none',
    `self-employed; wage and salaried worker; salaried worker; employer; contributing family worker; agriculture worker; industry worker; service worker; family worker
    armed forces personnel; cause of death; urban population; rural population; population ages; population aged
    international migrant stock`,
  ],
  ['share0@none count+@date', 'employment in agriculture; employment in industry; employment in service'],
  ['share-@none', 'informal employment'],
  // Population and life.
  [
    'count0@date growth-rate0 share0@none',
    `population; urban population; rural population; working age population; population ages; population aged
    population in urban agglomeration; population in the largest city; primary education pupil; military personnel
    armed forces personnel`,
  ],
  ['ratio0@none', 'population density; dependency ratio; age dependency ratio; sex ratio at birth'],
  [
    'duration+@none',
    'expected year of schooling; life expectancy; life expectancy at birth; healthy life expectancy; years of schooling; year in school; schooling',
  ],
  [
    'duration-@none',
    'time required; time required to start a business; time required to register property; time required to enforce a contract; time required to get electricity; time to export; time to import; lead time; lead time to export; lead time to import; time to prepare and pay taxes',
  ],
  ['duration0', 'duration of primary education'],
  [
    'ratio-@total',
    `mortality rate; maternal mortality ratio; suicide mortality rate; death rate; suicide rate; homicide; intentional homicide
    incidence; mortality caused by road traffic injury; hiv incidence; hiv incidence rate; malaria incidence; mortality; suicide; murder; adolescent fertility rate; mortality ratio
    infant mortality rate; under-five mortality rate; child mortality rate; crude death rate`,
  ],
  [
    'count-@total ratio-@total',
    'death; fatality; new case; case; number of victims of intentional homicide; battle-related death; child death; newborn death',
  ],
  ['ratio0@total', 'birth rate; fertility rate; crude birth rate; wanted fertility rate'],
  [
    'count-@date',
    'person living with hiv; child out of school; out-of-school child; out-of-school adolescent; species threatened; mammal species threatened; bird species threatened; plant species threatened',
  ],
  [
    'count-@none',
    'start-up procedure; procedures to register property; documents to import; documents to export; tax payment',
  ],
  [
    'ratio+@none',
    `hospital bed; hospital; physician; physician density; medical doctor; nurse; nurses and midwife; community health worker; icu bed
    researcher; researchers in r&d; commercial bank branch; technicians in r&d`,
  ],
  [
    'ratio+@none count+@date percentage+@none',
    `mobile cellular subscription; fixed broadband subscription; fixed telephone subscription; broadband subscriber
    fixed line subscriber; internet user; secure internet server; mobile cellular telephone subscription
    fixed internet broadband subscription; telephone line`,
  ],
  ['ratio-@none', 'pupil teacher ratio; pupil-teacher ratio; pupil-qualified teacher ratio'],
  // What happens over a period.
  [
    'count+@total growth-rate+',
    `tourist arrival; arrival; passengers carried; rail passenger; housing start; building permit; car registration
    vehicle registration; patent application; trademark application; journal article; new registration; patents granted
    scientific and technical journal article; car production; vehicle production; mortgage approval; mortgage application
    housing units started; housing units authorized; nights spent; nights spent at tourist accommodation establishment; international tourism number of arrival; job quit; registered carrier departure
    new private housing units authorized by building permit; job advertisement`,
  ],
  ['count-@total growth-rate-', 'bankruptcy; insolvency; job cut; road fatality'],
  ['count+@date', 'rig; oil rig; crude oil rig; rig count; tractor; agricultural machinery tractor'],
  // Conditions and achievements of people.
  [
    'percentage+@none',
    `access to electricity; access to clean fuel; access to clean fuels and technologies for cooking; access to clean fuels and technology; literacy rate; school enrollment
    net enrollment rate; enrollment rate; gross enrollment ratio; completion rate; primary completion rate; coverage
    lower secondary completion rate; educational attainment; educational attainment at least completed; tertiary educational attainment; homeownership rate
    home ownership rate; immunization; births attended; births attended by skilled health staff; trained teacher
    births attended by skilled health personnel; contraceptive prevalence; completeness of birth registration
    contraceptive use; individuals using the internet; persistence to last grade; persistence to grade
    progression to secondary school; school completion; primary school completion; net intake rate; gross intake ratio
    people using at least basic drinking water service; people using at least basic sanitation service
    people using safely managed drinking water service; people using safely managed sanitation service
    people with basic handwashing facility; account ownership; exclusive breastfeeding; basic sanitation
    population covered by at least a 4g mobile network; population covered by a mobile network; detection rate
    tuberculosis treatment success rate; treatment success rate; antiretroviral therapy coverage; immunization coverage
    coverage of social safety net program; coverage of social insurance program; coverage of social protection
    population using basic drinking water service; population using safely managed drinking water service
    population using basic sanitation service; newborns protected against tetanus; rural access; urban access
    basic water source; overall access; children who received treatment; pregnant women receiving prenatal care`,
  ],
  [
    'percentage-@none',
    `poverty headcount ratio; poverty rate; extreme poverty rate; relative poverty; prevalence of undernourishment
    prevalence of stunting; prevalence of wasting; prevalence of underweight; prevalence of overweight; prevalence of hiv
    prevalence of anemia; prevalence of anemia among pregnant women; prevalence of anemia among children; diabetes prevalence; smoking prevalence; prevalence of severe food insecurity; smoking adult
    prevalence of moderate or severe food insecurity; people practicing open defecation; low-birthweight baby; repeater
    population living in slum; adult obesity rate; adults with hiv; out-of-school rate; at risk of poverty rate
    at-risk-of-poverty rate; prevalence of current tobacco use; learning poverty; children out of school; newly hiv infected
    population below international poverty line; population below poverty line; employed population below international poverty line
    population living in multidimensional poverty; early leaver; early leavers from education and training; smoking woman; smoking man; malnutrition prevalence
    multidimensional poverty headcount ratio; prevalence of bribery`,
  ],
]

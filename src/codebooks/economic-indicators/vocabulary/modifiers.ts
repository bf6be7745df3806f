/** Words of the vocabulary that change no answer: sectors, groups of people, places, price bases, sources and words of grammar. */

export const MODIFIERS: readonly string[] = [
  // Grammar, and parts of a whole.
  `of; in; the; and; for; by; to; from; on; at; with; a; an; or; as; all; total; other; including; excluding; incl; excl; ex
  old; worldwide; implied; uninfected; weighted mean; simple mean; all products; smoothed; gpi; spi; above; below; more; than; least; least at; main; major; selected; gross; overall; within; without tax
  full; value; volume; amount; type; category; general; based`,
  // Price bases, adjustment, sources and spans of time.
  `per day; per week; per month; per quarter; per year; constant; current; nominal; real; at constant prices; at current prices; current price; constant price; market price
  chained; fixed; base; basic; factor cost; seasonally adjusted; not seasonally adjusted; adjusted; unadjusted; sa; nsa; saar
  annualized; annual; annually; monthly; month; quarterly; quarter; weekly; week; daily; day; year; yearly; period; end of period
  per annum; hourly; hour; half; fiscal; calendar; preliminary; provisional; final; flash; revised; estimate; estimated
  modeled; modelled; ilo; imf; oecd; world bank; national; official; projection; staff; survey; moving average; trend
  headline; core; harmonised; harmonized; core; unspecified; by sex; sex; by age; age-group; location; occupation; corresponding; dec; total of; reported; registered; crude; age-standardized; official statistic; inflation-adjusted
  not inflation-adjusted; atlas method; wef; who; unicef; fao; s&p; ism; cbi; nfib; nahb; zew; ifo; adp; jolts; michigan; gfk
  caixin; richmond; chicago; dallas; philadelphia; kansas; ny; empire state; mba; lmi; cboe; caixin; reuters; tankan; case shiller
  ice bofaml us; ice bofa us; baker hughes; challenger; move; vstoxx; lme; api; eia; moody; seasoned; ibrd; ida; dac`,
  // Sectors and activities.
  `agriculture; agricultural; forestry; fishing; industry; industrial; manufacturing; mining; quarrying; construction; service
  transport; transportation; utility; public administration; wholesale; retail; tourism; travel; finance; financial; insurance
  real estate; housing; health; education; energy; electricity; information; communication; communications; ict; technology
  high-technology; medium and high-tech; medium; high-tech; business; sector; private; public; government; central government
  general government; non-financial; nonfinancial; nonfinancial household; consumer; producer; personal
  bank; banking; commercial bank; central bank; commercial; small; large; nonfarm; non-farm; farm
  vehicle; car; auto; automobile; light weight; heavy; durable; nondurable; durable good; machinery; equipment; food; beverage
  tobacco; clothing; textile; chemical; metal; mineral; fuel; ore; raw material; agricultural raw material; commodity; good; goods
  merchandise; product; manufacture; manufactured; crop; livestock; cereal; fish; meat; diamond; cow; bovine animal; animal; tea; fruit; vegetable; pharmaceutical
  hospital; school; primary; secondary; tertiary; lower secondary; upper secondary; post-secondary; preprimary; pre-primary
  vocational; bachelor; master; doctoral; equivalent; grade; level; infrastructure; rent; rents; dwelling; home; house; residential
  property; apartment; core; ex food and energy; less food and energy; excluding food and energy; food and energy; all item
  cushing; oklahoma; europe; mid-month; outstanding; transit; container; port; air; rail; railway; road; sea`,
  // Goods of trade.
  `car; engine; plastic; plastic article; paper; glass; ceramic; wood; furniture; leather; rubber; fertilizer; footwear; carpet
  component; electrical; electronic; apparatus; instrument; precision; specialized; machine; tool; appliance; article; metallic
  structure; hardware; non-ferrous; ferrous; iron; yarn; fabric; organic; inorganic; fat; preserved; edible; non-edible;
  unprocessed; refined; petroleum; intermediate; consumption good; capital good; stage; process; category; minimum; maximum; telecommunication
  computer; consumer electronics; aeronautic; clockmaking; miscellaneous; manuf; tyre; toy; ship; aircraft; jewellery; optics; paint; toiletry; printing; knitwear; tube; coke; sugar; beverage; cycle`,
  // Energy and the air.
  `solar; wind; hydro; hydropower; hydroelectric; nuclear; nuclear power; solar power; wind power; renewable; renewables
  bioenergy; biofuel; low-carbon source; low-carbon; fossil; fossil fuel; other renewable; refinery; power; thermal; combustion
  heat; co2; methane; ch4; n2o; nitrous oxide; waste; from waste; greenhouse gas; carbon dioxide; industrial process
  fuel combustion; building; industrial combustion; power industry; fugitive; freshwater; water; domestic; municipal; irrigation`,
  // People and their groups.
  `female; male; woman; man; girl; boy; adult; child; youth; young; person; infant; neonatal; newborn; under-5; under-five
  maternal; mother; urban; rural; working-age; working age; elderly; resident; nonresident; foreign; worker
  professional; high skilled; low skilled; skilled; unskilled; pregnant; married; live birth; birth; pupil; student; teacher; people; household
  aged; advanced; intermediate; basic; education; employees; first; second; third; lowest; highest; poorest; richest; quintile; male employment; female employment; age-group
  multilateral; bilateral; concessional; nonconcessional; official creditor; private creditor; creditor; bond; ppg; png; gg
  public and publicly guaranteed; private nonguaranteed; publicly guaranteed; long-term; short-term; long term; short term
  multilateral concessional; external; domestic; abroad; received; net of; ibrd; guaranteed; nonguaranteed; other creditor`,
  // Causes of death and illness beside deaths, cases and mortality.
  `covid; coronavirus; cancer; breast; cervical; lung; liver; stomach; prostate; colon; measles; malaria; tuberculosis; tb; hiv; hiv aids; diabetes
  cvd; crd; pneumonia; meningitis; pertussis; tetanus; sepsis; asphyxia; congenital; diarrhoeal; injury; traffic; road traffic
  flood; earthquake; drought; storm; epidemic; tsunami; plane crash; disaster; battle; unsafe water; unintentional poisoning
  household air pollution; ambient air pollution; household and ambient air pollution; unsafe sanitation; dpt; bcg; polio; hepb3
  hepatitis b; any method; any modern method; modern method; weight for age; height for age; severe; moderate`,
  // Terms and grades of money.
  `federal; treasury; treasuries; fed; term; maturity; month ahead; broad; major currency; all commercial bank; institution
  upper limit; lower limit; upper bound; lower bound; high yield; master ii; investment grade; aaa; baa; bbb; bb; ccc; booked
  secured; unsecured; option-adjusted; proxy; currency; foreign currency; u.s dollar; dollar; shares; traded; merchant; six-month
  three month; standing facility; bop; cif; fob; ppp; purchasing-power-parity; valuation`,
]

/** Words of units. They may also stand in a name, beside what is measured. */
export const UNIT_WORDS = `
  us dollar; dollar; million us dollar; million; billion; thousand; hundred; trillion; ten; crore; lakh; mn; bn; mln; bln; unit
  piece; ton; tonne; metric; kg; kt; mt; km; mm; cm; sq; square; cubic; cu; meter; metre; kilometer; kilometre; feet; foot; liter
  litre; gallon; hectare; ha; barrel; bbl; bbl d; 1k; 1million; bcm; mcm; celsius; kwh; gwh; twh; mwh; kw; gw; mw; kilowatt; megawatt
  gigawatt; terawatt; watt; terajoule; toe; oil equivalent; ounce; troy; troy ounce; pound; lb; bushel; carat; gram; kilogram
  microgram; co2e; equivalent; inhabitant; international dollar; rig; local currency; national currency; index point; point
  lcu; ppp; us$; $; cent; basis point; zloty; yuan; yen; ruble; rupee; lira; won; real; krona; krone; franc; rand; peso
`

/** Words that may stand in brackets, in the whole of a percentage and in units beside all others of the vocabulary. */
export const BRACKET_STEMS = `
  %; €; £; ¥; ₹; c; t; d; international; local; currency; case; death; relevant; active; corporate; enterprise; company; firm; varies; vary; route; simple; weighted; applied; favored; nation; pension; fund; statutory; legal; capital; infrastructure; spending; own; supply; substitution; between; return; market; equity; cohort; population; working; group; aged; age; labor; force; yes; no
  employment; live; low; high; best; worst; most; least; 1=low; business-friendly; regulation; performance; lowest; highest; weak; strong
  commercial profit; profit; export; import; revenue; expenditure; income; gdp; gni; debt; reserve; loan; consumption; output; yuan; chinese
  japanese; yen; swiss; franc; brazilian; indian; rupee; mexican; peso; real; reals; krone; krona; canadian; australian; korean; won; one
  generation; withdrawal; official; foot; teu; nationally; defined; poverty; line; sale; manager; senior; asset; liability; money; tax
  budget; portfolio; mar; jan; jun; dec; benefit; cpi; u; rs; combustion; woman; saving; purchasing; parity; power; fuel; land; degree
`

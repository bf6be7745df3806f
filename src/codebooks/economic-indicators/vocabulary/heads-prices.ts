/** Heads of the vocabulary that are prices, rates, yields, opinions, indices, or statistics that decide alone. */
import type { HeadTable } from './notation.ts'

export const PRICE_HEADS: HeadTable = [
  [
    '!index0 growth-rate0',
    `price index; consumer price index; producer price index; wholesale price index; cpi; ppi; hicp; deflator
    chain-type price index; implicit price deflator; pce price index; gdp deflator; unit value index; import price index
    export price index; house price index; home price index; housing price index; new housing price index; unit value
    residential property price index; harmonised consumer price; harmonized index of consumer prices`,
  ],
  [
    'index0@average growth-rate0',
    `consumer price; producer price; wholesale price; import price; export price; core consumer price; labor cost
    unit labor cost; employment cost index; employment cost; manufacturing price; harmonised price
    real effective exchange rate; nominal effective exchange rate; effective exchange rate; reer; neer
    real effective exchange rate index; nominal effective exchange rate index; trade weighted u.s dollar index
    trade weighted dollar index; land price; housing index; pce price`,
  ],
  ['!growth-rate0', 'inflation; inflation rate; core inflation; core inflation rate; food inflation; price inflation'],
  ['price0@average index0@average growth-rate0', 'house price; home price; residential property price; property price'],
  [
    'price0@date price0@average growth-rate0',
    'price; spot price; retail price; gasoline price; fuel price; pump price; tariff',
  ],
  [
    'price0@date',
    `exchange rate; foreign exchange rate; fx rate; official exchange rate; conversion factor; ppp conversion factor
    alternative conversion factor; official fx rate; parallel fx rate; conversion rate; ppp conversion rate`,
  ],
  [
    'interest-rate0@date',
    `interest rate; policy rate; lending rate; deposit rate; interbank rate; repo rate; reverse repo rate; discount rate
    prime rate; bank prime loan rate; loan prime rate; federal funds rate; effective federal funds rate; mortgage rate
    federal funds target range; federal funds target rate; bank lending rate; deposit interest rate; cash rate
    lending interest rate; real interest rate; overnight rate; overnight lending rate; interbank offered rate; libor
    london interbank offered rate; interbank offered rate; deposit facility rate; standing facility deposit rate
    secured overnight financing rate; fixed rate mortgage average; central bank discount rate; key rate; base rate
    proxy funds rate; money market rate; call money rate; average repo rate; policy interest rate`,
  ],
  [
    'yield0@date',
    `yield; bond yield; government bond; government bond yield; corporate bond yield; treasury constant maturity rate
    treasury constant maturity; constant maturity; treasury bill; treasury bill rate; bill yield; effective yield
    treasury inflation-indexed security; treasury yield; tips yield; treasury note; dividend yield; treasury bond`,
  ],
  [
    '!spread0@date',
    `spread; option-adjusted spread; yield spread; ted spread; credit spread; minus; relative to; breakeven inflation rate
    interest rate spread; risk premium on lending; term premium; sovereign cds spread; forward inflation expectation rate; cds spread`,
  ],
  [
    'price+@average growth-rate+ index+@average',
    `wage; real wage; earnings; hourly earnings; average hourly earnings; monthly wage; salary; labor cash earnings
    compensation per employee; real compensation per employee; wages and salaries per employee; average earnings`,
  ],
  ['price+@none growth-rate+', 'minimum wage; statutory minimum wage'],
  [
    'index+@date growth-rate+',
    `stock market; stock market index; stock price index; share price index; stock index; s&p 500; s&p 500 index
    nasdaq composite; nasdaq composite index; dow jones industrial average; nikkei 225; dax; ftse 100; cac 40; bse sensex
    nifty 50; hang seng index; s&p global equity index; share price; total return index; total return index value`,
  ],
  [
    'index+@average growth-rate+',
    'terms of trade; terms of trade index; net barter terms of trade; net barter terms of trade index',
  ],
  [
    '!index+@average growth-rate+',
    `pmi; manufacturing pmi; services pmi; composite pmi; construction pmi; purchasing managers index; fed index
    leading index; leading economic index; coincident index; composite leading indicator; national activity index
    ism manufacturing employment; fed composite index; fed manufacturing index; fed services revenues index
    activity index; empire state manufacturing index; lmi logistics managers index; mba purchase index
    tertiary industry index; redbook index; economic activity index`,
  ],
  [
    '!sentiment+@average',
    `confidence; consumer confidence; business confidence; sentiment; consumer sentiment; business climate; optimism
    economic sentiment; economic sentiment index; economic optimism index; business optimism index; sentiment index
    confidence index; consumer sentiment index; business conditions; current conditions; ifo business climate
    consumer confidence current conditions; housing market index; tankan index; large manufacturing outlook
    business outlook; industrial trends orders; consumer expectation survey; economic sentiment indicator`,
  ],
  [
    '!index+@none',
    `corruption index; corruption perceptions index; corruption perception index; control of corruption; rule of law
    government effectiveness; regulatory quality; political stability; voice and accountability; human development index
    democracy score; press freedom score; competitiveness index; gender parity index; logistics performance index
    depth of credit information index; strength of legal rights index; statistical performance indicator
    women business and the law index score; ease of doing business score; business extent of disclosure index`,
  ],
  ['!index+@none', 'cpia; degree of implementation; degree of integrated water resources management implementation'],
  [
    '!index-@none',
    'corruption rank; competitiveness rank; gini; gini index; gini coefficient; terrorism index; global innovation index rank',
  ],
  [
    '!volatility-@date',
    'vix; volatility index; volatility; market volatility; stock price volatility; realized volatility',
  ],
  ['!gap0@total', 'output gap; output gap in percent of potential gdp'],
  ['!gap-@date', 'poverty gap; gender pay gap; pay gap; employment gap; participation gap'],
  ['!gap0@date', 'credit to gdp gap'],
  ['!elasticity0', 'elasticity'],
  ['!correlation0', 'correlation'],
  ['!multiplier0', 'multiplier'],
  [
    '!allocation0',
    'budget allocation; asset allocation; portfolio allocation; portfolio weight; equity allocation; fund allocation',
  ],
  [
    '!probability-',
    'recession probability; probability of recession; crisis probability; default probability; sovereign default probability; probability of dying; lifetime risk of maternal death',
  ],
  ['!probability+', 'survival to age'],
  [
    '!threshold0@none',
    'inflation target; retirement age; reserve requirement; cash reserve ratio; minimum age of marriage; capital requirement ratio; deficit target',
  ],
  [
    '!percentage0@none',
    `tariff rate most favored nation; tariff rate applied; tax rate; income tax rate; personal income tax rate; corporate tax rate; corporate income tax rate; sales tax rate
    value added tax rate; withholding tax rate; social security rate; capital gains tax rate; tariff rate; profit tax
    total tax and contribution rate; labor tax and contribution; bound rate; binding coverage; average tariff`,
  ],
]

/** Goods whose name is that of their price where the type is price, and which change no answer elsewhere. */
export const GOODS = `
  oil; crude oil; crude; brent; wti; west texas intermediate; natural gas; gas; lng; gold; silver; copper; aluminium; aluminum
  zinc; nickel; tin; lead; platinum; palladium; lithium; lithium carbonate; cobalt; iron ore; steel; coal; uranium; wheat; corn
  maize; rice; soybean; sugar; coffee; arabica; robusta; cocoa; cotton; palm oil; sunflower oil; rubber; urea; naphtha; propane
  heating oil; gasoline; diesel; petrol; ethanol; lumber; milk; bitcoin; cement; electricity; gold fixing; iron and steel
`

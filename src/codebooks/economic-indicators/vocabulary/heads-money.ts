/** Heads of the vocabulary that are money: flows, stocks, balances, and debt. */
import type { HeadTable } from './notation.ts'

export const MONEY_HEADS: HeadTable = [
  // Output, income and what is earned abroad.
  [
    'flow+ growth-rate+ ratio+@total share0@total index+@average volume+',
    `gdp; gross domestic product; gnp; gross national product; gni; gross national income; national income; value added
    gross value added; gdp at constant prices; gdp constant prices; potential gdp; potential gross domestic product
    real gdp; disposable income; disposable personal income; personal income; household income; adjusted net national income; net national income; export; goods export
    exports of goods and services; merchandise exports; service exports; oil exports; auto exports; industrial profit
    corporate profit; gdp sale; tertiary industry activity`,
  ],
  [
    'flow+ growth-rate+ ratio+@total share0@total',
    `household consumption; private consumption; household final consumption expenditure; household consumption expenditure
    private consumption expenditure; private final consumption expenditure; personal consumption expenditure
    household spending; consumer spending; personal spending; final consumption expenditure; household final consumption
    households and npishs final consumption expenditure; gross fixed capital formation; gross capital formation
    fixed capital formation; capital formation; fixed investment; fixed asset investment; private investment
    gross private domestic investment; business investment; industrial sale; foreign tourist spending
    building capital expenditure; capital expenditure`,
  ],
  [
    'flow+ growth-rate+ index+@average count+@total',
    `retail sale; wholesale sale; manufacturing sale; vehicle sale; car sale; auto sale; home sale; new home sale
    existing home sale; pending home sale; new order; factory order; machinery order; core machinery order
    machine tool order; durable goods order; industrial order; construction order; advance retail sales; retail trade`,
  ],
  [
    'flow+ balance+ ratio+@total growth-rate+',
    `remittance; personal remittance; worker remittance; personal remittance received; remittances received
    foreign direct investment; fdi; fdi inflow; foreign direct investment net inflow; foreign direct investment inflow`,
  ],
  [
    'flow+ growth-rate+ share0@total',
    'tourism revenue; tourism receipt; international tourism receipt; international tourism',
  ],
  [
    'flow+ ratio+@total growth-rate+',
    `gross saving; gross domestic saving; gross national saving; adjusted net saving; gross savings
    technical cooperation grant; grants excluding technical cooperation`,
  ],
  // Money that some pay and others receive.
  [
    'flow0 growth-rate0 ratio0@total share0@total volume0 index0@average',
    `import; goods import; imports of goods and services; merchandise imports; service imports; merchandise trade; trade
    government revenue; government expenditure; government spending; government total expenditure; total expenditure
    general government revenue; general government expenditure; general government total expenditure; budget revenue
    fiscal revenue; fiscal expenditure; public expenditure; public spending; tax revenue; military expenditure; expense
    military spending; government final consumption expenditure; general government final consumption expenditure
    government consumption; government expenditure on education; government expenditure on secondary education
    government expenditure on primary education; government expenditure on tertiary education; other expense
    goods and services expense; subsidies and other transfers; subsidies; social contribution;
    natural resources rent; oil rent; forest rent; coal rent; mineral rent; natural gas rent; total natural resources rent`,
  ],
  ['flow0 share0@total ratio0@total', 'tax; customs and other import duties; taxes on international trade; other tax'],
  [
    'flow0 balance0 ratio0@total share0@total',
    `official development assistance; oda; net official development assistance; net oda; net official aid received
    net bilateral aid flow; bilateral aid flow; official flow; total official flow; total official development assistance
    net official development assistance received; net oda received; net official development assistance and official aid
    aid given; aid received; aid`,
  ],
  // The abbreviations that the World Bank's debt tables write before the currency.
  ['!stock-@date', 'dod'],
  ['!stock0@date', 'und'],
  ['!flow-', 'tds; amt; int'],
  ['!flow0', 'dis; com'],
  ['!balance0', 'nfl; ntr'],
  ['flow0 ratio0@total share0@total', 'health expenditure; health spending; education expenditure; education spending'],
  ['share0@date', 'currency composition of ppg debt'],
  ['share0@total', 'income share held; total investment; investment; grants and other revenue'],
  ['flow0', 'disbursement; commitment; loan disbursement; new loan; new yuan loan; total social financing'],
  [
    'balance0 ratio0@total growth-rate0',
    `capital flow; net capital flow; overall net capital flow; portfolio equity; foreign bond investment
    foreign stock investment; net financial flow; net flows on external debt; net transfers on external debt; net transfer
    foreign direct investment net outflow; change in inventory; changes in inventories; stock change; crude oil stock change
    gasoline stock change; natural gas stock change; heating oil stock change; distillate stock change
    discrepancy in expenditure estimate of gdp; statistical discrepancy; net tic flow; net long-term tic flow`,
  ],
  ['balance0', 'portfolio investment; errors and omissions; net errors and omissions; net incurrence of liabilities'],
  // Stocks on whose level nobody's good hangs.
  [
    'stock0@date growth-rate0 ratio0@date share0@date',
    `money supply; m0; m1; m2; m3; m4; broad money; narrow money; money and quasi money; monetary base; money stock
    currency in circulation; bank loan; loans to private sector; private sector credit; domestic credit; consumer credit
    domestic credit to private sector; credit to private sector; domestic credit provided by financial sector
    domestic credit to private sector by banks; commercial and industrial loan; loan growth; yuan loan growth
    bank deposit; claims on central government; claims on other sectors of the domestic economy; cross-border claim
    claims on private sector; total asset; bank asset; central bank balance sheet; bank balance sheet
    bank balance sheet; business inventory; wholesale inventory; retail inventory; crude oil stock; natural gas stock
    gasoline stock; strategic petroleum reserve crude oil stock; total assets federal reserve; distillate stock; grain stock; copper stock; natural gas storage; undisbursed external debt
    credit to the non-financial sector; loans to the private sector; bank loans to private sector; m2 money supply`,
  ],
  ['stock0@date growth-rate0 share0@date', 'loan; bank credit; credit to; credit growth'],
  // What is owned.
  [
    'stock+@date growth-rate+ ratio+@date',
    `foreign exchange reserve; international reserve; total reserve; gold reserve; reserve asset
    official reserve asset; market capitalization; stock market capitalization; market capitalization of listed companies
    market capitalization of listed domestic companies; bank capital to assets ratio; stock market capitalization to gdp`,
  ],
  [
    'balance+@date ratio+@date',
    'net international investment position; international investment position net; net foreign asset',
  ],
  // What is owed.
  [
    'stock-@date growth-rate- ratio-@date share0@date',
    `debt; external debt; public debt; government debt; household debt; households debt; national debt; private debt
    gross debt; net debt; external debt stock; federal debt; total public debt; short-term debt; short-term external debt
    present value of external debt; general government gross debt; general government net debt; central government debt
    government debt to gdp; household debt to gdp; households debt to gdp; private debt to gdp; external debt to gdp
    debt to gdp; debt to gdp ratio; household debt to income; households debt to income; public and publicly guaranteed debt`,
  ],
  ['stock-', 'interest arrears; principal arrears; use of imf credit; ibrd loans and ida credits'],
  [
    'flow- ratio-@total',
    'debt service; total debt service; external debt service; government debt service; household debt service payment; debt service payment; principal repayment; debt service to exports',
  ],
  // Balances of which a surplus is good, and a deficit that is stated as a positive number.
  [
    'balance+@total ratio+@total',
    `current account; current account balance; current account to gdp; trade balance; balance of trade; net trade
    net exports; external balance on goods and services; net trade in goods and services; current account goods
    net lending borrowing; government net lending borrowing; general government net lending borrowing
    general government primary net lending borrowing; primary net lending borrowing; primary balance; structural balance
    general government structural balance; general government primary balance; cyclically adjusted balance
    budget balance; fiscal balance; government budget; government budget value; surplus or deficit; surplus deficit
    deficit surplus; federal surplus or deficit; government deficit surplus; budget surplus or deficit`,
  ],
  ['balance- ratio-@total', 'budget deficit; treasury budget deficit; government deficit; public sector net borrowing'],
]

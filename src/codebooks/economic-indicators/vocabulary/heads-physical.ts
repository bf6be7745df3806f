/** Heads of the vocabulary that are physical: production, energy, emissions, land, and what is transported. */
import type { HeadTable } from './notation.ts'

const SOURCES =
  'energy; electricity; power; electric power; fuel; fossil fuel; coal; oil; gas; natural gas; petroleum; biofuel; hydropower; nuclear power; solar power; wind power; solar; wind; nuclear; renewable; renewable energy; other renewable; low-carbon energy; primary energy; final energy; total final energy; crude oil; gasoline; diesel; residential electricity; residential energy'
const USES = 'consumption; use; demand'

/** Every source of energy with every word for its use, such as "coal consumption". */
function usesOfEnergy(): string {
  const uses = USES.split('; ')
  return SOURCES.split('; ')
    .flatMap((source) => uses.map((use) => `${source} ${use}`))
    .join('; ')
}

export const PHYSICAL_HEADS: HeadTable = [
  [
    'volume+ growth-rate+ index+@average ratio+@total flow+ balance+ share0@total',
    `production; output; industrial production; manufacturing production; mining production; construction output
    industrial production index; production index; crop production index; food production index; livestock production index
    electricity generation; power generation; electricity production; electricity output; fish catch; aquaculture production
    fisheries production; refinery crude run; slaughtering; oil production; crude oil production; coal production
    natural gas production; gas production; cereal production; capture fisheries production; steel production
    gold production; cement production`,
  ],
  [
    'ratio+@total index+@average growth-rate+',
    'cereal yield; productivity; labor productivity; gdp per person employed; nonfarm productivity; value added per worker; output per hour worked; gdp per hour worked',
  ],
  ['volume0 growth-rate0 ratio0@total balance0 share0@total', usesOfEnergy()],
  [
    'share0@total',
    'renewable energy share; electricity generated; electricity production; fossil fuel energy consumption; electricity generation',
  ],
  [
    'volume-@total growth-rate- ratio-@total share0@total balance-',
    `emission; co2 emission; carbon dioxide emission; greenhouse gas emission; methane emission; nitrous oxide emission
    total greenhouse gas emission; ghg emission`,
  ],
  [
    '!ratio-@total',
    'carbon intensity; co2 intensity; carbon intensity of electricity generation; carbon intensity of gdp',
  ],
  [
    'volume0@total ratio0@total share0@total',
    'precipitation; rainfall; freshwater withdrawal; water withdrawal; average precipitation in depth',
  ],
  ['stock+@date share0@date growth-rate+', 'forest area; primary forest area; planted forest area'],
  ['stock0@date share0@date', 'land area; agricultural land; agricultural irrigated land; surface area; arable land'],
  [
    'volume+@total growth-rate+',
    'freight; goods transported; air transport freight; container port traffic; port traffic; freight volume',
  ],
  [
    '!capacity+@date',
    'capacity; installed capacity; refinery capacity; generating capacity; storage capacity; production capacity; import terminal capacity; power capacity; handling capacity; installed renewable capacity',
  ],
  ['other0@average', 'temperature; average temperature'],
  ['stock+@date', 'gold reserve; rail line'],
]

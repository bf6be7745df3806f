/** Public files as they come, in small: what is read of each, which column becomes which field, and what is left over. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openCatalogue } from '../../../src/catalogue/open-catalogue.ts'

const FOLDER = fileURLToPath(new URL('../../fixtures/catalogue/public/', import.meta.url))

interface Expected {
  /** Records, format, encoding and layout. */
  readonly read: string
  readonly mapping: Readonly<Record<string, string>>
  readonly unused: readonly string[]
  /** Id and name of the first record, with the number of its sample values and the last of them. */
  readonly first: string
}

/** Each line was checked by eye against the file. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  'GDPC1.csv': {
    read: '1 csv utf-8 wide-rows',
    mapping: {
      indicator_id: '(name of the column)',
      name: '(name of the column)',
      periodicity: '(periods)',
      sample_values: '(1 columns, by observation_date)',
    },
    unused: [],
    first: 'GDPC1 | GDPC1 | 4 points, 2020-10-01 = 10.5',
  },
  'abs.csv': {
    read: '2 csv utf-8 long',
    mapping: { indicator_id: 'Series ID', name: 'Title', units: 'Unit', periodicity: 'Frequency' },
    unused: ['Series Start', 'Series End', 'No. of Observations', 'Data Type'],
    first: 'A2304402X | GDP: Chain volume',
  },
  'bis-flat.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'FREQ:Frequency+REF_AREA:Reference area+UNIT_MEASURE:Unit of measure',
      name: 'TITLE:Title',
      units: 'UNIT_MEASURE:Unit of measure',
      periodicity: 'FREQ:Frequency',
      scale: 'UNIT_MULT:Unit Multiplier',
      country: 'REF_AREA:Reference area',
      sample_values: '(OBS_VALUE:Observation Value by TIME_PERIOD:Time period or range)',
    },
    unused: ['STRUCTURE', 'STRUCTURE_ID', 'ACTION', 'OBS_STATUS:Observation Status'],
    first:
      'M.US.368 | Central bank policy rates - United States - Monthly - End of period | 3 points, 2024-03-01 = 3.25',
  },
  'bis-wide.csv': {
    read: '2 csv utf-8 wide',
    mapping: {
      indicator_id: 'Series',
      name: 'TITLE',
      periodicity: 'Frequency',
      country: 'Reference area',
      sample_values: '(4 columns, 2023-Q1 to 2023-Q4)',
    },
    unused: ['FREQ', 'REF_AREA', 'TIME_FORMAT', 'COMPILATION', 'SUPP_INFO_BREAKS', 'SOURCE_REF'],
    first: 'Q.US.P.A | Credit to private sector, US | 3 points, 2023-10-01 = 1.5',
  },
  'boe.csv': {
    read: '2 csv utf-8 wide-rows',
    mapping: {
      indicator_id: '(name of the column)',
      name: '(name of the column)',
      periodicity: '(periods)',
      sample_values: '(2 columns, by DATE)',
    },
    unused: [],
    first: 'IUMABEDR | IUMABEDR | 3 points, 2024-03-31 = 5.25',
  },
  'comments.csv': {
    read: '2 csv utf-8 long',
    mapping: { indicator_id: 'series', name: 'title', units: 'unit', periodicity: 'freq' },
    unused: [],
    first: 'A | Alpha output',
  },
  'dbnomics-series.json': {
    read: '5 json utf-8 long',
    mapping: {
      indicator_id: 'series_code',
      name: 'series_name',
      periodicity: '@frequency',
      dataset: 'dataset_name',
      source_name: 'provider_code',
      sample_values: 'period+value',
    },
    unused: [
      'dataset_code',
      'dimensions.exporter',
      'dimensions.importer',
      'dimensions.product',
      'dimensions.secgroup',
      'indexed_at',
      'period_start_day',
    ],
    first:
      'AES.AES.CAT.BA | Exports from South-East Asia to South-East Asia - Category - BA - Cement, million US dollars | 4 points, 1970-01-01 = 10.177992898',
  },
  'ddf-concepts.csv': {
    read: '11 csv utf-8 long',
    mapping: {
      indicator_id: 'concept',
      name: 'name',
      units: 'format',
      description: 'description',
      long_name: 'name_catalog',
      category_group: 'domain',
      source_name: 'source',
      source_url: 'source_url',
    },
    unused: [
      'color',
      'concept_type',
      'description_long',
      'drill_up',
      'indicator_url',
      'name_short',
      'scales',
      'source_long',
      'tags',
    ],
    first: 'adults_with_hiv_percent_age_15_49 | Adults with HIV (%, age 15-49)',
  },
  'ddf-continuous.csv': {
    read: '12 csv utf-8 long',
    mapping: { indicator_id: 'concept', name: 'description' },
    unused: ['concept_type', 'goal', 'indicator', 'name', 'target'],
    first: 'ag_fls_idx | Food loss percentage (%)',
  },
  'ecb-old.csv': {
    read: '1 csv utf-8 wide-rows',
    mapping: {
      indicator_id: '(name of the column)',
      name: '(name of the column)',
      periodicity: '(periods)',
      sample_values: '(1 columns, by DATE)',
    },
    unused: ['TIME PERIOD'],
    first:
      'HICP - Overall index, Euro area (ICP.M.U2.N.000000.4.ANR) | HICP - Overall index, Euro area (ICP.M.U2.N.000000.4.ANR) | 3 points, 2024-03-31 = 2.4',
  },
  'ecb.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'KEY',
      name: 'TITLE',
      units: 'UNIT',
      periodicity: 'FREQ',
      scale: 'UNIT_MULT',
      country: 'REF_AREA',
      sample_values: '(OBS_VALUE by TIME_PERIOD)',
    },
    unused: [
      'ADJUSTMENT',
      'ICP_ITEM',
      'STS_INSTITUTION',
      'ICP_SUFFIX',
      'OBS_STATUS',
      'OBS_CONF',
      'DECIMALS',
      'TITLE_COMPL',
      'UNIT_INDEX_BASE',
    ],
    first: 'ICP.M.U2.N.000000.4.ANR | HICP - Overall index | 6 points, 2024-06-01 = 2.6',
  },
  'eurostat-sdmx.csv': {
    read: '4 csv utf-8 tall',
    mapping: {
      indicator_id: 'freq+unit+na_item+geo',
      name: 'na_item',
      units: 'unit',
      periodicity: 'freq',
      dataset: 'DATAFLOW',
      country: 'geo',
      sample_values: '(OBS_VALUE by TIME_PERIOD)',
    },
    unused: ['LAST UPDATE', 'OBS_FLAG'],
    first: 'A.CP_MEUR.B1GQ.DE | B1GQ | 3 points, 2021-01-01 = 2021',
  },
  'faostat.csv': {
    read: '4 csv utf-8 tall',
    mapping: {
      indicator_id: 'Item Code (CPC)+Domain Code+Area Code (M49)+Element Code+Unit',
      name: 'Element+Item',
      units: 'Unit',
      periodicity: '(periods)',
      category_group: 'Domain',
      country: 'Area',
      sample_values: '(Value by Year)',
    },
    unused: ['Year Code', 'Flag', 'Flag Description'],
    first: '0111.QCL.004.5312.ha | Area harvested, Wheat | 3 points, 2022-01-01 = 4044',
  },
  'fred-md.csv': {
    read: '4 csv utf-8 wide-rows',
    mapping: {
      indicator_id: '(name of the column)',
      name: '(name of the column)',
      periodicity: '(periods)',
      sample_values: '(4 columns, by sasdate)',
    },
    unused: [],
    first: 'RPI | RPI | 24 points, 2023-12-01 = 2035',
  },
  'fred-observations.json': {
    read: '1 json utf-8 tall',
    mapping: {
      indicator_id: '(name of the file)',
      name: '(name of the file)',
      periodicity: '(periods)',
      sample_values: '(value by date)',
    },
    unused: ['realtime_start', 'realtime_end'],
    first: 'fred-observations | fred-observations | 3 points, 2020-07-01 = 7.5',
  },
  'fred-series.json': {
    read: '6 json utf-8 long',
    mapping: { indicator_id: 'id', name: 'title', units: 'units', periodicity: 'frequency', description: 'notes' },
    unused: ['frequency_short'],
    first: 'A067RL1A156NBEA | Real Disposable Personal Income',
  },
  'gdp.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'Country Code',
      name: '(name of the file)',
      periodicity: '(periods)',
      country: 'Country Name',
      sample_values: '(Value by Year)',
    },
    unused: [],
    first: 'ARB | gdp | 3 points, 2020-01-01 = 6060',
  },
  'german.csv': {
    read: '2 csv windows-1252 long',
    mapping: {
      indicator_id: 'Kennung',
      name: 'Bezeichnung',
      units: 'Einheit',
      periodicity: 'Periodizität',
      description: 'Beschreibung',
    },
    unused: [],
    first: 'A1 | Bruttoinlandsprodukt',
  },
  'gold-prices.csv': {
    read: '1 csv utf-8 wide-rows',
    mapping: {
      indicator_id: '(name of the column)',
      name: '(name of the file)',
      periodicity: '(periods)',
      sample_values: '(1 columns, by Date)',
    },
    unused: [],
    first: 'Price | gold-prices | 24 points, 2021-12-01 = 252.5',
  },
  'ifs-bulk.csv': {
    read: '12 csv utf-8 wide',
    mapping: {
      indicator_id: 'Indicator Code+Country Code+(periods)',
      name: 'Indicator Name',
      periodicity: '(periods)',
      country: 'Country Name',
      sample_values: '(51 columns, 2009 to 2011M12)',
    },
    unused: ['Attribute', 'Base Year'],
    first:
      'LU_PE_PC_PP_PT.943.Annual | Unemployment, Persons, Percentage change, previous period, Percent | 3 points, 2011-01-01 = -5.21119842829077',
  },
  'ilostat.csv': {
    read: '4 csv utf-8 tall',
    mapping: {
      indicator_id: 'ref_area+source+indicator+sex',
      name: 'indicator.label',
      periodicity: '(periods)',
      country: 'ref_area',
      source_name: 'source',
      sample_values: '(obs_value by time)',
    },
    unused: ['ref_area.label', 'source.label', 'sex.label', 'obs_status'],
    first: 'DEU.BA:1.UNE_DEAP_SEX_RT_A.SEX_M | Unemployment rate by sex (%) | 2 points, 2022-01-01 = 20.22',
  },
  'imf-compact-one.json': {
    read: '1 json utf-8 long',
    mapping: {
      indicator_id: '@INDICATOR+@FREQ+@REF_AREA',
      name: '@INDICATOR',
      periodicity: '@FREQ',
      scale: '@UNIT_MULT',
      country: '@REF_AREA',
      sample_values: 'Obs',
    },
    unused: ['@TIME_FORMAT'],
    first: 'PMP_IX.M.GB | PMP_IX | 3 points, 2024-03-01 = 3.5',
  },
  'imf-compact.json': {
    read: '2 json utf-8 long',
    mapping: {
      indicator_id: '@INDICATOR+@FREQ+@REF_AREA',
      name: '@INDICATOR',
      periodicity: '@FREQ',
      scale: '@UNIT_MULT',
      country: '@REF_AREA',
      sample_values: 'Obs',
    },
    unused: ['@TIME_FORMAT'],
    first: 'PMP_IX.M.GB | PMP_IX | 3 points, 2024-03-01 = 3.5',
  },
  'imf-datamapper.json': {
    read: '2 json utf-8 long',
    mapping: {
      indicator_id: '@key',
      name: 'label',
      units: 'unit',
      description: 'description',
      dataset: 'dataset',
      source_name: 'source',
    },
    unused: [],
    first: 'NGDP_RPCH | Real GDP growth',
  },
  'imf-wide.csv': {
    read: '2 csv utf-8 wide',
    mapping: {
      indicator_id: 'SERIES_CODE',
      name: 'INDICATOR',
      periodicity: 'FREQUENCY',
      dataset: 'DATASET',
      scale: 'SCALE',
      country: 'COUNTRY',
      sample_values: '(3 columns, 2021 to 2023)',
    },
    unused: ['OBS_MEASURE', 'TRANSFORMATION'],
    first: 'AFG.CPI.IX.A | Consumer price index (CPI) | 2 points, 2022-01-01 = 2.5',
  },
  'nama_10_gdp.tsv': {
    read: '3 csv utf-8 wide',
    mapping: {
      indicator_id: 'geo+freq+unit+na_item',
      name: 'na_item',
      units: 'unit',
      periodicity: 'freq',
      country: 'geo',
      sample_values: '(3 columns, 2019 to 2021)',
    },
    unused: [],
    first: 'DE.A.CP_MEUR.B1GQ | B1GQ | 3 points, 2021-01-01 = 3617450',
  },
  'oecd-sdmx.csv': {
    read: '4 csv utf-8 tall',
    mapping: {
      indicator_id: 'REF_AREA+FREQ+MEASURE+UNIT_MEASURE+ADJUSTMENT+TRANSFORMATION',
      name: 'Measure',
      units: 'Unit of measure',
      periodicity: 'FREQ',
      dataset: 'STRUCTURE_NAME',
      scale: 'Unit multiplier',
      country: 'Reference area',
      sample_values: '(OBS_VALUE by TIME_PERIOD)',
    },
    unused: [
      'STRUCTURE',
      'STRUCTURE_ID',
      'ACTION',
      'Frequency of observation',
      'Adjustment',
      'Transformation',
      'Time period',
      'Observation value',
      'OBS_STATUS',
      'Observation status',
      'UNIT_MULT',
      'DECIMALS',
      'Decimals',
    ],
    first: 'DEU.Q.GDP.PC.Y._Z | Gross domestic product | 4 points, 2023-10-01 = 4.5',
  },
  'owid-co2.csv': {
    read: '6 csv utf-8 tall',
    mapping: {
      indicator_id: 'iso_code+(name of the column)',
      name: '(name of the column)',
      periodicity: '(periods)',
      country: 'country',
      sample_values: '(3 columns by year)',
    },
    unused: [],
    first: 'AFG.population | population | 3 points, 2020-01-01 = 2020000',
  },
  'owid-codebook.csv': {
    read: '11 csv utf-8 long',
    mapping: {
      indicator_id: 'column',
      name: 'description',
      units: 'unit',
      description: 'description',
      source_name: 'source',
    },
    unused: [],
    first: 'country | Country',
  },
  'owid-grapher.csv': {
    read: '3 csv utf-8 tall',
    mapping: {
      indicator_id: 'Entity',
      name: '(name of the column)',
      periodicity: '(periods)',
      country: 'Entity',
      sample_values: '(GDP per capita by Year)',
    },
    unused: [],
    first: 'Afghanistan | GDP per capita | 3 points, 2020-01-01 = 6060',
  },
  'sdmx-1.json': {
    read: '2 json utf-8 long',
    mapping: {
      indicator_id: 'series key',
      name: 'series name',
      units: 'UNIT',
      periodicity: 'FREQUENCY',
      dataset: 'dataset name',
      scale: 'SCALE',
      country: 'COUNTRY',
      sample_values: 'observations',
    },
    unused: ['Country', 'INDEX_TYPE', 'Index type', 'Frequency'],
    first: 'DEU.CPI.M | Consumer price index (CPI) | 2 points, 2024-02-01 = 102.2',
  },
  'sdmx-2.json': {
    read: '2 json utf-8 long',
    mapping: {
      indicator_id: 'series key',
      name: 'series name',
      units: 'UNIT',
      periodicity: 'FREQUENCY',
      dataset: 'dataset name',
      scale: 'SCALE',
      country: 'COUNTRY',
      sample_values: 'observations',
    },
    unused: ['Country', 'INDEX_TYPE', 'Index type', 'Frequency'],
    first: 'DEU.CPI.M | Consumer price index (CPI) | 2 points, 2024-02-01 = 102.2',
  },
  'spanish.csv': {
    read: '2 csv utf-16le wide',
    mapping: {
      indicator_id: 'Código',
      name: 'Nombre del indicador',
      units: 'Unidad de medida',
      periodicity: 'Frecuencia',
      sample_values: '(2 columns, 2019 to 2020)',
    },
    unused: [],
    first: 'PIB | Producto interior bruto | 1 points, 2019-01-01 = 1234.5',
  },
  'statcan.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'VECTOR',
      name: 'Products and product groups',
      units: 'UOM',
      periodicity: '(periods)',
      scale: 'SCALAR_FACTOR',
      country: 'GEO',
      sample_values: '(VALUE by REF_DATE)',
    },
    unused: ['DGUID', 'UOM_ID', 'SCALAR_ID', 'COORDINATE', 'STATUS', 'SYMBOL', 'TERMINATED', 'DECIMALS'],
    first: 'v41690973 | All-items | 3 points, 2024-03-01 = 153.2',
  },
  'tps00001.tsv': {
    read: '2 csv utf-8 wide',
    mapping: {
      indicator_id: 'geo+indic_de',
      name: 'indic_de',
      periodicity: '(periods)',
      country: 'geo',
      sample_values: '(2 columns, 2019 to 2020)',
    },
    unused: [],
    first: 'DE.JAN | JAN | 2 points, 2020-01-01 = 83166711',
  },
  'un-sdg.csv': {
    read: '6 csv utf-8 tall',
    mapping: {
      indicator_id: 'SeriesCode+Goal+Target+Indicator+GeoAreaCode+[Sex]+[Units]+[Reporting Type]',
      name: 'SeriesDescription',
      units: '[Units]',
      periodicity: '(periods)',
      country: 'GeoAreaName',
      source_name: 'Source',
      source_url: 'GeoInfoUrl',
      sample_values: '(Value by TimePeriod)',
    },
    unused: ['Time_Detail', 'TimeCoverage', 'UpperBound', 'LowerBound', 'BasePeriod', 'FootNote', '[Nature]'],
    first:
      'SI_POV_DAY1.1.1.1.1.1.1.276.BOTHSEX.PERCENT.G | Proportion of population below international poverty line (%) | 3 points, 2020-01-01 = 2.02',
  },
  'wb-data.json': {
    read: '2 json utf-8 tall',
    mapping: {
      indicator_id: 'indicator.id+country.id+countryiso3code',
      name: 'indicator.value',
      units: 'unit',
      periodicity: '(periods)',
      country: 'country.value',
      sample_values: '(value by date)',
    },
    unused: ['obs_status', 'decimal'],
    first: 'NY.GDP.MKTP.CD.DE.DEU | GDP (current US$) | 3 points, 2021-01-01 = 3031.5',
  },
  'wb-indicators.json': {
    read: '6 json utf-8 long',
    mapping: {
      indicator_id: 'id',
      name: 'name',
      units: 'unit',
      description: 'sourceNote',
      dataset: 'source.value',
      topic: 'topics',
      source_name: 'sourceOrganization',
    },
    unused: ['source.id'],
    first: 'AG.CON.FERT.PT.ZS | Fertilizer consumption (% of fertilizer production)',
  },
  'wdi-bulk.csv': {
    read: '6 csv utf-8 wide',
    mapping: {
      indicator_id: 'Indicator Code+Country Code',
      name: 'Indicator Name',
      periodicity: '(periods)',
      country: 'Country Name',
      sample_values: '(34 columns, 1990 to 2023)',
    },
    unused: [],
    first: 'NY.GDP.MKTP.CD.ABW | GDP (current US$) | 29 points, 2023-01-01 = 3034.5',
  },
  'wdi-databank.csv': {
    read: '2 csv utf-8 wide',
    mapping: {
      indicator_id: 'Series Code+Country Code',
      name: 'Series Name',
      periodicity: '(periods)',
      country: 'Country Name',
      sample_values: '(3 columns, 2019 [YR2019] to 2021 [YR2021])',
    },
    unused: [],
    first: 'NY.GDP.MKTP.CD.DEU | GDP (current US$) | 2 points, 2020-01-01 = 2',
  },
  'wdi-series.csv': {
    read: '8 csv utf-8 long',
    mapping: {
      indicator_id: 'Series Code',
      name: 'Indicator Name',
      units: 'Unit of measure',
      periodicity: 'Periodicity',
      description: 'Long definition',
      topic: 'Topic',
      aggregation_method: 'Aggregation method',
      source_name: 'Source',
    },
    unused: [
      'Short definition',
      'Base Period',
      'Other notes',
      'Limitations and exceptions',
      'Notes from original source',
      'General comments',
      'Statistical concept and methodology',
      'Development relevance',
      'Related source links',
      'Other web links',
      'Related indicators',
      'License Type',
    ],
    first: 'AG.AGR.TRAC.NO | Agricultural machinery, tractors',
  },
  'weo-all.xls': {
    read: '4 csv utf-16le wide',
    mapping: {
      indicator_id: 'WEO Subject Code+WEO Country Code',
      name: 'Subject Descriptor',
      units: 'Units',
      periodicity: '(periods)',
      description: 'Subject Notes',
      scale: 'Scale',
      country: 'Country',
      sample_values: '(3 columns, 2021 to 2023)',
    },
    unused: ['ISO', 'Country/Series-specific Notes', 'Estimates Start After'],
    first: 'NGDP_R.512 | Gross domestic product, constant prices | 1 points, 2021-01-01 = 1234.5',
  },
  'weo-subjects.csv': {
    read: '8 csv utf-8 long',
    mapping: { indicator_id: 'id', name: 'title', units: 'units', description: 'description', scale: 'scale' },
    unused: [],
    first: 'BCA | Current account balance (U.S. dollars)',
  },
  'boj.csv': {
    read: '2 csv utf-8 wide-rows',
    mapping: {
      indicator_id: 'Series code',
      name: 'Name of time-series',
      units: 'Unit',
      periodicity: '(periods)',
      sample_values: '(2 columns, by period)',
    },
    unused: [],
    first: "FM01'STRDCLUCON | Call Rate, Uncollateralized Overnight | 3 points, 2024-03-01 = 0.01",
  },
  'ibge.csv': {
    read: '2 csv utf-8 wide',
    mapping: {
      indicator_id: 'Variável',
      name: 'Variável',
      units: 'Unidade',
      periodicity: '(periods)',
      sample_values: '(3 columns, janeiro 2024 to março 2024)',
    },
    unused: [],
    first:
      'IPCA - Número-índice (base: dezembro de 1993 = 100) | IPCA - Número-índice (base: dezembro de 1993 = 100) | 3 points, 2024-03-01 = 6840.42',
  },
  'istat.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'ITTER107+TIPO_DATO+SEXISTAT1',
      name: 'Territorio+Tipo dato+Sesso',
      periodicity: '(periods)',
      sample_values: '(Value by TIME)',
    },
    unused: ['Seleziona periodo', 'Flag Codes', 'Flags'],
    first: 'IT.UNEM_R.9 | Italia, tasso di disoccupazione, totale | 2 points, 2022-04-01 = 8',
  },
  'ons-series.csv': {
    read: '1 csv utf-8 wide-rows',
    mapping: {
      indicator_id: 'CDID',
      name: 'Title',
      units: 'Unit',
      periodicity: '(periods)',
      sample_values: '(1 columns, by period)',
    },
    unused: ['Source dataset ID', 'PreUnit', 'Release date', 'Next release', 'Important notes'],
    first: 'D7BT | CPI INDEX 00: ALL ITEMS 2015=100 | 3 points, 2024-03-01 = 133',
  },
  'rba.csv': {
    read: '2 csv utf-8 wide-rows',
    mapping: {
      indicator_id: 'Series ID',
      name: 'Title',
      units: 'Units',
      periodicity: 'Frequency',
      description: 'Description',
      source_name: 'Source',
      sample_values: '(2 columns, by period)',
    },
    unused: ['Type', 'Publication date'],
    first: 'FIRMMCRTD | Cash Rate Target | 3 points, 2011-01-06 = 4.75',
  },
  'snb.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'D0',
      name: 'D0',
      periodicity: '(periods)',
      sample_values: '(Value by Date)',
    },
    unused: [],
    first: '10J0 | 10J0 | 2 points, 2024-02-01 = 0.83',
  },
  'banque-france.csv': {
    read: '2 csv windows-1252 wide-rows',
    mapping: {
      indicator_id: 'Code série',
      name: 'Titre',
      units: 'Unité',
      scale: 'Magnitude',
      source_name: 'Source',
      periodicity: '(periods)',
      sample_values: '(2 columns, by period)',
    },
    unused: ["Méthode d'observation"],
    first: 'EXR.M.USD.EUR.SP00.A | Taux de change moyen USD | 3 points, 2024-03-31 = 1.0872',
  },
  'banxico.csv': {
    read: '2 csv windows-1252 wide-rows',
    mapping: {
      indicator_id: 'series code',
      name: 'Título',
      units: 'Unidad',
      periodicity: 'Periodicidad',
      sample_values: '(2 columns, by Fecha)',
    },
    unused: ['Periodo disponible', 'Cifra', 'Base'],
    first: 'SF43718 | Tipo de cambio FIX | 3 points, 2024-05-29 = 16.9148',
  },
  'bis-coded.csv': {
    read: '2 csv utf-8 wide',
    mapping: {
      indicator_id: 'Reference area+Frequency+Time Period',
      name: 'Borrowing sector+Valuation+Type of adjustment',
      units: 'Unit type',
      periodicity: 'Frequency',
      country: 'Reference area',
      sample_values: '(4 columns, 2022-Q1 to 2022-Q4)',
    },
    unused: [],
    first:
      'AR.Q.Q:AR:C:M:770:A | Non financial sector, Market value, Adjusted for breaks | 3 points, 2022-07-01 = 108.8',
  },
  'bls.tsv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'series_id',
      name: 'series_id',
      periodicity: '(periods)',
      sample_values: '(value by year+period)',
    },
    unused: ['footnote_codes'],
    first: 'CES0000000001 | CES0000000001 | 3 points, 2024-03-01 = 158133',
  },
  'bundesbank.csv': {
    read: '2 csv utf-8 wide-rows',
    mapping: {
      indicator_id: 'series code',
      name: 'series name',
      units: 'Einheit',
      periodicity: '(periods)',
      sample_values: '(2 columns, by period)',
    },
    unused: ['Dimension', 'Stand vom'],
    first: 'BBK01.TUD424 | Einlagen von Unternehmen | 2 points, 2023-12-01 = 1240.5',
  },
  'destatis.csv': {
    read: '3 csv windows-1252 wide-rows',
    mapping: {
      indicator_id: '(name of the column)',
      name: 'series name',
      units: 'unit',
      periodicity: '(periods)',
      sample_values: '(3 columns, by Jahr)',
    },
    unused: [],
    first: 'Verbraucherpreisindex | Verbraucherpreisindex | 3 points, 2023-01-01 = 116.7',
  },
  'fao-wide.csv': {
    read: '3 csv utf-8 wide',
    mapping: {
      indicator_id: 'Item Code+Area+Area Code+Area Code (M49)+Item Code (CPC)+Element Code',
      name: 'Item+Element',
      units: 'Unit',
      periodicity: '(periods)',
      country: 'Area',
      sample_values: '(3 columns, Y2019 to Y2021)',
    },
    unused: [],
    first: "221.Afghanistan.2.'004.'01371.5312 | Almonds, in shell, Area harvested | 3 points, 2021-01-01 = 36862",
  },
  'geo-time.tsv': {
    read: '3 csv utf-8 wide',
    mapping: {
      indicator_id: 'geo+unit+na_item',
      name: 'na_item',
      units: 'unit',
      periodicity: '(periods)',
      country: 'geo',
      sample_values: '(3 columns, 2019 to 2021)',
    },
    unused: [],
    first: 'BE.CLV10_MEUR.B1GQ | B1GQ | 2 points, 2020-01-01 = 420100.1',
  },
  'insee.csv': {
    read: '2 csv utf-8 wide',
    mapping: {
      indicator_id: 'idBank',
      name: 'Libellé',
      periodicity: '(periods)',
      sample_values: '(3 columns, 2023-11 to 2024-01)',
    },
    unused: ['Dernière mise à jour', 'Période'],
    first:
      '001759970 | Indice des prix à la consommation - Base 2015 - Ensemble des ménages - France - Ensemble | 3 points, 2024-01-01 = 117.79',
  },
  'json-stat-sparse.json': {
    read: '2 json utf-8 long',
    mapping: {
      indicator_id: 'series key',
      name: 'series name',
      units: 'unit',
      dataset: 'dataset name',
      country: 'country',
      source_name: 'source',
      sample_values: 'observations',
    },
    unused: ['concept', 'indicator', 'area'],
    first: 'UNR.AU | unemployment rate | 2 points, 2004-01-01 = 5.4',
  },
  'json-stat.json': {
    read: '4 json utf-8 long',
    mapping: {
      indicator_id: 'series key',
      name: 'series name',
      units: 'unit',
      dataset: 'dataset name',
      country: 'country',
      source_name: 'source',
      sample_values: 'observations',
    },
    unused: ['concept', 'indicator', 'area'],
    first: 'UNR.AU | unemployment rate | 3 points, 2005-01-01 = 5',
  },
  'oecd-stat.csv': {
    read: '4 csv utf-8 tall',
    mapping: {
      indicator_id: 'LOCATION+SUBJECT+MEASURE+FREQUENCY+Unit Code+PowerCode Code',
      name: 'Subject+Measure',
      units: 'Unit',
      periodicity: 'FREQUENCY',
      scale: 'PowerCode',
      country: 'Country',
      sample_values: '(Value by TIME)',
    },
    unused: ['Frequency', 'Time', 'Reference Period Code', 'Reference Period', 'Flag Codes', 'Flags'],
    first: 'AUS.B6BLTT01.CXCUSA.Q.USD.6 | Current account balance, US dollars, sa | 3 points, 2020-07-01 = 24.5',
  },
  'ons.xlsx': {
    read: '4 xlsx binary wide-rows',
    mapping: {
      indicator_id: '(name of the column)',
      name: '(name of the column)',
      periodicity: '(periods)',
      sample_values: '(4 columns, by Period+Quarter)',
    },
    unused: [],
    first: 'People: Employed | People: Employed | 3 points, 2024-01-01 = 33050',
  },
  'sdmx-labels.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'FREQ: Frequency+REF_AREA: Reference area+INDICATOR: Indicator+UNIT_MEASURE: Unit of measure',
      name: 'INDICATOR: Indicator',
      units: 'UNIT_MEASURE: Unit of measure',
      periodicity: 'FREQ: Frequency',
      dataset: 'DATAFLOW',
      scale: 'UNIT_MULT: Unit multiplier',
      country: 'REF_AREA: Reference area',
      sample_values: '(OBS_VALUE: Observation value by TIME_PERIOD: Time period)',
    },
    unused: ['OBS_STATUS: Observation status'],
    first: 'A.DE.B1GQ.CP_MEUR | Gross domestic product at market prices | 2 points, 2023-01-01 = 4121160',
  },
  'spanish-months.csv': {
    read: '2 csv utf-8 tall',
    mapping: {
      indicator_id: 'Indicador+Unidad',
      name: 'Indicador',
      units: 'Unidad',
      periodicity: '(periods)',
      sample_values: '(Valor by Año+Mes)',
    },
    unused: [],
    first: 'Exportaciones | Millones de USD | Exportaciones | 3 points, 2023-03-01 = 1434.5',
  },
  'year-quarter.csv': {
    read: '4 csv utf-8 tall',
    mapping: {
      indicator_id: 'Country+(name of the column)',
      name: '(name of the column)',
      periodicity: '(periods)',
      country: 'Country',
      sample_values: '(2 columns by Year+Quarter)',
    },
    unused: [],
    first: 'Albania | GDP growth | GDP growth | 5 points, 2024-01-01 = 3.6',
  },
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name} is read without options`, async () => {
    const catalogue = await openCatalogue(join(FOLDER, name))
    try {
      const { format, encoding, layout, mapping, unused } = catalogue.reading
      const records = []
      for await (const { indicator } of catalogue.indicators()) records.push(indicator)
      const [first] = records
      const last = first?.sample_values.at(-1)
      const points = last === undefined ? '' : ` | ${first?.sample_values.length} points, ${last.date} = ${last.value}`
      assert.deepEqual(
        {
          read: `${catalogue.count} ${format} ${encoding} ${layout}`,
          mapping,
          unused: unused.map(({ column }) => column),
          first: `${first?.indicator_id} | ${first?.name}${points}`,
        },
        expected,
      )
      assert.equal(new Set(records.map((record) => record.indicator_id)).size, catalogue.count)
    } finally {
      await catalogue.close()
    }
  })
}

test('every public file has an expectation', async () => {
  assert.deepEqual((await readdir(FOLDER)).sort(), Object.keys(EXPECTED).sort())
})

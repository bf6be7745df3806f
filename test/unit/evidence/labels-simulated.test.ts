/** Labels and audits together on some simulated catalogues; test/large does the same on many more. */
import { labelsOnCatalogues } from './labels-simulated.cases.ts'

labelsOnCatalogues(400)

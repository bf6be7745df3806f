/** The gates on thousands of simulated catalogues: what the tests of every day show on hundreds. */
import { gateOnCatalogues, gateOnGoodRules } from '../../unit/evidence/gate-simulated.cases.ts'
import { labelsOnCatalogues } from '../../unit/evidence/labels-simulated.cases.ts'

gateOnCatalogues(2_000)
gateOnGoodRules(20)
labelsOnCatalogues(2_000)

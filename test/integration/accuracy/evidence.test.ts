/** What audits and labels of people show about rules, in a whole stack that both parts of this test use one after the other. */
import './evidence/audits.ts'
import './evidence/labels.ts'

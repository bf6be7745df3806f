/** A whole stack as it is by default, which the parts of this test use one after the other. */
import './plain-stack/pipeline.ts'
import './plain-stack/dashboard.ts'
import './plain-stack/run-counts.ts'
import './plain-stack/http-fuzz.ts'
import './plain-stack/reads.ts'

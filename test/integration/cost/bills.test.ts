/** What the endpoint is paid and how it is limited, in a whole stack that both parts of this test use one after the other. */
import './bills/money.ts'
import './bills/service-tiers.ts'

/** The queue of a whole stack, which the parts of this test use one after the other; the last one takes its deployment away. */
import './queue/kill.ts'
import './queue/kill-posted.ts'
import './queue/held-work.ts'

/** Large and odd batches, in a whole stack whose replica has little memory, which both parts of this test use one after the other. */
import './small-heap/large-batches.ts'
import './small-heap/odd-bodies.ts'

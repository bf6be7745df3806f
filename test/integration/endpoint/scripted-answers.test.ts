/** Batches whose model answers by a script of each test, in a whole stack that both parts of this test use one after the other. */
import './scripted-answers/single-flight.ts'
import './scripted-answers/odd-answers.ts'

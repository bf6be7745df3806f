/** Lets every batch in at once, for tests of what comes after. */
import type { Admission } from '../../src/restate/admission.ts'

export const OPEN_ADMISSION: Admission = {
  enter: () => null,
  admit: () => null,
  leave: () => undefined,
  giveBack: () => undefined,
  finish: () => undefined,
}

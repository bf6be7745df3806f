/** Faults of processes and containers: killed, hung, frozen, cut off from the network. */
import { crash, cutOff, freeze, goOn, hang, thaw } from '../../compose/container-faults.ts'
import type { Group } from '../schedule.ts'
import {
  containerOf,
  DATABASE_PARTS,
  EDGE_PARTS,
  type Fault,
  NODE_PARTS,
  nothingToHeal,
  REPLICA_PARTS,
} from './types.ts'

/** The parts of each group, with the word for them in the names of faults. */
const PARTS: readonly (readonly [word: string, group: Group, targets: readonly string[]])[] = [
  ['node', 'nodes', NODE_PARTS],
  ['replica', 'replicas', REPLICA_PARTS],
  ['edge', 'edge', EDGE_PARTS],
  ['database', 'database', DATABASE_PARTS],
]

/** One fault for each group of parts. */
function ofEachGroup(
  verb: string,
  makeSentence: (parts: string) => string,
  rest: Pick<Fault, 'holdS' | 'inject'>,
): Fault[] {
  return PARTS.map(([word, group, targets]) => ({
    name: `${verb}-${word}`,
    what: makeSentence(targets.length === 5 ? `a ${word}` : targets.join(' or ')),
    group,
    targets,
    ...rest,
  }))
}

export const PROCESS_FAULTS: readonly Fault[] = [
  ...ofEachGroup('kill', (parts) => `Kills ${parts} with SIGKILL; Docker starts it again.`, {
    holdS: [0, 0],
    inject: async (world, target) => {
      await crash(await containerOf(world, target))
      return nothingToHeal
    },
  }),
  ...ofEachGroup('hang', (parts) => `Stops the processes of ${parts} with SIGSTOP, then lets them go on.`, {
    holdS: [20, 60],
    inject: async (world, target) => {
      const container = await containerOf(world, target)
      await hang(container)
      return () => goOn(container)
    },
  }),
  ...ofEachGroup('freeze', (parts) => `Freezes the container of ${parts}, as a paused virtual machine is.`, {
    holdS: [20, 60],
    inject: async (world, target) => {
      const container = await containerOf(world, target)
      await freeze(container)
      return () => thaw(container)
    },
  }),
  ...ofEachGroup('cut', (parts) => `Takes ${parts} off the network, then joins it again.`, {
    holdS: [5, 40],
    inject: async (world, target) => await cutOff(await containerOf(world, target)),
  }),
]

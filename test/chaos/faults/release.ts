/** Faults of operation: replicas that are scaled or replaced while runs go on, and commands that die. */
import { PROMPT_VERSION } from '../../../src/classification/prompt.ts'
import type { Cluster } from '../../compose/cluster.ts'
import { docker } from '../../compose/docker.ts'
import { scale } from '../../compose/full/scaling.ts'
import { DRIVERS, PROMPT_MARK } from '../names.ts'
import { type Fault, nothingToHeal } from './types.ts'

/** Replaces every replica by one of the same release or, with an image, of another. */
async function rollOut(cluster: Cluster, image?: string): Promise<void> {
  const env = image === undefined ? {} : { CLASSIFY_IMAGE: image }
  await cluster.composeWith(env, 'up', '-d', '--no-deps', '--force-recreate', 'classify-service')
  await cluster.register()
}

/** An image whose prompt differs in a mark that the model sees, and in its version. */
async function buildOtherRelease(cluster: Cluster): Promise<string> {
  const image = `${cluster.project}:other`
  const sed = `sed -i "s/PROMPT_VERSION = '${PROMPT_VERSION}'/PROMPT_VERSION = '${PROMPT_MARK}'/; s/You classify /${PROMPT_MARK}: you classify /"`
  const lines = [
    `FROM ${cluster.env.CLASSIFY_IMAGE}`,
    'USER 0:0',
    `RUN ${sed} src/classification/prompt.ts && grep -q ${PROMPT_MARK} src/classification/prompt.ts`,
    'USER 1000:1000',
  ]
  await docker(['build', '-q', '-t', image, '-'], { input: `${lines.join('\n')}\n` })
  return image
}

export const RELEASE_FAULTS: readonly Fault[] = [
  ...[3, 8].map(
    (count): Fault => ({
      name: `scale-to-${count}`,
      what: `Scales the replicas to ${count}, then back to five.`,
      group: 'replicas',
      targets: ['classify-service'],
      holdS: [10, 30],
      inject: async ({ cluster }) => {
        await scale(cluster, count)
        return () => scale(cluster, 5)
      },
    }),
  ),
  {
    name: 'rollout',
    what: 'Replaces every replica by a new one of the same release.',
    group: 'replicas',
    targets: ['classify-service'],
    holdS: [0, 0],
    inject: async ({ cluster }) => {
      await rollOut(cluster)
      return nothingToHeal
    },
  },
  {
    name: 'rollout-prompt',
    what: 'Replaces every replica by one of a release with another prompt, then by the first again.',
    group: 'replicas',
    targets: ['classify-service'],
    holdS: [20, 40],
    inject: async ({ cluster }) => {
      await rollOut(cluster, await buildOtherRelease(cluster))
      return () => rollOut(cluster)
    },
  },
  {
    name: 'kill-driver',
    what: 'Kills the command that drives a catalogue; the check resumes its run.',
    group: 'drivers',
    targets: DRIVERS,
    holdS: [0, 0],
    inject: async (world, target) => {
      await world.killDriver(target)
      return nothingToHeal
    },
  },
]

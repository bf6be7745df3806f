/** The commands of the cluster, for the command line's entry. */
export { addClusterCleanCommand } from './clean.ts'
export { addFiveNodeCommand } from './five-node.ts'
export { addClusterLogsCommand } from './logs.ts'
export { addClusterPsCommand } from './ps.ts'
export { addClusterStartCommand } from './start.ts'
export { addClusterStopCommand } from './stop.ts'

/** Exports the commands of the cluster together, for the program that gathers the commands of every group. */
export { addAllInOneCommand } from './all-in-one.ts'
export { addClusterCleanCommand } from './clean.ts'
export { addFiveNodeCommand } from './five-node.ts'
export { addClusterLogsCommand } from './logs.ts'
export { addClusterPsCommand } from './ps.ts'
export { addClusterStartCommand } from './start.ts'
export { addClusterStopCommand } from './stop.ts'

/** When a version is due. */
export type { Deployment } from './deployments.js'
export { type DueOptions, due } from './due.js'
export { type FollowOptions, follow } from './follow.js'

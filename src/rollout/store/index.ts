/** Where a rollout keeps which version has proved itself. */
export { fileStore } from './fileStore.js'
export { memoryStore } from './memoryStore.js'
export type { RolloutRecord, RolloutStore, SavedState } from './rolloutStore.js'
export { syncPath } from './syncPath.js'

/** Takes XState's inspection events, keeps the last of them, and knows all actors. */
export type { TrackedActor } from './actorTable.js'
export { Recorder, type RecorderOptions } from './recorder.js'

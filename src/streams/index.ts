/** Streams in requests and answers, wherever their two ends are. */
export { Flow, type FlowEnd, flowOf } from './flow.js'
export type { Source } from './source.js'
export { streamed } from './streamed.js'
export { wholeOrRest } from './wholeOrRest.js'

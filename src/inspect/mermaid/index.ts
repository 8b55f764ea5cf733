/** Draws statecharts as text. */
export { toMermaid } from './toMermaid.js'
export type { TransitionRow } from './transitions.js'

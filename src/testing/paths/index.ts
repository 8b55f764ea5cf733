export { type GeneratedPath, type PathState, type PathStep, type PathsOptions, pathsOf } from './pathsOf.js'
export type { GivenEvents, PathEvent, SyntheticEvent } from './possibleEvents.js'
export { shortestPath } from './shortestPath.js'
export { type GraphStep, type StateGraph, type StateGraphOptions, stateGraph } from './stateGraph.js'

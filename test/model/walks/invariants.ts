/** All invariants, which use only what can be observed from outside. */
export { callArrived, callSettled, callWentOut } from './callInvariants.js'
export { configUpdatedReceived, eventReceived, swapTold } from './eventInvariants.js'
export type { Invariant } from './invariant.js'
export { counted, pairHeard } from './metricsInvariants.js'
export { afterAWhile, atRest, atTheEnd } from './restInvariants.js'
export {
  activeChanged,
  commandRefused,
  hostAsked,
  hostsReached,
  promiseSettled,
  swapped,
  versionLeaves,
  versionLeft,
} from './versionInvariants.js'

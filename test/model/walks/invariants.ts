/** What must hold whatever happens, seen from outside; what a walk has broken is named by its sentence. */
export { callArrived, callSettled, callWentOut } from './callInvariants.js'
export { configUpdatedHeard, eventHeard } from './eventInvariants.js'
export type { Invariant } from './invariant.js'
export { afterAWhile, atRest, atTheEnd } from './restInvariants.js'
export {
  activeChanged,
  commandRefused,
  hostAsked,
  hostsReached,
  promiseSettled,
  versionLeaves,
  versionLeft,
} from './versionInvariants.js'

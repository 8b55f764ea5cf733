/** `cutover/testing`: what your tests need to decide what runtimes and clocks do. */
export { SimulatedClock } from 'xstate'
export { ControllableRuntime, type ControllableRuntimeOptions, type ReceivedCall } from './controllableRuntime.js'

/**
 * `cutover/composite`: a runtime of several components, each with versions of its own.
 *
 * Experimental: names and options may still change in any release.
 */
export { Composite, type CompositeMetrics, type CompositeOptions, type CompositeStatus } from './composite.js'

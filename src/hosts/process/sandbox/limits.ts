import { object, positive } from '../../../contract/index.js'

/** Limits on the resources of a guest in a sandbox. */
export interface SandboxLimits {
  /** Memory of each of its processes, in bytes: heap, stacks, private mappings. @default not limited */
  readonly memory?: number | undefined
  /** Its processes and threads, those of the sandbox itself included. @default not limited */
  readonly processes?: number | undefined
  /** Open files of each of its processes. @default not limited */
  readonly openFiles?: number | undefined
}

/**
 * The options of `prlimit`, by our names. Not the size of the address space: V8 reserves far more than it uses, and does
 * not start with less than some 800 MB of it. The data segment is what is reserved and may be written.
 */
const OPTIONS = { memory: '--data', processes: '--nproc', openFiles: '--nofile' } as const

/**
 * The arguments of `prlimit`; none without limits.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function limitArgs(given: SandboxLimits): string[] {
  const limits = object('limits', given)
  return (Object.keys(OPTIONS) as (keyof SandboxLimits)[]).flatMap(name => {
    const limit = limits[name]
    return limit === undefined ? [] : [`${OPTIONS[name]}=${positive(`limits.${name}`, limit, limit)}`]
  })
}

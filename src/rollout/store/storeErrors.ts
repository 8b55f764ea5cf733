import { CutoverError } from '../../contract/index.js'

/** @param remedy - what to do, as a sentence */
export function storeFailed(path: string, problem: string, remedy: string, cause?: unknown): CutoverError {
  return new CutoverError('CUTOVER_STORE_FAILED', `The rollout store ${path} ${problem}. ${remedy}`, { cause })
}

/** @param holder - the process that has it, if known */
export function storeLocked(path: string, holder: string | undefined): CutoverError {
  const by = holder === undefined ? 'another process' : `process ${holder}`
  const remedy = 'End that process, or give each its own file.'
  return new CutoverError('CUTOVER_STORE_LOCKED', `The rollout store ${path} is in use by ${by}. ${remedy}`)
}

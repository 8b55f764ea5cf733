import type { Ending } from '../../machines/index.js'
import { asError, CutoverError, type ErrorCode, withoutFullStop } from '../contract/index.js'
import type { RolloutReport } from './report.js'

/** The error of a version that does not stay. */
export class RolloutError extends CutoverError {
  /** The course of the rollout, step by step. */
  readonly report: RolloutReport

  constructor(code: ErrorCode, message: string, report: RolloutReport, cause: unknown) {
    super(code, message, { version: report.version, cause })
    this.report = report
  }
}

const OUTCOMES = {
  rejected: ['CUTOVER_REJECTED', 'was rejected'],
  rolledBack: ['CUTOVER_ROLLED_BACK', 'was rolled back'],
  superseded: ['CUTOVER_SUPERSEDED', 'was superseded'],
  cancelled: ['CUTOVER_CANCELLED', 'was cancelled'],
} as const satisfies Record<Ending['outcome'], readonly [ErrorCode, string]>

export function rolloutError({ outcome, why }: Ending, report: RolloutReport, cause: unknown): RolloutError {
  const [code, text] = OUTCOMES[outcome]
  return new RolloutError(code, `The rollout of version ${report.version} ${text}: ${why}`, report, cause)
}

export function notNow(what: string, where: string): CutoverError {
  return new CutoverError('CUTOVER_ROLLOUT_STATE', `${what} is not possible: ${where}.`)
}

export function calledByVerify(what: string): CutoverError {
  const message = `verify called ${what}, which would end the rollout that it belongs to. Throw an error to reject the candidate.`
  return new CutoverError('CUTOVER_ROLLOUT_STATE', message)
}

export function rolloutDisposed(): CutoverError {
  return new CutoverError('CUTOVER_DISPOSED', 'The rollout was disposed of; make a new one.')
}

export function secondRollout(id: string): CutoverError {
  const message = `The aggregate ${JSON.stringify(id)} has a rollout already. Use that one, or dispose of it first.`
  return new CutoverError('CUTOVER_INVALID_OPTION', message)
}

export function usedRuntime(version: string): CutoverError {
  const message = `provision returned the same runtime twice, now for version ${version}. Make a new one each time: a runtime is started and stopped once.`
  return new CutoverError('CUTOVER_INVALID_RUNTIME', message, { version })
}

export function alreadyThere(version: string): CutoverError {
  const message = `Version ${version} is in the aggregate already, and the rollout did not add it. Take it out first.`
  return new CutoverError('CUTOVER_DUPLICATE_VERSION', message, { version })
}

export function noPrevious(): CutoverError {
  const message = 'There is no version before the permanent one to go back to. Order one with to().'
  return new CutoverError('CUTOVER_NO_SUCH_VERSION', message)
}

export function notStarted(version: string, timeout: number, cause: Error | undefined): CutoverError {
  const message = `The permanent version ${version} did not run within ${timeout} ms (startTimeout). Its host may try on; order another version with to().`
  return new CutoverError('CUTOVER_START_FAILED', message, { version, cause })
}

export function verifiedTooLong(timeout: number): Error {
  return new Error(`It did not finish within ${timeout} ms (verifyTimeout).`)
}

/** The message of an error as the end of a sentence. */
export function because(cause: unknown): string {
  return `: ${withoutFullStop(asError(cause).message)}.`
}

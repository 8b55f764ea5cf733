import type { Handover } from '../../../machines/index.js'
import type { Provisioner } from '../../hosts/provisioner.js'
import { type Inspect, type Inspection, inspection } from '../../inspection.js'
import { isLogger, type Logger } from '../../logger.js'
import type { Runtime } from '../../runtime.js'
import { duration, invalidOption, object, optionalFunction, positive, text } from '../../validate.js'
import { canonical, type VersionLike } from '../../version.js'

/** What makes the runtimes of a scenario: a host, or a function that is given the canonical version. */
export type ScenarioProvision<Req = unknown, Res = unknown> =
  | Provisioner
  | ((version: string) => Runtime<Req, Res> | Promise<Runtime<Req, Res>>)

/** What {@link aggregateScenarios} needs to know of the runtime under test. */
export interface AggregateScenariosOptions<Req = unknown, Res = unknown> {
  /** The id of the runtime; every runtime that is provisioned must have it. */
  readonly id: string
  /**
   * Makes a runtime of a version, not started, each time another one: a host such as `childProcess({ module })`, which is
   * asked for the `id` and the version, or a function.
   */
  readonly provision: ScenarioProvision<Req, Res>
  /** A call that every version can answer, without harm, any number of times. */
  readonly request: Req
  /**
   * Looks at each answer: returns false, throws or rejects if `version` would not answer so. By it a scenario knows that
   * the right version answered. @default every answer is right
   */
  readonly check?: ((answer: Res, version: string) => unknown) | undefined
  /** Makes a runtime that fails to start, whatever its version. @default the cases of that are skipped */
  readonly provisionBroken?: ScenarioProvision<Req, Res> | undefined
  /**
   * Makes a runtime that runs die, so that it says `stopped` and comes back by itself. For a host of this library
   * `runtime => runtime.abort({ force: true })` does. What it returns, or rejects with, makes no difference.
   * @default the cases of that are skipped
   */
  readonly crash?: ((runtime: Runtime<Req, Res>, version: string) => unknown) | undefined
  /**
   * A runtime keeps the calls that come before it is up, as the hosts of this library do.
   *
   * @deprecated It makes no difference any more: an aggregate calls no runtime that is not up. @default true
   */
  readonly keepsCalls?: boolean | undefined
  /** Two or three versions to play with; some cases need three. @default ['1.0.0', '2.0.0', '3.0.0'] */
  readonly versions?: readonly VersionLike[] | undefined
  /** Only this handover. @default both, where they differ */
  readonly handover?: Handover | undefined
  /** How long a case may take, in ms; cleaning up behind one that failed may take as long again. @default 10_000 */
  readonly timeout?: number | undefined
  /** Where the aggregates write. @default nowhere */
  readonly logger?: Logger | undefined
  /** Sees every event and snapshot of the aggregates' statecharts. @default none */
  readonly inspect?: Inspect | undefined
}

/** {@link AggregateScenariosOptions}, checked, with every default filled in. */
export interface CompiledScenarios {
  readonly id: string
  readonly provision: (version: string) => unknown
  readonly request: unknown
  readonly check: (answer: unknown, version: string) => unknown
  readonly provisionBroken: ((version: string) => unknown) | undefined
  readonly crash: ((runtime: Runtime, version: string) => unknown) | undefined
  readonly versions: readonly string[]
  readonly handovers: readonly Handover[]
  readonly timeout: number
  readonly logger: Logger | undefined
  readonly inspect: Inspection | undefined
}

const HANDOVERS: readonly Handover[] = ['sequential', 'overlap']

/** @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_INVALID_VERSION` */
export function compileScenarios<Req, Res>(given: AggregateScenariosOptions<Req, Res>): CompiledScenarios {
  const options = object('options', given)
  const { provisionBroken, handover, keepsCalls = true, logger } = options
  const id = text('id', options.id)
  if (!('request' in options)) throw invalidOption('request', 'given, as a call that every version answers', undefined)
  if (typeof keepsCalls !== 'boolean') throw invalidOption('keepsCalls', 'true or false', keepsCalls)
  if (handover !== undefined && !HANDOVERS.includes(handover)) {
    throw invalidOption('handover', "'sequential' or 'overlap'", handover)
  }
  if (logger !== undefined && !isLogger(logger)) {
    throw invalidOption('logger', 'an object with debug, info, warn and error', logger)
  }
  return {
    id,
    provision: provisionOf('provision', options.provision, id),
    request: options.request,
    check: (optionalFunction('check', options.check) ?? (() => true)) as CompiledScenarios['check'],
    provisionBroken: provisionBroken === undefined ? undefined : provisionOf('provisionBroken', provisionBroken, id),
    crash: optionalFunction('crash', options.crash) as CompiledScenarios['crash'],
    versions: versionsOf(options.versions ?? ['1.0.0', '2.0.0', '3.0.0']),
    handovers: handover === undefined ? HANDOVERS : [handover],
    timeout: duration('timeout', positive('timeout', options.timeout, 10_000), 10_000),
    logger,
    inspect: inspection(options.inspect),
  }
}

function provisionOf<Req, Res>(
  name: string,
  given: ScenarioProvision<Req, Res>,
  id: string,
): (version: string) => unknown {
  if (typeof given === 'function') return given
  if (typeof (given as Partial<Provisioner> | null)?.provision !== 'function') {
    throw invalidOption(name, 'a host such as childProcess({ module }), or a function that makes a runtime', given)
  }
  return version => given.provision({ id, version })
}

function versionsOf(given: readonly VersionLike[]): string[] {
  const expected = 'two or three different versions'
  if (!Array.isArray(given)) throw invalidOption('versions', expected, given)
  const versions = given.map((version, i) => canonical(version, `versions[${i}]`))
  if (versions.length < 2 || versions.length > 3 || new Set(versions).size < versions.length) {
    throw invalidOption('versions', expected, versions.join(', '))
  }
  return versions
}

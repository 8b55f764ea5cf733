import type { Handover } from '../../../machines/index.js'
import {
  canonical,
  duration,
  type Inspect,
  type Inspection,
  inspection,
  invalidOption,
  type Logger,
  object,
  optionalFunction,
  positive,
  type Runtime,
  text,
  type VersionLike,
  validLogger,
} from '../../contract/index.js'
import type { Provisioner } from '../../hosts/index.js'

/** How runtimes are made: a host, or a function that gets the canonical version. */
export type ScenarioProvision<Req = unknown, Res = unknown> =
  | Provisioner
  | ((version: string) => Runtime<Req, Res> | Promise<Runtime<Req, Res>>)

/** The options of {@link aggregateScenarios}. */
export interface AggregateScenariosOptions<Req = unknown, Res = unknown> {
  /** The id of the runtime. Every runtime that `provision` makes must have it. */
  readonly id: string
  /**
   * Makes a new runtime of a version without starting it: a host such as `childProcess({ module })`, which gets the `id`
   * and the version, or a function.
   */
  readonly provision: ScenarioProvision<Req, Res>
  /** A request that every version answers, any number of times, without side effects that matter. */
  readonly request: Req
  /**
   * Checks an answer: returns false, throws or rejects if `version` would not answer so. A scenario learns from it that
   * the right version has answered. @default every answer is right
   */
  readonly check?: ((answer: Res, version: string) => unknown) | undefined
  /** Makes a runtime, of any version, that fails to start. @default the cases that need it are skipped */
  readonly provisionBroken?: ScenarioProvision<Req, Res> | undefined
  /**
   * Crashes a running runtime, so that it emits `stopped` and restarts by itself. For the hosts of this library use
   * `runtime => runtime.abort({ force: true })`. The result of the function is ignored.
   * @default the cases that need it are skipped
   */
  readonly crash?: ((runtime: Runtime<Req, Res>, version: string) => unknown) | undefined
  /** Two or three versions. Some cases need three. @default ['1.0.0', '2.0.0', '3.0.0'] */
  readonly versions?: readonly VersionLike[] | undefined
  /** Restricts the scenarios to one handover. @default both, where they differ */
  readonly handover?: Handover | undefined
  /** The time limit of a case, in ms. The clean-up of a case that failed may take as long again. @default 10_000 */
  readonly timeout?: number | undefined
  /** The logger of the aggregates. @default none */
  readonly logger?: Logger | undefined
  /** Gets the inspection events of the aggregates' statecharts. @default none */
  readonly inspect?: Inspect | undefined
}

/** {@link AggregateScenariosOptions}, validated, with the defaults filled in. */
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
  const { provisionBroken, handover, logger } = options
  const id = text('id', options.id)
  if (!('request' in options)) throw invalidOption('request', 'given: a request that every version answers', undefined)
  if (handover !== undefined && !HANDOVERS.includes(handover)) {
    throw invalidOption('handover', "'sequential' or 'overlap'", handover)
  }
  validLogger(logger)
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

/** `cutover fleet`: what an operator of a fleet does from the command line. */
import { userInfo } from 'node:os'
import { filter, firstValueFrom, fromEvent, map, merge, takeUntil, timer } from 'rxjs'
import { isCutoverError } from '../../contract/index.js'
import type { FleetStatus, Wanted } from '../../fleet/index.js'
import type { Terminal } from '../print/terminal.js'
import { UserError } from '../userError.js'
import { readFleetArguments } from './arguments.js'
import { type Opened, open } from './connect.js'
import { DeployPrinter } from './deployPrinter.js'
import { fleetLines, historyLines } from './fleetText.js'
import { follow } from './follow.js'
import { fleetHelpText } from './help.js'
import type { FleetCommand, FleetSettings } from './table.js'

/** After so many heartbeats, `status` prints what it has heard. */
const HEARTBEATS = 1.5
const HEARTBEAT = 2_000

interface Given {
  readonly opened: Opened
  /** The argument of the command; empty if there is none. */
  readonly argument: string
  readonly settings: FleetSettings
  readonly terminal: Terminal
}

/** @returns the exit code */
type Act = (given: Given) => Promise<number>

/** @param args - what follows `cutover fleet`. @returns the exit code. @throws UserError (rejects); CutoverError (rejects) of the fleet */
export async function fleet(args: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  const { command, argument = '', settings } = readFleetArguments(args, env)
  if (command === 'help') {
    terminal.line(fleetHelpText().trimEnd())
    return 0
  }
  await using opened = await open(settings)
  try {
    return await ACTS[command]({ opened, argument, settings, terminal })
  } catch (error) {
    const isWrong = isCutoverError(error, 'CUTOVER_INVALID_VERSION') || isCutoverError(error, 'CUTOVER_INVALID_OPTION')
    throw isWrong ? new UserError(error.message, 2, error) : error
  }
}

const status: Act = async ({ opened: { fleet }, settings, terminal }) => {
  const { json = false, watch = false, heartbeat = HEARTBEAT } = settings
  const print = (now: FleetStatus) => {
    if (json) terminal.line(JSON.stringify(now, null, watch ? 0 : 2))
    else if (watch && terminal.isTerminal) terminal.block(fleetLines(now, terminal))
    else for (const line of fleetLines(now, terminal)) terminal.line(line)
  }
  if (!watch) {
    const isHeard = ({ nodes }: FleetStatus) => nodes.every(({ alive }) => alive !== null)
    const heard = fleet.watch().pipe(filter(isHeard))
    await firstValueFrom(merge(heard, timer(HEARTBEATS * heartbeat)))
    print(await fleet.status())
    return 0
  }
  const interrupted = fromEvent(process, 'SIGINT')
  await new Promise<void>((resolve, reject) => {
    const told = fleet.watch().pipe(map(print), takeUntil(interrupted))
    told.subscribe({ error: reject, complete: resolve })
  })
  if (terminal.isTerminal) terminal.line('')
  return 0
}

const deploy: Act = async ({ opened, argument, settings, terminal }) => {
  const { waves, 'max-failed': maxFailed, previous, force, 'no-wait': isLeft = false, timeout } = settings
  const record = await opened.fleet.deploy(argument, { waves, maxFailed, previous, force })
  const printer = new DeployPrinter(terminal)
  printer.begin(record)
  if (!isLeft) return follow(opened, record, printer, timeout)
  printer.note('the first wave is open: see cutover fleet status')
  return 0
}

/** Gives an order, and says what it led to. */
function ordering(give: (given: Given) => Promise<Wanted>, said: (record: Wanted) => string): Act {
  return async given => {
    given.terminal.line(said(await give(given)))
    return 0
  }
}

const history: Act = async ({ opened: { fleet }, settings, terminal }) => {
  const revisions = await fleet.history()
  if (settings.json === true) terminal.line(JSON.stringify(revisions, null, 2))
  else if (revisions.length === 0) terminal.line('Nothing was deployed yet.')
  else for (const line of historyLines(revisions)) terminal.line(line)
  return 0
}

const forget: Act = async ({ opened: { fleet }, argument, terminal }) => {
  const { nodes } = await fleet.status()
  if (!nodes.some(({ name }) => name === argument)) {
    throw new UserError(`No node ${JSON.stringify(argument)} is registered. See cutover fleet status.`, 1)
  }
  await fleet.forget(argument)
  terminal.line(`The fleet does not count ${argument} any more.`)
  return 0
}

function byWhom(): string {
  try {
    return ` (${userInfo().username})`
  } catch {
    // The user has no entry in the system, as in some containers.
    return ''
  }
}

const ACTS: Readonly<Record<FleetCommand, Act>> = {
  status,
  deploy,
  history,
  forget,
  pause: ordering(
    ({ opened }) => opened.fleet.pause(),
    ({ version }) => `Paused: no node begins with ${version}, and no wave opens. Nodes that have begun go on.`,
  ),
  resume: ordering(
    ({ opened }) => opened.fleet.resume(),
    ({ version, wave, waves }) => `Resumed: ${version} is in wave ${wave + 1} of ${waves.length}.`,
  ),
  halt: ordering(
    ({ opened, argument }) => opened.fleet.halt(argument === '' ? `An operator${byWhom()} halted it.` : argument),
    ({ version }) =>
      version === null ? 'Halted. There is no version to go back to.' : `Halted: all nodes go back to ${version}.`,
  ),
}

import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../control/ask.js'
import type { Done, LogLine, ServeStatus } from '../events.js'
import type { Settings } from '../options/settings.js'
import { RolloutPrinter } from '../print/rolloutPrinter.js'
import { statusText } from '../print/statusText.js'
import type { Terminal } from '../print/terminal.js'
import { stateFolder } from '../state/stateFolder.js'
import { UserError } from '../userError.js'

/** How often `status --watch` looks, in ms. */
const INTERVAL = 1_000

/** A command that asks a service. @returns the exit code */
type Ask = (settings: Settings, terminal: Terminal) => Promise<number>

/** Prints a rollout until it has ended. */
function following(command: 'deploy' | 'rollback'): Ask {
  return async (settings, terminal) => {
    const { path, plan, force, state } = settings
    const printer = new RolloutPrinter(terminal)
    const body = command === 'deploy' ? { path, plan, force } : {}
    const done = await ask(stateFolder(state), { command, body, tell: event => printer.tell(event) })
    printer.end(done)
    return done.ok ? 0 : 1
  }
}

function asking(command: 'cancel' | 'stop'): Ask {
  return async ({ state }, terminal) => {
    terminal.line(textOf(await ask(stateFolder(state), { command })))
    return 0
  }
}

const status: Ask = async ({ state, json, watch }, terminal) => {
  const print = async () => {
    const now = await statusOf(state)
    if (watch) terminal.clearScreen()
    if (json) terminal.line(JSON.stringify(now, null, watch ? 0 : 2))
    else for (const line of statusText(now, terminal)) terminal.line(line)
  }
  await print()
  while (watch) {
    await delay(INTERVAL)
    await print()
  }
  return 0
}

async function statusOf(state: string): Promise<ServeStatus> {
  let told: ServeStatus | undefined
  const done = await ask(stateFolder(state), {
    command: 'status',
    tell: event => {
      if (event.type === 'status') told = event.status
    },
  })
  textOf(done)
  if (told === undefined) throw new UserError('The service did not tell its status.', 1)
  return told
}

const logs: Ask = async ({ state, follow }, terminal) => {
  const print = ({ time, text }: LogLine) => terminal.line(`${terminal.style('dim', time)} ${text}`)
  const tell = (event: { readonly type: string; readonly line?: LogLine }) => {
    if (event.line !== undefined) print(event.line)
  }
  textOf(await ask(stateFolder(state), { command: 'logs', body: { follow }, tell }))
  return 0
}

/** @throws UserError the command has failed */
function textOf(done: Done): string {
  if (done.ok) return done.text
  throw new UserError(done.text, 1)
}

export const ASKING = {
  deploy: following('deploy'),
  rollback: following('rollback'),
  cancel: asking('cancel'),
  stop: asking('stop'),
  status,
  logs,
} as const

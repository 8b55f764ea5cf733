import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Done, ServeEvent } from '../events.js'
import type { StateFolder } from '../state/stateFolder.js'
import { UserError } from '../userError.js'

/** A command for the service of a state folder. */
export interface Question {
  readonly command: string
  readonly body?: object
  /** Hears all but the end. */
  readonly tell?: (event: Exclude<ServeEvent, Done>) => void
}

/** Sends a command. @throws UserError no service is there, or it ended before it had answered */
export async function ask({ path, socket }: StateFolder, { command, body = {}, tell }: Question): Promise<Done> {
  const asked = request({ socketPath: socket, path: `/${command}`, method: 'POST' })
  asked.end(JSON.stringify(body))
  let response: IncomingMessage
  try {
    ;[response] = (await once(asked, 'response')) as [IncomingMessage]
  } catch (cause) {
    throw notThere(path, cause as NodeJS.ErrnoException)
  }
  asked.on('error', () => {})
  for await (const line of linesOf(response)) {
    const event = JSON.parse(line) as ServeEvent
    if (event.type === 'done') return event
    tell?.(event)
  }
  throw new UserError('The service ended before the command did.', 1)
}

function notThere(path: string, cause: NodeJS.ErrnoException): UserError {
  const isGone = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'
  const why = isGone ? 'Start one with cutover serve, or name its folder with --state.' : `${cause.message}.`
  return new UserError(`No service answers in the state folder ${path}. ${why}`, 1, cause)
}

/** The lines, until the service ends: also if it is killed. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch {
    // The caller misses the last line.
  }
}

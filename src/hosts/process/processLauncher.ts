import type { Socket } from 'node:net'
import { asError, describe, isCutoverError, type Logger, safeLogger } from '../../contract/index.js'
import type { OpenTransport } from '../../protocol/index.js'
import { HOST_VARIABLE } from '../../protocol/internal.js'
import type { Exit, Launcher, LauncherReports } from '../connected/launcher.js'
import { type ProcessCommand, type Sandbox, startFailed } from './command.js'
import { guestEnvironment } from './environment.js'
import { GuestProcess } from './guestProcess.js'
import { HostSocket } from './hostSocket.js'

/** How long the rest of the output and of the connection is read after a process has exited, in ms. */
const OUTPUT_GRACE = 100

/** A command, and the sandbox that it runs in. */
export interface SandboxedCommand extends ProcessCommand {
  readonly sandbox?: Sandbox
  /** Files that the program reads besides its own, to be mounted in the sandbox. */
  readonly readOnly?: readonly string[]
}

export interface ProcessLauncherOptions {
  /** The environment variable that tells the guest where to connect to. @default 'CUTOVER_HOST' */
  readonly hostVariable?: string
  /** Gets what the guest writes to stdout and stderr. */
  readonly logger: Logger
  /** The protocol that is spoken on the socket. */
  openTransport(socket: Socket): OpenTransport
}

/**
 * A child process that leads a process group, and a Unix socket that it connects to.
 *
 * `exited` means that the process is gone, and with it every process of its group, the socket, its directory, the pipes
 * and the timers. A process that has left the group (`setsid`) survives, unless a sandbox contains it.
 */
export class ProcessLauncher implements Launcher {
  readonly #command: SandboxedCommand
  readonly #options: ProcessLauncherOptions
  readonly #logger: Logger
  #socket: HostSocket | undefined
  #guest: GuestProcess | undefined
  /** The end of the time for reading the rest of the pipes and of the connection. */
  #outputGrace: NodeJS.Timeout | undefined

  constructor(command: SandboxedCommand, options: ProcessLauncherOptions) {
    this.#command = command
    this.#options = options
    this.#logger = safeLogger(options.logger, {})
  }

  launch(reports: LauncherReports): void {
    const socketClosed = new Promise<void>(resolve => this.#listen(reports, resolve))
    // The socket closes when the process has exited, or when none will be started.
    void socketClosed.then(() => this.#guest?.closed ?? noProcess()).then(exit => this.#finish(reports, exit))
  }

  terminate(): void {
    this.#signal('SIGTERM')
  }

  kill(): void {
    this.#signal('SIGKILL')
  }

  /** If no process has been started, none will be: closes the socket that it would connect to. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#guest === undefined) this.#socket?.close()
    else this.#guest.signal(signal)
  }

  #listen(reports: LauncherReports, closed: () => void): void {
    try {
      this.#socket = new HostSocket({
        listening: (path, directory) => this.#spawn(path, directory, reports),
        connected: connection => reports.connected(this.#options.openTransport(connection)),
        connectedTwice: () => reports.failed(startFailed('The guest connected more than once.')),
        failed: error => this.#fail(reports, startFailed('The socket for the guest cannot be used.', error)),
        closed,
      })
    } catch (error) {
      process.nextTick(() => {
        reports.failed(asError(error))
        closed()
      })
    }
  }

  #spawn(socketPath: string, socketDirectory: string, reports: LauncherReports): void {
    try {
      const command = this.#resolveCommand(socketPath, socketDirectory)
      this.#guest = new GuestProcess(command, socketPath, this.#logger, {
        failed: error => reports.failed(error),
        ended: () => this.#ended(),
      })
    } catch (error) {
      this.#fail(reports, cannotSpawn(this.#command.file, error), canNeverRun(error))
    }
  }

  #resolveCommand(socketPath: string, socketDirectory: string): ProcessCommand {
    const { sandbox, readOnly = [], input, ...command } = this.#command
    const { hostVariable = HOST_VARIABLE } = this.#options
    const named = { ...command, env: { ...command.env, [hostVariable]: socketPath } }
    const wrapped = sandbox?.wrap(named, { readOnly, socketDirectory }) ?? named
    // The program in the sandbox reads what the sandbox gets.
    return { ...wrapped, env: guestEnvironment(wrapped.env), ...(input === undefined ? {} : { input }) }
  }

  #fail(reports: LauncherReports, error: Error, isFinal = false): void {
    reports.failed(error, isFinal)
    if (this.#guest === undefined) this.#socket?.close()
  }

  #ended(): void {
    this.#socket?.close()
    this.#outputGrace = setTimeout(() => {
      this.#guest?.closePipes()
      this.#socket?.destroy()
    }, OUTPUT_GRACE)
  }

  #finish(reports: LauncherReports, exit: Exit): void {
    clearTimeout(this.#outputGrace)
    reports.exited(exit)
  }
}

function noProcess(): Exit {
  return { code: null, signal: null, stderr: '', error: startFailed('It ended before there was a process.') }
}

/** The error codes that `spawn` gives each time for the same command. */
const INVALID: ReadonlySet<unknown> = new Set(['E2BIG', 'ERR_INVALID_ARG_VALUE'])

/** A better error than that of `spawn`: the program, its directory, or a part of its sandbox is missing. */
function canNeverRun(error: unknown): boolean {
  return isCutoverError(error) || INVALID.has((asError(error) as NodeJS.ErrnoException).code)
}

function cannotSpawn(file: string, error: unknown): Error {
  if (isCutoverError(error)) return error
  return startFailed(`The command ${describe(file)} cannot be run: ${asError(error).message}`, error)
}

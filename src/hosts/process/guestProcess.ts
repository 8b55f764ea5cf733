import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe } from '../../errors.js'
import type { Logger } from '../../logger.js'
import type { Exit } from '../carrier.js'
import { follow } from '../output/follow.js'
import { OutputLog } from '../output/outputLog.js'
import { Tail } from '../output/tail.js'
import { noSuchProgram, type ProcessCommand, startFailed } from './command.js'
import { ProcessGroup } from './processGroup.js'

export interface GuestProcessObserver {
  /** It cannot be run; `ended` follows. */
  failed(error: Error): void
  /** It has ended, and its group with it. Its pipes may still hold something. Called once. */
  ended(): void
}

/** A running program with its output, which goes to the logger line by line. */
export class GuestProcess {
  /** Resolves when it has ended and its pipes are closed. Never rejects. */
  readonly closed: Promise<Exit>
  readonly #child: ChildProcess
  readonly #group: ProcessGroup

  /** @throws whatever `spawn` throws for a command that it does not take */
  constructor(command: ProcessCommand, logger: Logger, observer: GuestProcessObserver) {
    const { file, args, env, cwd, input } = command
    const stderr = new Tail()
    const stdin = input === undefined ? 'ignore' : 'pipe'
    const child = spawn(file, args, { env, cwd, detached: true, stdio: [stdin, 'pipe', 'pipe'] })
    // A program may exit before it has read its input; how it ended is reported by `exit`.
    child.stdin?.on('error', () => {}).end(input)
    this.#child = child
    this.#group = new ProcessGroup(child.pid)
    void follow(child.stdout ?? undefined, new OutputLog('stdout', logger))
    void follow(child.stderr ?? undefined, new OutputLog('stderr', logger, { tail: stderr }))
    child.once('error', error => {
      observer.failed(cannotRun(command, error))
      observer.ended()
    })
    child.once('exit', () => {
      this.#group.end()
      observer.ended()
    })
    this.closed = new Promise(resolve => {
      child.once('close', (code, signal) => {
        const hasRun = child.pid !== undefined
        resolve({ code: hasRun ? code : null, signal, stderr: stderr.text() })
      })
    })
  }

  /** Signals it and its group; does nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    this.#group.signal(signal)
  }

  /** Reads no more: who holds a pipe open after it has ended is not waited for. */
  closePipes(): void {
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }
}

function cannotRun({ file, cwd }: ProcessCommand, cause: Error): Error {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && (cwd === undefined || existsSync(cwd))) {
    return noSuchProgram(file, ': install it, or give its path')
  }
  // The system says of a missing directory that the program is missing.
  const why = cwd !== undefined && !existsSync(cwd) ? `its directory ${describe(cwd)} does not exist` : cause.message
  return startFailed(`The command ${describe(file)} cannot be run: ${why}.`, cause)
}

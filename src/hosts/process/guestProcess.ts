import { type ChildProcess, spawn } from 'node:child_process'
import { describe, type Logger } from '../../contract/index.js'
import type { Exit } from '../connected/launcher.js'
import { follow } from '../connected/output/follow.js'
import { OutputLog } from '../connected/output/outputLog.js'
import { Tail } from '../connected/output/tail.js'
import { assertRunnable, type ProcessCommand, startFailed } from './command.js'
import { withOrphanWatch } from './orphanWatch.js'
import { ProcessGroup } from './processGroup.js'

export interface GuestProcessObserver {
  /** The process cannot be started; `ended` follows. */
  failed(error: Error): void
  /** The process and its group have exited. Its pipes may still hold output. Called once. */
  ended(): void
}

/** A running program, whose output goes to the logger line by line. When this process exits, its group is killed. */
export class GuestProcess {
  /** Resolves when the process has exited and its pipes are closed. Never rejects. */
  readonly closed: Promise<Exit>
  readonly #child: ChildProcess
  readonly #group: ProcessGroup

  /**
   * @param socketPath - the socket that it is to connect to, which is removed when this process has ended
   * @throws CutoverError `CUTOVER_START_FAILED` when there is no such program or directory, and whatever `spawn` throws for
   * a command that it does not take
   */
  constructor(command: ProcessCommand, socketPath: string, logger: Logger, observer: GuestProcessObserver) {
    assertRunnable(command)
    const watched = withOrphanWatch(command, socketPath, logger)
    const { file, args, env, cwd, input } = watched ?? command
    const stderr = new Tail()
    const stdin = input === undefined ? 'ignore' : 'pipe'
    const pipes = ['pipe', 'pipe', ...(watched === undefined ? [] : ['pipe' as const])] as const
    const child = spawn(file, args, { env, cwd, detached: true, stdio: [stdin, ...pipes] })
    assertHasPipes(child)
    // The program may exit before it reads its input. `exit` reports how.
    child.stdin?.on('error', () => {}).end(input)
    this.#child = child
    this.#group = new ProcessGroup(child.pid)
    void follow(child.stdout ?? undefined, new OutputLog('stdout', logger))
    void follow(child.stderr ?? undefined, new OutputLog('stderr', logger, { tail: stderr }))
    child.stdio[3]?.on('error', () => {})
    child.once('error', error => {
      observer.failed(startFailed(`The command ${describe(command.file)} cannot be run: ${error.message}.`, error))
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

  /** Signals the process and its group. Does nothing after it has exited. */
  signal(signal: NodeJS.Signals): void {
    this.#group.signal(signal)
  }

  /** Stops reading, even if a grandchild still holds the pipes open. */
  closePipes(): void {
    for (const pipe of this.#child.stdio) pipe?.destroy()
  }
}

/** Without a free file descriptor, `spawn` returns before it has made the pipes. Such a child says `error` and nothing else. */
function assertHasPipes(child: ChildProcess): void {
  const { stdio }: { readonly stdio?: unknown } = child
  if (stdio !== undefined) return
  child.on('error', () => {})
  throw new Error('this process has too many open files. Close some, or raise its limit (ulimit -n).')
}

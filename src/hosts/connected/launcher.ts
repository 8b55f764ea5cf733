import type { OpenTransport } from '../../protocol/index.js'

/** Launches one process or thread, and connects to it. No method throws; the reports say what happens. */
export interface Launcher {
  /** Launches the guest. Called once. */
  launch(reports: LauncherReports): void
  /** Asks the guest to exit: SIGTERM to a process. */
  terminate(): void
  /** Kills the guest and all that it has started: SIGKILL to the whole process group. */
  kill(): void
}

export interface LauncherReports {
  /** The guest has connected. Called once. */
  connected(open: OpenTransport): void
  /**
   * The guest cannot be launched, or broke the protocol (connected twice). It may still be running. `isFinal`: no other launch
   * can succeed.
   */
  failed(error: Error, isFinal?: boolean): void
  /** The guest has left nothing behind: no process, socket, directory, listener or timer. Called once, last, also after `failed`. */
  exited(exit: Exit): void
}

/** How a process or a thread exited. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of its stderr, at most 40 lines and 4 KiB. */
  readonly stderr: string
  /** The uncaught error of a worker, which says more than its exit code. */
  readonly error?: Error
}

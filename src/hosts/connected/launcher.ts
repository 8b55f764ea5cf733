import type { OpenTransport } from '../../protocol/index.js'

/** A process or a thread, and the channel to it. No method throws; whatever happens is reported. */
export interface Launcher {
  /** Brings it to life, once. */
  launch(reports: LauncherReports): void
  /** Tells it to end: SIGTERM to a process. */
  terminate(): void
  /** Ends it, and whatever it has started: SIGKILL to the whole group of a process. */
  kill(): void
}

export interface LauncherReports {
  /** The other side is there; called once. */
  connected(open: OpenTransport): void
  /**
   * It cannot be brought to life, or did what it must not (connected twice); it may still be there. `isFinal`: no other
   * launch can go better.
   */
  failed(error: Error, isFinal?: boolean): void
  /** Nothing of it is left: no process, socket, directory, listener or timer. Called once, last, also after `failed`. */
  exited(exit: Exit): void
}

/** How a process or a thread ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it wrote to stderr last, at most 40 lines and 4 KiB. */
  readonly stderr: string
  /** Why, where that is known better than by the code: the uncaught error of a worker. */
  readonly error?: Error
}

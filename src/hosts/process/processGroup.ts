/** A process group: its leader, and all that the leader has started and that has not left the group. */
export class ProcessGroup {
  /** Undefined once the leader has been reaped: then its number may be reused. */
  #id: number | undefined

  constructor(leader: number | undefined) {
    this.#id = leader
  }

  /** Sends `signal` to every process of the group. Does nothing after the group has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#id === undefined) return
    try {
      process.kill(-this.#id, signal)
    } catch {
      // No process is left, or none that may be signalled.
    }
  }

  /** Kills the rest of the group. Call it at once when the leader has exited. No signal is sent after it. */
  end(): void {
    // Linux does not reuse the number while the group has a member.
    this.signal('SIGKILL')
    this.#id = undefined
  }
}

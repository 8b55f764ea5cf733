/** A process that leads its group, with all that it has started and that did not leave the group. */
export class ProcessGroup {
  /** Undefined once the leader has been waited for: then the number may soon be somebody else's. */
  #id: number | undefined

  constructor(leader: number | undefined) {
    this.#id = leader
  }

  /** Sends `signal` to every process of the group; does nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#id === undefined) return
    try {
      process.kill(-this.#id, signal)
    } catch {
      // Nobody is left, or nobody whom we may signal.
    }
  }

  /** To be called at once when the leader has exited: kills whom it left behind. The last signal ever sent. */
  end(): void {
    // Linux does not give the number away while the group has a member.
    this.signal('SIGKILL')
    this.#id = undefined
  }
}

/** A share of the new calls that a next version gets. The last one has no end while it lasts. */
export interface Share {
  /** The session id of the aggregate. */
  readonly sessionId: string
  readonly version: string
  readonly percent: number
  readonly from: number
  to?: number
}

const MAX_SHARES = 1_000

/** The shares of every aggregate over time, in bounded memory. */
export class Shares {
  /** Oldest first. */
  all: Share[] = []
  /** The share of each aggregate that lasts, by the session id of the aggregate. */
  readonly #current = new Map<string, Share>()

  /** Takes in the share of an aggregate's next version; 0 without one. */
  set(sessionId: string, version: string, percent: number, time: number): void {
    const current = this.#current.get(sessionId)
    if (current?.version === version && current.percent === percent) return
    this.#end(current, time)
    this.#current.delete(sessionId)
    if (percent <= 0) return
    const share = { sessionId, version, percent, from: time }
    this.#current.set(sessionId, share)
    this.all.push(share)
    if (this.all.length > MAX_SHARES) this.all.splice(0, MAX_SHARES / 10)
  }

  /** Forgets the shares of an aggregate. */
  forget(sessionId: string): void {
    this.all = this.all.filter(share => share.sessionId !== sessionId)
    this.#current.delete(sessionId)
  }

  /** Ends a share, or removes it if it lasted no time. */
  #end(share: Share | undefined, time: number): void {
    if (share === undefined) return
    share.to = time
    if (share.from >= time) this.all = this.all.filter(it => it !== share)
  }
}

import { Oracle } from './oracle.js'

/** The oracle for the handover `overlap`: a running next takes over at once, and the old version stops behind it. */
export class OverlapOracle extends Oracle {
  /** The version that was active and has not stopped yet. */
  leaving: string | null = null
  /** The events of the new active version until then (rule 12). */
  #held: string[] = []

  protected override step(): boolean {
    const { active, next, wanted } = this
    if (active === null || next === null || next !== wanted.active || !this.is(next, 'running')) return super.step()
    this.leaving = active
    ;[this.active, this.next, this.share] = [next, null, 0]
    this.#held = this.captured.splice(0)
    super.leave(active)
    return true
  }

  protected override publish(version: string, type: string): void {
    if (this.leaving !== null && version === this.active) this.#held.push(`${type} ${version}`)
    else super.publish(version, type)
  }

  /** The successor of a version that leaves waits for that. */
  protected override leave(version: string | null): void {
    if (this.leaving === null || version !== this.active) super.leave(version)
  }

  protected override forget(version: string): void {
    super.forget(version)
    if (version !== this.leaving) return
    this.leaving = null
    this.events.push(...this.#held.splice(0))
    if (this.state !== 'running') this.leave(this.active)
  }
}

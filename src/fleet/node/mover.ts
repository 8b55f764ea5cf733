/** Moves a node from version to version by its rollout. */
import type { FleetEvent, Move } from '../../../machines/index.js'
import { asError } from '../../contract/index.js'
import type { Rollout, ToOptions } from '../../rollout/index.js'

type Ended = FleetEvent & { readonly type: 'moved' | 'failed' }

export class Mover<Req, Res> {
  readonly #rollout: Rollout<Req, Res>
  readonly #tell: (event: Ended) => void
  #cancel = new AbortController()
  #underWay: Promise<void> = Promise.resolve()

  constructor(rollout: Rollout<Req, Res>, tell: (event: Ended) => void) {
    this.#rollout = rollout
    this.#tell = tell
  }

  /** The version that has proved itself on this node. */
  get version(): string | null {
    return this.#rollout.status().permanent
  }

  /** Begins a move, which takes the place of one under way. */
  move({ move, assignment }: Move): void {
    const { version, role, soak } = assignment
    const controller = new AbortController()
    this.#cancel = controller
    // A version that proved itself elsewhere needs no share of the calls first. The version that leaves on the way back is no standby.
    const plan: ToOptions<Req, Res> =
      role === 'candidate'
        ? soak === null
          ? {}
          : { soak }
        : role === 'permanent'
          ? { steps: [] }
          : { steps: [], soak: 0 }
    const force = this.#rollout.status().candidate !== version
    this.#underWay = this.#rollout.to(version, { ...plan, force, signal: controller.signal }).then(
      result => this.#tell({ type: 'moved', move, version: result.version }),
      (error: unknown) => this.#tell({ type: 'failed', move, version: this.version, why: asError(error).message }),
    )
  }

  /** Cancels the move under way, and resolves when the version before it serves. */
  async cancel(): Promise<void> {
    this.#cancel.abort(new Error('The node leaves its fleet.'))
    await this.#underWay
  }
}

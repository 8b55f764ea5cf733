import { Aggregate } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'

const ID = 'bench'

/** One aggregate with a number of versions: one active, perhaps one next, the others idle. */
export class Subject {
  readonly aggregate = new Aggregate<string, string>({ id: ID })
  /** Of the active version. */
  runtime: ControllableRuntime<string, string>
  #added = 0

  private constructor() {
    this.runtime = this.add()
  }

  static async running(versions: number): Promise<Subject> {
    const subject = new Subject()
    subject.aggregate.start()
    await subject.aggregate.setVersion(subject.runtime.getActiveVersion())
    for (let idle = 1; idle < versions; idle++) subject.add()
    return subject
  }

  /** A runtime for a version that was never there. */
  provision(): ControllableRuntime<string, string> {
    this.#added += 1
    return provision(`1.0.${this.#added}`)
  }

  add(runtime = this.provision()): ControllableRuntime<string, string> {
    this.aggregate.addVersion(runtime.getActiveVersion(), runtime)
    return runtime
  }

  /** Makes `runtime` the active version, and `next` the next. */
  async switchTo(
    runtime: ControllableRuntime<string, string>,
    next?: ControllableRuntime<string, string>,
  ): Promise<void> {
    await this.aggregate.setVersion(runtime.getActiveVersion(), next?.getActiveVersion() ?? null)
    this.runtime = runtime
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.aggregate.dispose()
  }
}

export function provision(version: string): ControllableRuntime<string, string> {
  return new ControllableRuntime({ id: ID, version, autoStart: true, autoStop: true })
}

/** An aggregate that is settled on 1.0.1 as active and 1.0.2 as next. */
export async function idle(active = provision('1.0.1'), next = provision('1.0.2')): Promise<Aggregate<string, string>> {
  const aggregate = new Aggregate<string, string>({ id: ID })
  aggregate.addVersion('1.0.1', active)
  aggregate.addVersion('1.0.2', next)
  aggregate.start()
  await aggregate.setVersion('1.0.1', '1.0.2')
  return aggregate
}

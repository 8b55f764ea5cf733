import { Aggregate } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'

const ID = 'bench'

/** An aggregate of which one version is active, one may be next, and the others are idle. */
export class BenchAggregate {
  readonly aggregate = new Aggregate<string, string>({ id: ID })
  /** The runtime of the active version. */
  runtime: ControllableRuntime<string, string>
  #added = 0

  private constructor() {
    this.runtime = this.add()
  }

  static async running(versions: number): Promise<BenchAggregate> {
    const bench = new BenchAggregate()
    bench.aggregate.start()
    await bench.aggregate.setVersion(bench.runtime.getActiveVersion())
    for (let idle = 1; idle < versions; idle++) bench.add()
    return bench
  }

  /** Makes a runtime of a version that the aggregate has never had. */
  provision(): ControllableRuntime<string, string> {
    this.#added += 1
    return provision(`1.0.${this.#added}`)
  }

  add(runtime = this.provision()): ControllableRuntime<string, string> {
    this.aggregate.addVersion(runtime.getActiveVersion(), runtime)
    return runtime
  }

  /** Makes `runtime` the active version and `next` the next one. */
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

/** Makes an aggregate that has settled with 1.0.1 as active and 1.0.2 as next. */
export async function idleAggregate(
  active = provision('1.0.1'),
  next = provision('1.0.2'),
): Promise<Aggregate<string, string>> {
  const aggregate = new Aggregate<string, string>({ id: ID })
  aggregate.addVersion('1.0.1', active)
  aggregate.addVersion('1.0.2', next)
  aggregate.start()
  await aggregate.setVersion('1.0.1', '1.0.2')
  return aggregate
}

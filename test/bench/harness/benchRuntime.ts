import { ControllableRuntime } from 'cutover/testing'

export const echo = async (request: string): Promise<string> => request

/** A runtime in this process that starts and stops at once and adds nothing to its `call`. */
export class BenchRuntime extends ControllableRuntime<string, string> {
  override readonly call: (request: string) => Promise<string>

  constructor(version = '1.0.0', call: (request: string) => Promise<string> = echo) {
    super({ id: 'bench', version, autoStart: true, autoStop: true })
    this.call = call
  }
}
